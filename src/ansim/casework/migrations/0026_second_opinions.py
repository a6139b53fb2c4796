"""Second opinions of a model that the operator runs, beside alerts, and how that model is."""

import ansim.casework.sealing
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0025_requests_for_help'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewerState',
            fields=[
                ('worker', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('told_at', models.DateTimeField()),
                ('condition', models.CharField(max_length=20)),
                ('model', models.CharField(max_length=200)),
                ('counts', models.JSONField(default=dict)),
            ],
        ),
        migrations.CreateModel(
            name='SecondOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('sequence', models.BigIntegerField()),
                ('model', models.CharField(max_length=200)),
                ('prompt', models.CharField(max_length=40)),
                ('window', models.CharField(max_length=64)),
                ('risk', models.FloatField()),
                ('detector', models.FloatField()),
                ('added', models.FloatField(default=0.0)),
                ('seconds', models.FloatField()),
                ('tactics', models.JSONField(default=list)),
                ('letters', models.JSONField(default=dict)),
                ('quotes', ansim.casework.sealing.SealedListField(default=list, null=True)),
                ('innocent_reading', ansim.casework.sealing.SealedTextField(null=True)),
                ('watch_for', ansim.casework.sealing.SealedTextField(null=True)),
                ('summary_ko', ansim.casework.sealing.SealedTextField(null=True)),
                ('summary_en', ansim.casework.sealing.SealedTextField(null=True)),
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='second_opinion', to='casework.alert')),
            ],
        ),
    ]
