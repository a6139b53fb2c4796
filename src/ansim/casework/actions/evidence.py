"""Evidence packages: asked for with a reason, made, fetched; each step on record (R05, R22, R24).

Making one reads for a while and writes nothing, so it holds no transaction: the order and its audit
rows are committed first, and what became of it is recorded afterwards.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64decode
from collections.abc import Sequence

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim import __version__
from ansim.casework.actions import audit
from ansim.casework.actions.case_access import admitted, find
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.evidence import lettering
from ansim.casework.evidence.case_gathering import gather_case
from ansim.casework.evidence.contents import Order
from ansim.casework.evidence.gathering import PURPOSE, Names, Progress, gather
from ansim.casework.evidence.packing import Package, pack, pack_case
from ansim.casework.evidence.signing import Signer
from ansim.casework.models import Account, Alert, Case
from ansim.casework.roles import Act
from ansim.casework.sealing import keyring
from ansim.keys import KeyLost


def signer() -> Signer:
    """The agency's signing key, made on first use. Raises KeyLost."""
    return Signer.load_or_create(settings.ANSIM.keys_path.parent, keyring())


def order(alert_id: int, actor: Account, reason: str, *, unmask: bool = False) -> Order:
    """Records that this person takes the whole conversation of an alert out of the house, and why.

    ``unmask``: the platform's own names stand open in it; needs its own permission and has its own
    audit row. Raises Refused.
    """
    _may_order(actor, reason, unmask)
    with transaction.atomic():
        alert = Alert.objects.filter(pk=alert_id).first()
        if alert is None:
            raise Refused("no_such_alert", _("없는 경보입니다."))
        return _ordered(alert, [], actor, reason, unmask)


def order_case(case_id: int, actor: Account, reason: str, *, unmask: bool = False) -> Order:
    """The same for a whole case: all the alerts that it joins now. For those in the case alone;
    with each alert, too, stands that it was taken out."""
    _may_order(actor, reason, unmask)
    with transaction.atomic():
        case = find(case_id, actor)
        if not admitted(case, actor):
            raise Refused("not_admitted", _("이 사례에 들어와 있지 않아 내용을 볼 수 없습니다."))
        joined = case.joined.select_related("alert").order_by("alert_id")
        return _ordered(case, [row.alert for row in joined], actor, reason, unmask)


def _may_order(actor: Account, reason: str, unmask: bool) -> None:
    require(actor, Act.EXPORT_EVIDENCE)
    if unmask:
        require(actor, Act.UNMASK)
    if not reason.strip():
        raise Refused("reason_missing", _("증거 자료를 만드는 까닭을 적어 주세요."))
    try:
        lettering.fonts()
        signer()
    except (lettering.FontMissing, KeyLost) as error:
        raise Refused("not_ready", str(error)) from None


def _ordered(
    subject: Alert | Case, alerts: Sequence[Alert], actor: Account, reason: str, unmask: bool
) -> Order:
    """Records the order, with every thing that it takes out."""
    name = secrets.token_hex(16)
    details: dict[str, object] = {"package": name, "unmask": unmask}
    if alerts:
        details["alerts"] = [alert.pk for alert in alerts]
    event = audit.record("evidence.ordered", subject, actor=actor, reason=reason, details=details)
    if unmask:
        audit.record(
            "evidence.unmasked", subject, actor=actor, reason=reason, details={"package": name}
        )
    case = subject.pk if isinstance(subject, Case) else 0
    for alert in alerts:
        audit.record(
            "evidence.ordered",
            alert,
            actor=actor,
            reason=reason,
            details={"package": name, "unmask": unmask, "case": case},
        )
    return Order(
        id=name,
        alert=0 if case else subject.pk,
        case=case,
        alerts=tuple(alert.pk for alert in alerts),
        actor=actor.pk,
        asked_by=actor.get_username(),
        role=actor.role,
        reason=event.reason,
        at=round(time.time(), 3),
        unmask=unmask,
        agency=settings.ANSIM.agency_ko,
        software=__version__,
    )


def make(asked: Order, names: Names, progress: Progress) -> Package:
    """Makes the package of an order, and records that it was made, or that it was not.

    Whoever may not do this any more gets none. Raises Refused, and whatever else went wrong.
    """
    try:
        actor = Account.objects.get(pk=asked.actor)
        if not actor.is_active:
            raise Refused("not_allowed", _("이 역할로는 할 수 없는 일입니다."))
        require(actor, Act.EXPORT_EVIDENCE)
        if asked.unmask:
            require(actor, Act.UNMASK)
        if asked.case:
            if not admitted(Case.objects.get(pk=asked.case), actor):
                raise Refused(
                    "not_admitted", _("이 사례에 들어와 있지 않아 내용을 볼 수 없습니다.")
                )
            package = pack_case(gather_case(asked, names, progress), signer(), progress)
        else:
            package = pack(gather(asked, names, progress), signer(), progress)
    except Exception as error:
        failed(asked, error.code if isinstance(error, Refused) else type(error).__name__)
        raise
    _record(
        "evidence.made",
        asked,
        {
            "name": package.name,
            "manifest_sha256": package.sha256,
            "messages": package.messages,
        },
    )
    return package


def failed(asked: Order, why: str) -> None:
    """Records that there is no package; ``why`` is a word for programs, never text of a chat."""
    _record("evidence.failed", asked, {"why": why[:80]})


def fetched(asked: Order) -> None:
    """Records that a finished package was handed to the person who had asked for it."""
    _record("evidence.fetched", asked, {})


def _record(action: str, asked: Order, details: dict[str, object]) -> None:
    with transaction.atomic():
        audit.row(
            action,
            *asked.subject,
            actor=Account.objects.get(pk=asked.actor),
            reason=asked.reason if action == "evidence.fetched" else "",
            details={"package": asked.id, **details},
        ).save()


def open_names(
    subject: tuple[str, int], package: str, sealed: dict[str, str], actor: Account, reason: str
) -> dict[str, str]:
    """Original names from the sealed ones of a package, by pseudonym, and records who asked.
    ``subject`` is what the package is about: "alert" or "case", and its number.

    Raises Refused, and KeyLost for what this key file never sealed or for another package's.
    """
    require(actor, Act.UNMASK)
    if not reason.strip():
        raise Refused("reason_missing", _("이름을 여는 까닭을 적어 주세요."))
    found: dict[str, str] = {}
    for pseudonym, text in sealed.items():
        try:
            plain = keyring().open(b64decode(text, validate=True), PURPOSE)
        except ValueError:
            raise KeyLost(f"the sealed name of {pseudonym} cannot be read") from None
        about, name, raw = msgspec.json.decode(plain, type=tuple[str, str, str])
        if (about, name) != (package, pseudonym):
            raise KeyLost(f"the sealed name of {pseudonym} comes from another package")
        found[pseudonym] = raw
    with transaction.atomic():
        audit.row(
            "evidence.unmasked",
            *subject,
            actor=actor,
            reason=reason,
            details={"package": package, "names": len(found)},
        ).save()
    return found
