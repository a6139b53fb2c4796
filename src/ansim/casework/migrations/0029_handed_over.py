"""Teachers hand conversations in too, and people by themselves, with no account of ours."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0028_pictures_of_opinions")]

    operations = [
        migrations.AlterField(
            model_name="donorline",
            name="given_by",
            field=models.CharField(
                choices=[
                    ("participant", "파일을 준 본인"),
                    ("guardian", "파일을 준 보호자"),
                    ("teacher", "파일을 준 선생님"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="donorline",
            name="opened_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
