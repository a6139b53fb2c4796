"""When messages last came in from a source, however old they were: silence is measured by it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0023_live_sources")]

    operations = [
        migrations.AddField(
            model_name="sourcehealth", name="heard_at", field=models.DateTimeField(null=True)
        ),
    ]
