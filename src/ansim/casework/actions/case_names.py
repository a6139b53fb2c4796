"""Opens the platform's own names of accounts in a case: by role, with a reason, on record (R05).

What the names are only the stream knows, as for evidence packages. Nothing is kept: they are shown
to the person who asked, once.
"""

from __future__ import annotations

import time

import msgspec
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.case_access import inside
from ansim.casework.actions.permission import require
from ansim.casework.actions.typed import reason
from ansim.casework.errors import Refused
from ansim.casework.models import Account, CasePerson
from ansim.casework.roles import Act
from ansim.casework.sealing import keyring
from ansim.keys import KeyLost

PURPOSE = "names of a case"
GOOD_SECONDS = 120.0
"""Between asking and opening: who finds an old question can do nothing with it."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question that stands in the audit log: which pseudonyms, of which conversation."""

    conversation: str
    accounts: tuple[str, ...]
    at: float


@transaction.atomic
def ask(case_id: int, actor: Account, why: str) -> Asked:
    """Records that this person opens the names of the accounts written down in a case, and why.
    Raises Refused without the permission, a reason, or any account."""
    require(actor, Act.UNMASK)
    case = inside(case_id, actor)
    because = reason(why)
    people = case.people.filter(
        removed_at=None, part__in=(CasePerson.Part.YOUNG, CasePerson.Part.SUSPECT)
    ).exclude(account="")
    accounts = tuple(sorted(set(people.values_list("account", flat=True))))
    if not accounts:
        raise Refused("no_account", _("이 사례에 적힌 계정이 없습니다."))
    rooms = case.joined.values_list("alert__conversation__pseudonym", flat=True)
    audit.record(
        "case.unmasked", case, actor=actor, reason=because, details={"accounts": list(accounts)}
    )
    return Asked(conversation=rooms.first() or "", accounts=accounts, at=time.time())


def seal(asked: Asked) -> bytes:
    """The question on its way to the process that can reach the stream."""
    return keyring().seal(msgspec.json.encode(asked), PURPOSE)


def unseal(sealed: bytes) -> Asked:
    """The question as it was sealed here a moment ago. Raises KeyLost for every other one."""
    try:
        asked = msgspec.json.decode(keyring().open(sealed, PURPOSE), type=Asked)
    except msgspec.DecodeError:
        raise KeyLost("this is no question for names") from None
    if not 0 <= time.time() - asked.at <= GOOD_SECONDS:
        raise KeyLost("this question for names is too old: ask again")
    return asked
