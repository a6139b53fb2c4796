"""An alert says how each account of its conversation writes: a belief, and unknown stays unknown."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0018_repeat_accounts")]

    operations = [
        migrations.AddField(model_name="alert", name="roles", field=models.JSONField(default=dict)),
    ]
