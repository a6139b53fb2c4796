"""Hand-offs and their agencies, safety plans, drafts, versions of first messages, wellbeing."""

import ansim.casework.sealing
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.utils import timezone

AGENCIES = [
    ("police-112", "경찰 112", "Police 112", "112",
     "만남이 임박했거나 협박·자해가 있을 때", "A meeting is near, a threat, or self-harm", True),
    ("youth-1388", "청소년상담 1388", "Youth helpline 1388", "1388",
     "이야기할 곳, 청소년쉼터, 위기 지원", "Somebody to talk to, shelters, help in a crisis", False),
    ("women-1366", "여성긴급전화 1366", "Women's hotline 1366", "1366",
     "성폭력·디지털 성범죄 긴급 상담과 보호", "Urgent help after sexual violence", False),
    ("school-117", "학교폭력 117", "School violence 117", "117",
     "또래 사이의 폭력·협박", "Violence and threats between pupils", True),
    ("d4u", "디지털성범죄피해자지원센터 (D4U)", "D4U digital sexual crime support centre",
     "디지털성범죄피해자지원센터 누리집", "사진·영상의 삭제 지원과 상담",
     "Taking pictures and videos down; advice", False),
]


def seed(apps, schema_editor):
    agency = apps.get_model("casework", "Agency")
    for position, (slug, ko, en, contact, for_ko, for_en, police) in enumerate(AGENCIES, 1):
        agency.objects.create(
            slug=slug, name_ko=ko, name_en=en, contact=contact, purpose_ko=for_ko,
            purpose_en=for_en, is_police=police, local=False, position=position * 10,
        )
    template = apps.get_model("casework", "MessageTemplate")
    wording = apps.get_model("casework", "TemplateVersion")
    for row in template.objects.all():
        wording.objects.create(
            template=row, version=row.version, title=row.title, body=row.body,
            written_at=row.approved_at or timezone.now(), approved_by=row.approved_by,
            approved_at=row.approved_at,
        )


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0004_demo_accounts_and_order_of_turns'),
    ]

    operations = [
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40, unique=True)),
                ('name_ko', models.CharField(max_length=80, verbose_name='이름 (한국어)')),
                ('name_en', models.CharField(max_length=80, verbose_name='이름 (영어)')),
                ('contact', models.CharField(max_length=120, verbose_name='연락처')),
                ('purpose_ko', models.CharField(blank=True, max_length=200, verbose_name='하는 일 (한국어)')),
                ('purpose_en', models.CharField(blank=True, max_length=200, verbose_name='하는 일 (영어)')),
                ('is_police', models.BooleanField(default=False, verbose_name='수사기관')),
                ('local', models.BooleanField(default=True, verbose_name='지역 기관')),
                ('active', models.BooleanField(default=True, verbose_name='사용 중')),
                ('position', models.PositiveIntegerField(default=100)),
            ],
            options={
                'ordering': ('position', 'slug'),
            },
        ),
        migrations.AddField(
            model_name='alert',
            name='grounds',
            field=models.CharField(blank=True, choices=[('tactics', '접근·요구가 대화에 보임'), ('disclosed', '청소년이 말해 줌'), ('other_source', '다른 기관이나 신고로 확인'), ('violence', '따돌림·폭력·협박'), ('self_harm', '자해·위기 신호'), ('fraud', '사기·불법 거래'), ('peers_n1', '또래 사이의 평범한 대화'), ('seeking_help_n2', '도움을 구하거나 알리는 말'), ('quoted_n3', '인용·교육·뉴스'), ('family_n4', '가족·교사·지도자'), ('trade_n5', '거래·게임·선물'), ('counselling_n6', '상담원·기관의 말'), ('misread', '말을 잘못 읽음 (은어·오타)'), ('too_little', '대화가 너무 적음'), ('unreadable', '읽을 수 없는 내용 (사진·외국어)'), ('split', '의견이 갈림')], max_length=20),
        ),
        migrations.AddField(
            model_name='messagetemplate',
            name='written_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='outgoingmessage',
            name='check_hash',
            field=models.CharField(blank=True, db_index=True, max_length=64),
        ),
        migrations.CreateModel(
            name='Comfort',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('greyed', models.BooleanField(default=False)),
                ('spared', models.JSONField(default=list)),
                ('break_minutes', models.PositiveIntegerField(default=50)),
                ('break_turns', models.PositiveIntegerField(default=80)),
                ('since', models.DateTimeField(null=True)),
                ('last_read_at', models.DateTimeField(null=True)),
                ('hard_since_break', models.PositiveIntegerField(default=0)),
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='comfort', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SafetyPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answers', ansim.casework.sealing.SealedListField(default=list, null=True)),
                ('version', models.PositiveIntegerField(default=0)),
                ('written_at', models.DateTimeField()),
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='safety_plan', to='casework.alert')),
                ('written_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Draft',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('form', models.CharField(max_length=12)),
                ('fields', ansim.casework.sealing.SealedListField(default=list, null=True)),
                ('saved_at', models.DateTimeField()),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='drafts', to='casework.alert')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('alert', 'author', 'form'), name='one_draft_a_form')],
            },
        ),
        migrations.CreateModel(
            name='Exposure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('turns', models.PositiveIntegerField(default=0)),
                ('hard', models.PositiveIntegerField(default=0)),
                ('last_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='exposures', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'day'), name='one_exposure_a_day')],
            },
        ),
        migrations.CreateModel(
            name='HandOff',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('made_at', models.DateTimeField()),
                ('rescue', models.BooleanField(default=False)),
                ('do_not_warn', models.BooleanField(default=False)),
                ('told', ansim.casework.sealing.SealedTextField(null=True)),
                ('when_where', ansim.casework.sealing.SealedTextField(null=True)),
                ('reference', ansim.casework.sealing.SealedTextField(null=True)),
                ('answer', models.CharField(choices=[('waiting', '답을 기다림'), ('taken', '맡기로 함'), ('safe', '청소년이 안전한 것을 확인함'), ('declined', '맡지 못한다고 함'), ('no_answer', '연락이 닿지 않음')], default='waiting', max_length=12)),
                ('answer_note', ansim.casework.sealing.SealedTextField(null=True)),
                ('answered_at', models.DateTimeField(null=True)),
                ('agency', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='casework.agency')),
                ('alert', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='hand_offs', to='casework.alert')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('made_at', 'pk'),
                'indexes': [models.Index(fields=['answer', 'made_at'], name='hand_off_answers')],
            },
        ),
        migrations.CreateModel(
            name='TemplateVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('title', models.CharField(max_length=120)),
                ('body', models.TextField()),
                ('written_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('template', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='casework.messagetemplate')),
                ('written_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ('-version',),
                'constraints': [models.UniqueConstraint(fields=('template', 'version'), name='one_wording_a_version')],
            },
        ),
        migrations.RunPython(seed, migrations.RunPython.noop),
    ]
