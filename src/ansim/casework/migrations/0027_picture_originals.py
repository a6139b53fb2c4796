"""Sealed originals of pictures, as long as a legal hold stands."""

import django.db.models.deletion
from django.db import migrations, models

import ansim.casework.sealing


class Migration(migrations.Migration):
    dependencies = [("casework", "0026_second_opinions")]

    operations = [
        migrations.CreateModel(
            name="PictureOriginal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("message_id", models.CharField(max_length=200)),
                ("author", models.CharField(max_length=64)),
                ("place", models.PositiveSmallIntegerField()),
                ("at", models.DateTimeField()),
                ("format", models.CharField(max_length=8)),
                ("size", models.PositiveIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("content", ansim.casework.sealing.SealedBytesField()),
                (
                    "conversation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="originals",
                        to="casework.conversation",
                    ),
                ),
                (
                    "hold",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="originals",
                        to="casework.legalhold",
                    ),
                ),
            ],
            options={
                "ordering": ("at", "pk"),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("conversation", "message_id", "place"), name="one_original"
                    )
                ],
            },
        ),
    ]
