"""Asks the table of roles before an act; views ask it too, so this only stops what slipped by."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from ansim.casework.errors import Refused
from ansim.casework.models import Account
from ansim.casework.roles import Act, may


def require(actor: Account, act: Act) -> None:
    """Raises Refused ("not_allowed") unless the actor's role allows the act."""
    if not may(actor, act):
        raise Refused("not_allowed", _("이 역할로는 할 수 없는 일입니다."))
