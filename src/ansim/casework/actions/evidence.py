"""Evidence packages: asked for with a reason, made, fetched; each step on record (R05, R22, R24).

Making one reads for a while and writes nothing, so it holds no transaction: the order and its audit
rows are committed first, and what became of it is recorded afterwards.
"""

from __future__ import annotations

import secrets
import time
from base64 import b64decode

import msgspec
from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim import __version__
from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.evidence import lettering
from ansim.casework.evidence.contents import Order
from ansim.casework.evidence.gathering import PURPOSE, Names, Progress, gather
from ansim.casework.evidence.packing import Package, pack
from ansim.casework.evidence.signing import Signer
from ansim.casework.models import Account, Alert
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
    with transaction.atomic():
        alert = Alert.objects.filter(pk=alert_id).first()
        if alert is None:
            raise Refused("no_such_alert", _("없는 경보입니다."))
        name = secrets.token_hex(16)
        event = audit.record(
            "evidence.ordered",
            alert,
            actor=actor,
            reason=reason,
            details={"package": name, "unmask": unmask},
        )
        if unmask:
            audit.record(
                "evidence.unmasked", alert, actor=actor, reason=reason, details={"package": name}
            )
    return Order(
        id=name,
        alert=alert.pk,
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
        package = pack(gather(asked, names, progress), signer(), progress)
    except Exception as error:
        failed(asked, error.code if isinstance(error, Refused) else type(error).__name__)
        raise
    _record(
        "evidence.made",
        asked,
        {"manifest_sha256": package.sha256, "messages": package.messages},
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
            "alert",
            asked.alert,
            actor=Account.objects.get(pk=asked.actor),
            reason=asked.reason if action == "evidence.fetched" else "",
            details={"package": asked.id, **details},
        ).save()


def open_names(
    alert_id: int, package: str, sealed: dict[str, str], actor: Account, reason: str
) -> dict[str, str]:
    """Original names from the sealed ones of a package, by pseudonym, and records who asked.

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
            "alert",
            alert_id,
            actor=actor,
            reason=reason,
            details={"package": package, "names": len(found)},
        ).save()
    return found
