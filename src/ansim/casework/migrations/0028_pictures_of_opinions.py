"""How many pictures a reviewing model was shown."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0027_picture_originals")]

    operations = [
        migrations.AddField(
            model_name="secondopinion",
            name="pictures",
            field=models.PositiveSmallIntegerField(default=0),
        ),
    ]
