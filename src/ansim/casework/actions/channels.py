"""The channels over which people are called: added, ordered, tried out, switched off."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, notices
from ansim.casework.actions.calling import CallFailed, is_web_address, try_out
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, Channel
from ansim.casework.roles import Act


@transaction.atomic
def add(kind: str, name: str, address: str, actor: Account) -> Channel:
    """A new channel, tried after those that are there. The address stands nowhere in clear."""
    require(actor, Act.LEAD_SHIFT)
    name, address = " ".join(name.split())[:80], address.strip()
    if kind not in Channel.Kind.values:
        raise Refused("no_such_kind", _("이메일이나 웹훅 가운데 골라 주세요."))
    if not name or not name.isprintable():
        raise Refused("name_missing", _("알림 경로의 이름을 적어 주세요."))
    if kind == Channel.Kind.EMAIL:
        try:
            validate_email(address)
        except ValidationError:
            raise Refused("bad_address", _("이메일 주소를 확인해 주세요.")) from None
        if not settings.ANSIM.smtp_url:
            raise Refused(
                "no_mail_server",
                _("메일 서버가 정해지지 않았습니다. 관리자가 ANSIM_SMTP_URL을 정해야 해요."),
            )
    elif not is_web_address(address):
        raise Refused("bad_address", _("웹훅 주소는 https:// 로 시작해야 합니다."))
    last = Channel.objects.order_by("-place").first()
    row = Channel.objects.create(
        kind=kind, name=name, address=address, place=last.place + 1 if last else 1
    )
    audit.record("channel.added", row, actor=actor, details={"kind": kind, "name": name})
    return row


@transaction.atomic
def switch(channel_id: int, active: bool, actor: Account) -> Channel:
    """Takes a channel out of use, or back into it."""
    require(actor, Act.LEAD_SHIFT)
    row = _get(channel_id)
    if row.active != active:
        row.active = active
        row.save(update_fields=["active"])
        action = "channel.switched_on" if active else "channel.switched_off"
        audit.record(action, row, actor=actor)
    return row


@transaction.atomic
def put_first(channel_id: int, actor: Account) -> Channel:
    """Has this channel tried before all others."""
    require(actor, Act.LEAD_SHIFT)
    row = _get(channel_id)
    rest = list(Channel.objects.select_for_update().exclude(pk=row.pk))
    for place, channel in enumerate([row, *rest], 1):
        channel.place = place
        channel.save(update_fields=["place"])
    audit.record("channel.put_first", row, actor=actor)
    return row


def try_now(channel_id: int, actor: Account) -> None:
    """Sends a test call now. Raises Refused saying what went wrong."""
    require(actor, Act.LEAD_SHIFT)
    with transaction.atomic():
        row = _get(channel_id)
        audit.record("channel.tried", row, actor=actor)
    try:
        try_out(row)
    except CallFailed as failure:
        notices.failed(row, str(failure))
        raise Refused(
            "call_failed", _("알림이 가지 않았습니다: %(why)s") % {"why": failure}
        ) from None
    notices.worked(row)


def _get(channel_id: int) -> Channel:
    try:
        return Channel.objects.select_for_update().get(pk=channel_id)
    except (Channel.DoesNotExist, OverflowError):
        raise Refused("no_such_channel", _("없는 알림 경로입니다.")) from None
