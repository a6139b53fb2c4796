"""A source says whether words can be brought to one person alone; a message may have one reader."""

from typing import Any

from django.db import migrations, models


def the_demo_room_can(apps: Any, schema_editor: Any) -> None:
    apps.get_model("casework", "SourceRecord").objects.filter(pk="demo", connector="demo").update(
        private_messages=True
    )


class Migration(migrations.Migration):
    dependencies = [("casework", "0009_index_of_the_desk")]

    operations = [
        migrations.AddField(
            model_name="outgoingmessage",
            name="recipient",
            field=models.CharField(blank=True, default="", max_length=64),
        ),
        migrations.AddField(
            model_name="sourcerecord",
            name="private_messages",
            field=models.BooleanField(default=False, verbose_name="한 사람에게만 글을 전할 수 있음"),
        ),
        migrations.RunPython(the_demo_room_can, migrations.RunPython.noop),
    ]
