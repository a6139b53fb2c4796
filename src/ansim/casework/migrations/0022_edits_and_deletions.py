"""A turn may tell that an earlier one was changed or taken back; the earlier one stays."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0021_index_of_what_nobody_holds")]

    operations = [
        migrations.AddField(
            model_name="turn",
            name="replaces",
            field=models.CharField(blank=True, default="", max_length=200),
        ),
        migrations.AddField(
            model_name="turn", name="deleted", field=models.BooleanField(default=False)
        ),
    ]
