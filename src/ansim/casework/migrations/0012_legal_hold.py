"""Words that a court or the police asked to keep outlive their time until somebody releases them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import ansim.casework.sealing


def _person(null: bool) -> models.ForeignKey:
    return models.ForeignKey(
        null=null,
        on_delete=django.db.models.deletion.PROTECT,
        related_name="+",
        to=settings.AUTH_USER_MODEL,
    )


class Migration(migrations.Migration):
    dependencies = [("casework", "0011_audit_chain")]
    operations = [
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", ansim.casework.sealing.SealedTextField()),
                ("placed_at", models.DateTimeField()),
                ("released_at", models.DateTimeField(null=True)),
                ("release_reason", ansim.casework.sealing.SealedTextField(null=True)),
                (
                    "alert",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="legal_holds",
                        to="casework.alert",
                    ),
                ),
                ("placed_by", _person(null=False)),
                ("released_by", _person(null=True)),
            ],
            options={
                "ordering": ("-placed_at",),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)),
                        fields=("alert",),
                        name="one_hold_an_alert",
                    )
                ],
            },
        ),
    ]
