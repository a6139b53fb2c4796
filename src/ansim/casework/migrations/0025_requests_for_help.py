"""Requests for help beside alerts: what was there before is of kind risk, as the default says."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("casework", "0024_source_heard_at")]

    operations = [
        migrations.AddField(
            model_name="alert",
            name="kind",
            field=models.CharField(
                choices=[("risk", "위험"), ("request", "도움 요청")], default="risk", max_length=10
            ),
        ),
        migrations.AlterField(
            model_name="alert",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("confirmed", "그루밍이 맞음"),
                    ("other_harm", "다른 위험이 있음"),
                    ("not_grooming", "그루밍이 아님 (오경보)"),
                    ("unclear", "판단하기 어려움"),
                    ("answered", "답함"),
                    ("handed_off", "다른 기관에 연계함"),
                    ("no_answer_needed", "답이 필요 없었음"),
                ],
                max_length=20,
            ),
        ),
        migrations.RemoveConstraint(model_name="alert", name="one_alert_per_episode"),
        migrations.RemoveConstraint(model_name="alert", name="one_open_alert_per_account"),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                fields=["conversation", "kind", "about", "episode"], name="one_alert_per_episode"
            ),
        ),
        migrations.AddConstraint(
            model_name="alert",
            constraint=models.UniqueConstraint(
                fields=["conversation", "kind", "about"],
                condition=Q(state="open"),
                name="one_open_alert_per_account",
            ),
        ),
    ]
