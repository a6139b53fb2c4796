"""Where an account speaks is asked by pages of cases and by people who want to know what is held."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0019_roles_of_speakers")]
    operations = [
        migrations.AddIndex(
            model_name="turn",
            index=models.Index(fields=["author"], name="turn_author"),
        ),
    ]
