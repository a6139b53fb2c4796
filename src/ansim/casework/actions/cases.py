"""Opens cases, joins alerts to them, and leads them to their end.

Every act leaves an audit row about the case; what it did to an alert stands with the alert too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import alerts as alert_acts
from ansim.casework.actions import audit
from ansim.casework.actions.case_access import inside, line, touch, words, work
from ansim.casework.actions.permission import require
from ansim.casework.actions.typed import reason
from ansim.casework.errors import Refused
from ansim.casework.models import (
    Account,
    Alert,
    Case,
    CaseAlert,
    CaseMember,
    CaseOutcome,
    CasePerson,
    CaseState,
    Kind,
    ReportDuty,
    State,
    Turn,
)
from ansim.casework.roles import Act, may

LONGEST_TITLE = 80
LONGEST_NOTE = 2000
MOST_ALERTS = 150
"""Alerts in one case: an evidence package of them all has fewer than 1,000 files."""


@transaction.atomic
def open_case(
    alert_ids: Sequence[int], actor: Account, title: str, *, young: str = "", why: str = ""
) -> Case:
    """Opens a case from alerts; the actor is responsible for it and admitted to it.

    ``young`` is the pseudonym of the young person's account in one of the conversations; empty
    where it is not known yet. The accounts that the alerts are about become its suspects. Raises
    Refused: no alert, one that is in a case already, or one that a colleague holds.
    """
    require(actor, Act.OPEN_CASES)
    name = line(title, LONGEST_TITLE, needed="title_missing")
    if not alert_ids:
        raise Refused("no_alert", _("사례는 경보에서 시작합니다. 경보를 골라 주세요."))
    rows = [_alert(pk, actor) for pk in sorted(set(alert_ids))]
    now = timezone.now()
    case = Case.objects.create(
        title=name, responsible=actor, opened_by=actor, opened_at=now, changed_at=now
    )
    CaseMember.objects.create(case=case, account=actor, admitted_by=actor, admitted_at=now)
    audit.record(
        "case.opened", case, actor=actor, reason=why, details={"alerts": [row.pk for row in rows]}
    )
    for row in rows:
        _join(case, row, actor)
    if young:
        _add_young(case, rows, actor, young)
    return case


def _alert(alert_id: int, actor: Account) -> Alert:
    alert = (
        Alert.objects.select_for_update(of=("self",))
        .select_related("conversation")
        .filter(pk=alert_id)
        .first()
    )
    if alert is None:
        raise Refused("no_such_alert", _("없는 경보입니다."))
    if not alert_acts.may_reveal(alert, actor):
        raise Refused(
            "not_holder",
            _("경보 %(number)d번은 다른 상담원이 맡고 있어 넣을 수 없습니다.")
            % {"number": alert.pk},
        )
    joined = CaseAlert.objects.filter(alert=alert).first()
    if joined is not None:
        raise Refused(
            "in_a_case",
            _("경보 %(number)d번은 이미 사례 %(case)d번에 있습니다.")
            % {"number": alert.pk, "case": joined.case_id},
        )
    return alert


def _join(case: Case, alert: Alert, actor: Account) -> None:
    now = timezone.now()
    if case.joined.count() >= MOST_ALERTS:
        raise Refused("too_many", _("한 사례에 담을 수 있는 경보의 수를 넘었습니다."))
    CaseAlert.objects.create(case=case, alert=alert, added_by=actor, added_at=now)
    # Who asks for help is suspected of nothing; whether they are the young person, a person says.
    if not alert.is_request:
        CasePerson.objects.get_or_create(
            case=case,
            part=CasePerson.Part.SUSPECT,
            source=alert.conversation.source,
            account=alert.about,
            removed_at=None,
            defaults={"added_by": actor, "added_at": now},
        )
    audit.record("case.alert_added", case, actor=actor, details={"alert": alert.pk})
    audit.record("alert.joined_case", alert, actor=actor, details={"case": case.pk})


def _add_young(case: Case, rows: Sequence[Alert], actor: Account, young: str) -> None:
    alert = next((row for row in rows if young in candidates(row)), None)
    if alert is None:
        raise Refused("no_such_account", _("청소년의 계정을 이 대화에 있는 계정에서 골라 주세요."))
    person = CasePerson.objects.create(
        case=case,
        part=CasePerson.Part.YOUNG,
        source=alert.conversation.source,
        account=young,
        added_by=actor,
        added_at=timezone.now(),
    )
    audit.record(
        "case.person_added", case, actor=actor, details={"person": person.pk, "part": person.part}
    )


def candidates(alert: Alert) -> list[str]:
    """Accounts of the alert's conversation that can be the young person's: pseudonyms, those who
    said most first."""
    turns = Turn.objects.filter(conversation=alert.conversation_id, by_agency=False)
    if not alert.is_request:
        turns = turns.exclude(author=alert.about)
    said = turns.values("author").annotate(number=Count("pk"))
    return list(said.order_by("-number", "author").values_list("author", flat=True))


def suggested(case: Case) -> list[Alert]:
    """Alerts in no case that show the same accounts: about a suspect of it, or in a conversation
    in which its young person speaks. A person decides whether they belong here."""
    accounts = case.people.filter(removed_at=None).exclude(account="")
    about, heard = Q(pk__in=()), Q(pk__in=())
    for part, source, account in accounts.values_list("part", "source", "account"):
        if part == CasePerson.Part.SUSPECT:
            about |= Q(kind=Kind.RISK, conversation__source=source, about=account)
        elif part == CasePerson.Part.YOUNG:
            spoken = Turn.objects.filter(
                author=account, by_agency=False, conversation__source=source
            )
            heard |= Q(conversation__in=spoken.values("conversation"))
    rows = Alert.objects.filter(about | heard, joined=None)
    return list(rows.select_related("conversation__source").order_by("-raised_at")[:20])


def same_young_person(case: Case, alert: Alert) -> bool | None:
    """Whether the case's young person speaks in the alert's conversation; None where no account of
    theirs is known."""
    known = case.people.filter(part=CasePerson.Part.YOUNG, removed_at=None).exclude(account="")
    accounts = list(known.values_list("source", "account"))
    if not accounts:
        return None
    source = alert.conversation.source_id
    names = [account for where, account in accounts if where == source]
    return Turn.objects.filter(conversation=alert.conversation_id, author__in=names).exists()


@transaction.atomic
def add_alert(case_id: int, alert_id: int, actor: Account, *, sure: bool = False) -> Case:
    """Joins one more alert. Where the young person's account does not speak in its conversation,
    the actor has to be ``sure`` that it is the same person (people have several accounts)."""
    require(actor, Act.OPEN_CASES)
    case = work(case_id, actor)
    alert = _alert(alert_id, actor)
    if not sure and same_young_person(case, alert) is False:
        raise Refused(
            "another_person",
            _("이 사례의 청소년이 그 대화에 보이지 않습니다. 같은 청소년이면 확인해 주세요."),
        )
    _join(case, alert, actor)
    touch(case)
    return case


@transaction.atomic
def remove_alert(case_id: int, alert_id: int, actor: Account, why: str) -> Case:
    """Takes an alert out of the case, with a reason. The last one stays: a case is about alerts."""
    require(actor, Act.OPEN_CASES)
    case = work(case_id, actor)
    because = reason(why)
    row = CaseAlert.objects.filter(case=case, alert=alert_id).select_related("alert").first()
    if row is None:
        raise Refused("no_such_alert", _("이 사례에 없는 경보입니다."))
    if case.joined.count() == 1:
        raise Refused("last_alert", _("마지막 경보는 뺄 수 없습니다. 사례를 종결하세요."))
    alert = row.alert
    row.delete()
    audit.record(
        "case.alert_removed", case, actor=actor, reason=because, details={"alert": alert.pk}
    )
    audit.record("alert.left_case", alert, actor=actor, reason=because, details={"case": case.pk})
    touch(case)
    return case


@transaction.atomic
def rename(case_id: int, actor: Account, title: str) -> Case:
    """Gives it other words by which colleagues know it; neither stands in the audit log."""
    case = work(case_id, actor)
    case.title = line(title, LONGEST_TITLE, needed="title_missing")
    audit.record("case.renamed", case, actor=actor)
    touch(case, "title")
    return case


@transaction.atomic
def wait(case_id: int, actor: Account, what: str, until: date | None = None) -> Case:
    """The case waits for something outside; with a day on which somebody looks again."""
    case = work(case_id, actor)
    case.waiting_for = words(what, 500, needed="waiting_missing")
    if until is not None and until < timezone.localdate():
        raise Refused("past", _("지난 날은 고를 수 없습니다."))
    case.state, case.waiting_until = CaseState.WAITING, until
    audit.record(
        "case.waits", case, actor=actor, details={"until": until.isoformat() if until else ""}
    )
    touch(case, "state", "waiting_for", "waiting_until")
    return case


@transaction.atomic
def resume(case_id: int, actor: Account) -> Case:
    """The waiting is over."""
    case = work(case_id, actor)
    if case.state == CaseState.WAITING:
        case.state, case.waiting_for, case.waiting_until = CaseState.OPEN, None, None
        audit.record("case.resumed", case, actor=actor)
        touch(case, "state", "waiting_for", "waiting_until")
    return case


@transaction.atomic
def close(case_id: int, actor: Account, outcome: str, note: str = "") -> Case:
    """Closes it with what came of it. Raises Refused while an alert of it is open or a task is
    not done, and for those who neither answer for it nor lead."""
    case = work(case_id, actor)
    if case.responsible_id != actor.pk and not may(actor, Act.LEAD_CASES):
        raise Refused("not_responsible", _("사례를 책임지는 사람만 종결할 수 있습니다."))
    if outcome not in CaseOutcome.values:
        raise Refused("outcome_missing", _("사례의 결과를 골라 주세요."))
    still_open = case.joined.filter(alert__state=State.OPEN).first()
    if still_open is not None:
        raise Refused(
            "alerts_open",
            _("경보 %(number)d번이 아직 열려 있습니다. 먼저 종결하거나 사례에서 빼 주세요.")
            % {"number": still_open.alert_id},
        )
    if ReportDuty.objects.filter(case=case, ended_at=None).exists():
        raise Refused(
            "duty_runs", _("경찰에 신고할 시한이 흐르고 있습니다. 먼저 신고 의무를 마쳐 주세요.")
        )
    if case.tasks.filter(done_at=None).exists():
        raise Refused("tasks_open", _("끝나지 않은 할 일이 있습니다. 먼저 끝내 주세요."))
    case.outcome_note = words(note, LONGEST_NOTE)
    case.state, case.outcome = CaseState.CLOSED, outcome
    case.waiting_for, case.waiting_until = None, None
    case.closed_at, case.closed_by = timezone.now(), actor
    audit.record("case.closed", case, actor=actor, details={"outcome": outcome})
    touch(case, *_ENDING)
    return case


_ENDING = (
    *("state", "outcome", "outcome_note", "closed_at", "closed_by"),
    *("waiting_for", "waiting_until"),
)


@transaction.atomic
def reopen(case_id: int, actor: Account, why: str) -> Case:
    """Opens a closed case again, with a reason, while its content is still there."""
    case = inside(case_id, actor)
    if case.state != CaseState.CLOSED:
        raise Refused("not_closed", _("종결한 사례가 아닙니다."))
    because = reason(why)
    before = case.outcome
    case.state, case.outcome, case.outcome_note = CaseState.OPEN, "", None
    case.closed_at, case.closed_by = None, None
    audit.record("case.reopened", case, actor=actor, reason=because, details={"outcome": before})
    touch(case, *_ENDING)
    return case
