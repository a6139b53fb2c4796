"""The impact assessment, filled in as far as the system knows; the rest is asked of people (R30).

AI Basic Act, article 35 (high-impact AI), and the privacy impact assessment of PIPA, article 33,
ask for much the same: what for, on what basis, whose data, what could go wrong, who watches.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
from django.utils import timezone
from django.utils.translation import gettext as _

from ansim import __version__
from ansim.casework.accountability import blurring, figures, second_model
from ansim.casework.accountability.document import Cell, Document, Section, Table
from ansim.casework.accountability.transparency import agency
from ansim.casework.actions import retention
from ansim.casework.models import Account, Alert, AuditReview, LegalHold, SourceRecord
from ansim.casework.roles import TABLE, Act, Role
from ansim.casework.verdicts import Verdicts
from ansim.detection.retention import DAY, NUMBERS, UNWATCHED_TEXT, WATCHED_TEXT
from ansim.detection.weights import RISK_FILE, RiskFile, default_folder

MONTHS = 12


def report() -> Document:
    """The assessment as of today."""
    return Document(
        _("영향 평가: %(agency)s, %(day)s")
        % {"agency": agency(), "day": f"{timezone.localdate():%Y-%m-%d}"},
        (
            _purpose(),
            _sources(),
            _kept(),
            _models(),
            _people(),
            _numbers(),
            _risks(),
            _decision(),
        ),
    )


def _purpose() -> Section:
    return Section(
        _("1. 무엇을 위해 하는가"),
        (
            _(
                "온라인에서 아동·청소년에게 다가가는 그루밍을 이어지는 동안 찾아, "
                "훈련받은 상담원이 "
                "대화에 들어가게 합니다. 소프트웨어는 경보만 올리고, "
                "연락·신고·차단은 사람이 합니다."
            ),
            _("소프트웨어: Ansim Eye %(version)s") % {"version": __version__},
        ),
        to_write=(
            _("누가 운영하고 누가 책임지는가 (기관, 개인정보 보호책임자)"),
            _("왜 필요한가, 덜 침해하는 길은 없는가 (지역의 사정과 수)"),
        ),
    )


def _sources() -> Section:
    rows = []
    for row in SourceRecord.objects.order_by("pk"):
        consent = row.value().consent
        rows.append(
            (
                row.name,
                str(row.get_kind_display()),
                row.legal_basis,
                f"{datetime.fromtimestamp(consent.given_at, tz=UTC):%Y-%m-%d}" if consent else None,
                _("켜짐") if row.active else _("꺼짐"),
            )
        )
    return Section(
        _("2. 무엇을 어떤 근거로 읽는가"),
        (
            _(
                "출처는 종류와 법적 근거를 밝혀야 하고, 아니면 들어오는 말을 문 앞에서 거절합니다. "
                "사적인 대화를 가로채는 연결은 없습니다. 계정 이름은 들어오면서 가명이 됩니다."
            ),
        ),
        (
            Table(
                "sources",
                (_("출처"), _("종류"), _("법적 근거"), _("동의 기록"), _("상태")),
                tuple(rows),
            ),
        ),
        (_("이 근거들을 누가 법률로 검토했는가 (날짜와 결론)"),),
    )


def _kept() -> Section:
    rows: list[tuple[Cell, ...]] = [
        (_("의심 없는 대화의 글"), f"{UNWATCHED_TEXT / DAY:g}"),
        (_("지켜보는 대화의 글"), f"{WATCHED_TEXT / DAY:g}"),
        (_("글 없는 수 (위험도, 신호)"), f"{NUMBERS / DAY:g}"),
        *((str(retention.LABELS[name]), time.days) for name, time in retention.TIMES.items()),
        (_("감사 기록"), 730),
    ]
    holds = LegalHold.objects.filter(released_at=None).count()
    return Section(
        _("3. 얼마나 가지고 있는가"),
        (
            _("오경보로 종결한 경보의 글은 10분 뒤에 지웁니다. 법적 보존 중인 것: %(n)s건.")
            % {"n": blurring.shown(holds)},
        ),
        (Table("retention", (_("무엇"), _("길어야 며칠")), tuple(rows)),),
    )


def _models() -> Section:
    weights = msgspec.json.decode((default_folder() / RISK_FILE).read_bytes(), type=RiskFile)
    latest = Alert.objects.order_by("-raised_at").values_list("versions", flat=True).first() or {}
    rows: list[tuple[Cell, ...]] = [
        (_("한 메시지 모델 (SHA-256)"), weights.gate),
        (_("맥락 모델 (SHA-256)"), weights.context or None),
        (_("모델의 경보 기준"), f"{weights.threshold:.3f}"),
        (_("모델의 지켜보기 기준"), f"{weights.watch:.3f}"),
        (_("위험도가 맞춰진 그루밍 비율"), f"{100 * weights.prevalence:g}%"),
        (_("마지막 경보에 쓴 기준"), latest.get("threshold")),
    ]
    return Section(
        _("4. 무엇으로 판단하는가"),
        (
            _(
                "가르친 자료, 성능과 한계는 모델 카드(src/ansim/models/README.md)와 "
                "docs/evaluation.md에 있습니다. 실제 대화에서의 성능은 운영하며 "
                "판단을 모아야 압니다."
            ),
            second_model.flow(),
        ),
        (
            Table("models", (_("무엇"), _("값")), tuple(rows)),
            second_model.table(figures.months(timezone.localdate(), MONTHS)[0]),
        ),
        (
            _("우리 지역의 대화에서 확인한 것 (또래 대화, 사투리, 다문화 청소년)"),
            _(
                "두 번째 모델을 켠다면: 무엇으로 가르친 모델인가, ansim review-eval의 결과, "
                "처리를 맡긴 계약과 알림, 나라 밖으로 나가는가 (개인정보 보호법 제26조, 제28조의8)"
            ),
        ),
    )


def _people() -> Section:
    rows = []
    for role in Role:
        number = Account.objects.filter(role=role, is_active=True).count()
        acts = ", ".join(act.value for act in Act if act in TABLE[role])
        rows.append((str(role.label), number, acts))
    reviews = AuditReview.objects.filter(month__gte=figures.months(timezone.localdate(), MONTHS)[0])
    months = reviews.values_list("month", flat=True).distinct().order_by("month")
    return Section(
        _("5. 누가 무엇을 할 수 있는가"),
        (
            _(
                "글을 보려면 까닭이 필요하고, 본 것과 한 일은 고칠 수 없는 감사 기록에 남습니다. "
                "감사자가 살펴본 달: %(months)s."
            )
            % {"months": ", ".join(f"{month:%Y-%m}" for month in months) or "–"},
        ),
        (Table("roles", (_("역할"), _("켜진 계정"), _("할 수 있는 것")), tuple(rows)),),
        (_("상담원의 교육과 슈퍼비전, 소진을 막는 방법"),),
    )


def _numbers() -> Section:
    of = figures.months(timezone.localdate(), MONTHS)
    rows = [
        (f"{group.title}: {line.name}", blurring.total(line.numbers))
        for group in figures.groups(of)
        for line in group.lines
    ]
    return Section(
        _("6. 지난 열두 달"),
        (_("모든 수는 다섯씩 묶은 범위입니다."),),
        (Table("year", (_("무엇"), _("모두")), tuple(rows)),),
    )


def _risks() -> Section:
    closed = next(
        group
        for group in figures.groups(figures.months(timezone.localdate(), MONTHS))
        if group.key == "closed"
    )
    confirmed, other, not_grooming, unclear = (sum(line.numbers) for line in closed.lines)
    judged = Verdicts(
        confirmed=confirmed, other_harm=other, not_grooming=not_grooming, unclear=unclear
    )
    bounds = judged.bounds
    precision = (
        _("판단한 경보의 정밀도는 95%% 신뢰 구간으로 %(low).0f%%–%(high).0f%%입니다.")
        % {"low": 100 * bounds[0], "high": 100 * bounds[1]}
        if bounds is not None and judged.judged >= 20
        else _("판단한 경보가 20건보다 적어 정밀도를 말할 수 없습니다.")
    )
    return Section(
        _("7. 무엇이 잘못될 수 있고 무엇으로 막는가"),
        (precision,),
        (
            Table(
                "risks",
                (_("위험"), _("프로그램이 하는 것"), _("문서")),
                (
                    (
                        _("아닌 사람이 의심받음"),
                        _("사람이 판단하기 전에는 아무 일도 없음; 오경보의 글은 10분 뒤 삭제"),
                        "docs/console.md",
                    ),
                    (
                        _("위험한 대화를 놓침"),
                        _("세 가지 비율에서 평가; 판단을 모아 다시 가르치되 나빠지면 받지 않음"),
                        "docs/evaluation.md",
                    ),
                    (
                        _("상대가 수사를 눈치챔"),
                        _("알리지 말 것 표시가 쓰는 칸과 정보 요구에 나타나고 답을 막음"),
                        "docs/console.md",
                    ),
                    (
                        _("글이나 이름이 새어 나감"),
                        _("가명, 봉인, 필요한 사람만, 까닭과 감사 기록, 열쇠 교체"),
                        "docs/trust.md",
                    ),
                    (
                        _("청소년에게 해로운 말을 함"),
                        _("사람이 쓰고 보냄; 승인한 첫 메시지; 탓하는 말을 막는 검사"),
                        "docs/console.md",
                    ),
                    (
                        _("상담원이 다침"),
                        _("글은 가려져 있음; 본 양을 세고 쉬기를 권함; 보지 않을 종류를 고름"),
                        "docs/console.md",
                    ),
                    (
                        _("기록을 몰래 고침"),
                        _("해시로 이은 감사 기록, 봉인된 구간, 서명된 증거"),
                        "docs/trust.md",
                    ),
                    *second_model.risks(),
                ),
            ),
        ),
        (
            _("남는 위험과 그것을 받아들이는 까닭"),
            _("읽힌다는 것을 사람들이 아는가, 말하기를 꺼리게 되지는 않는가"),
        ),
    )


def _decision() -> Section:
    return Section(
        _("8. 결론"),
        to_write=(
            _("청소년·보호자·전문가에게 물은 것과 들은 것"),
            _("계속할 것인가, 무엇을 바꿀 것인가"),
            _("다음 평가의 날과 책임자, 서명"),
        ),
    )
