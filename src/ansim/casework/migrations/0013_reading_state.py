"""Whether messages that came in are read, as a gateway last said; a call for when nobody does."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("casework", "0012_legal_hold")]

    operations = [
        migrations.CreateModel(
            name="ReadingState",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("unread", models.PositiveIntegerField(default=0)),
                ("still_since", models.DateTimeField(null=True)),
                ("told_at", models.DateTimeField()),
                ("stopped", models.BooleanField(default=False)),
            ],
        ),
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("overdue", "제때 맡지 못한 경보"),
                    ("escalated", "슈퍼바이저에게 올린 경보"),
                    ("returned", "담당이 자리를 비워 돌아온 경보"),
                    ("unattended", "근무하는 사람이 없음"),
                    ("unread", "들어온 메시지를 아무도 읽지 않음"),
                ],
                max_length=12,
            ),
        ),
    ]
