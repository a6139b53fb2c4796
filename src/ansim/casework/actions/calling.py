"""How one notice goes over one channel: an e-mail, or a signed request to a web address."""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from ansim.casework.models import Alert, Channel, Notice
from ansim.casework.sealing import keyring
from ansim.outside import is_loopback

SECONDS = 8.0

SUBJECTS = {
    Notice.Kind.OVERDUE: "경보가 제때 맡겨지지 않았습니다 / An alert was not taken in time",
    Notice.Kind.ESCALATED: "슈퍼바이저를 찾습니다 / A supervisor is needed",
    Notice.Kind.RETURNED: "담당이 자리를 비운 경보가 있습니다 / An alert was left behind",
    Notice.Kind.UNREAD: "들어온 메시지를 아무도 읽지 않습니다 / Nobody reads what came in",
    Notice.Kind.REQUEST: "정보주체의 요구에 답할 날이 다가옵니다 / A request must be answered soon",
    Notice.Kind.REPORT_DUE: "경찰 신고가 늦어졌습니다 / A report to the police is overdue",
    Notice.Kind.SOURCE_SILENT: "평소와 달리 조용한 출처 / A source is silent against its habit",
    Notice.Kind.SOURCE_TROUBLE: "연결에 문제가 있는 출처 / A source has trouble",
    Notice.Kind.BACKLOG: "밀린 메시지가 늘어나는 출처 / The backlog of a source grows",
    Notice.Kind.UNATTENDED: "경보가 기다리는데 근무자가 없습니다 / Nobody is on shift",
}
TRIAL = "시험 알림입니다 / This is only a test"


class CallFailed(Exception):
    """The channel did not take the call; the text says why and names no address."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


# No proxy from the environment either: a call goes where it was told to go.
_opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))


def words(batch: Sequence[Notice]) -> str:
    """What notices of one kind say: alerts by number and priority, sources by their label, nobody's
    name, no word of a chat. The most urgent is named, the others are counted."""
    subject = SUBJECTS[Notice.Kind(batch[0].kind)]
    sources = _sources(batch)
    if sources:
        return f"{subject} · {', '.join(sources[:5])}" + (" …" if len(sources) > 5 else "")
    alerts = _most_urgent_first(batch)
    if not alerts:
        return subject
    rest = f" 외 {len(alerts) - 1}건" if len(alerts) > 1 else ""
    return f"{subject} · 경보 {alerts[0].pk} ({alerts[0].priority}){rest}"


def _most_urgent_first(batch: Sequence[Notice]) -> list[Alert]:
    alerts = {notice.alert.pk: notice.alert for notice in batch if notice.alert is not None}
    return sorted(alerts.values(), key=lambda alert: (alert.priority, alert.pk))


def _sources(batch: Sequence[Notice]) -> list[str]:
    return sorted({notice.source_id for notice in batch if notice.source_id is not None})


def call_over(channel: Channel, batch: Sequence[Notice]) -> None:
    """Sends notices of one kind as one call. Raises CallFailed."""
    alerts = _most_urgent_first(batch)
    body: dict[str, Any] = {
        "text": words(batch),
        "kind": batch[0].kind,
        "alerts": [alert.pk for alert in alerts],
    }
    if sources := _sources(batch):
        body["sources"] = sources
    if alerts:
        body["priority"] = alerts[0].priority
    _send(channel, body)


def try_out(channel: Channel) -> None:
    """Sends a test call. Raises CallFailed."""
    _send(channel, {"text": TRIAL, "kind": "test", "alerts": []})


def signature_key(channel: Channel) -> str:
    """Hex key with which the receiver of a webhook checks ``X-Ansim-Signature``."""
    return keyring().derive(f"webhook {channel.pk}").hex()


def is_web_address(address: str) -> bool:
    """https to anywhere, plain http to this machine only."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
        port_fits = parts.port is None or parts.port > 0
    except ValueError:
        return False
    if not host or not port_fits or parts.username is not None:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _send(channel: Channel, body: dict[str, Any]) -> None:
    if channel.kind == Channel.Kind.EMAIL:
        _mail(channel, body)
    else:
        _post(channel, body)


def _mail(channel: Channel, body: dict[str, Any]) -> None:
    message = EmailMessage(
        subject=f"[안심아이] {body['text']}",
        body=f"{body['text']}\n\n콘솔을 열어 확인해 주세요. / Please open the console.\n",
        to=[channel.address],
        connection=get_connection(timeout=int(SECONDS)),
        from_email=settings.DEFAULT_FROM_EMAIL,
    )
    try:
        sent = message.send()
    except smtplib.SMTPResponseException as error:
        raise CallFailed(f"mail server says {error.smtp_code}") from None
    except (OSError, smtplib.SMTPException, ValueError) as error:
        raise CallFailed(f"mail server: {type(error).__name__}") from None
    if not sent:
        raise CallFailed("mail server took no message")


def _post(channel: Channel, body: dict[str, Any]) -> None:
    data = msgspec.json.encode(body)
    signed = hmac.new(bytes.fromhex(signature_key(channel)), data, hashlib.sha256).hexdigest()
    if not is_web_address(channel.address):
        raise CallFailed("not an https address")
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at just now
        channel.address,
        data=data,
        headers={"Content-Type": "application/json", "X-Ansim-Signature": f"sha256={signed}"},
        method="POST",
    )
    try:
        with _opener.open(request, timeout=SECONDS) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        error.close()
        raise CallFailed(f"answered {error.code}") from None
    except (OSError, ValueError) as error:
        raise CallFailed(type(error).__name__) from None
    if not 200 <= status < 300:
        raise CallFailed(f"answered {status}")
