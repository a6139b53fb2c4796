"""Accounts of demo mode are marked; turns of one second stand in the order in which they came."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0003_first_messages")]
    operations = [
        migrations.AddField(
            model_name="account",
            name="is_demo",
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AlterModelOptions(name="turn", options={"ordering": ("at", "pk")}),
    ]
