"""Accounts of people: made, changed, switched off, never deleted; and the demo's own."""

from __future__ import annotations

import itertools
import secrets
import time

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit, sources, templates
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, MessageTemplate, SourceRecord
from ansim.casework.roles import Act, Role, may
from ansim.chat import Consent, SourceKind

DEMO = (
    ("counsellor", Role.COUNSELLOR, "별님 상담원"),
    ("supervisor", Role.SUPERVISOR, "달님 슈퍼바이저"),
    ("administrator", Role.ADMINISTRATOR, "해님 관리자"),
)
DEMO_SOURCE = "demo"
DONATED_SOURCE = "donated"


@transaction.atomic
def create(
    username: str,
    password: str,
    role: Role | str,
    *,
    actor: Account | str,
    display_name: str = "",
    is_demo: bool = False,
) -> Account:
    """A new account. Raises ValidationError for a weak password and Refused for a taken name."""
    if not isinstance(actor, str):
        require(actor, Act.ADMINISTER)
    if Account.objects.filter(username=username).exists():
        raise Refused("exists", _("같은 이름의 계정이 이미 있습니다."))
    account = Account(
        username=username, role=Role(role), display_name=display_name, is_demo=is_demo
    )
    validate_password(password, account)
    account.set_password(password)
    account.save(force_insert=True)
    audit.record("account.created", account, actor=actor, details={"role": account.role})
    return account


@transaction.atomic
def change(
    account_id: int,
    actor: Account,
    *,
    role: Role | str | None = None,
    display_name: str | None = None,
    active: bool | None = None,
    password: str | None = None,
) -> Account:
    """Changes an account. Nobody changes their own role or switches themselves off."""
    require(actor, Act.ADMINISTER)
    account = Account.objects.select_for_update().get(pk=account_id)
    changed: dict[str, object] = {}
    if role is not None and role != account.role:
        changed["role"] = [account.role, str(role)]
        account.role = Role(role)
    if active is not None and active != account.is_active:
        changed["active"] = active
        account.is_active = active
    if account.pk == actor.pk and changed:
        raise Refused("own_account", _("자기 역할이나 상태는 바꿀 수 없습니다."))
    if display_name is not None and display_name != account.display_name:
        changed["display_name"] = True
        account.display_name = display_name
    if password is not None:
        validate_password(password, account)
        account.set_password(password)
        changed["password"] = True
    if changed:
        account.save()
        audit.record("account.changed", account, actor=actor, details=changed)
    return account


def record_log_in(account: Account, second_factor: str = "") -> None:
    """Called by the console after a successful log-in; ``second_factor`` is its kind, if any."""
    details = {"second_factor": second_factor} if second_factor else {}
    audit.record("account.logged_in", account, actor=account, details=details)


def record_log_out(account: Account, why: str = "") -> None:
    """``why`` is empty for a person's own act, else "idle", "shift_over" or "second_factor"."""
    details = {"why": why} if why else {}
    audit.record("account.logged_out", account, actor=account, details=details)


@transaction.atomic
def create_demo() -> list[tuple[str, str, str]]:
    """Makes what demo mode needs and returns its log-ins as (username, password, role).

    Passwords are random and kept only as hashes, so a second call gives the same accounts new
    ones. Accounts of people are left alone: where one has the name, the demo's is called
    "counsellor-demo". What an administrator did to a demo account stays: one that is switched off
    is not among the log-ins. Also declares the demo room and the source of uploaded files, and has
    the demo supervisor approve the first messages. Raises Refused outside demo mode.
    """
    if not settings.ANSIM.demo:
        raise Refused("not_demo", _("데모 모드(ANSIM_DEMO=1)에서만 데모 계정을 만들 수 있습니다."))
    log_ins = []
    for username, role, display_name in DEMO:
        password = "-".join(secrets.token_hex(2) for _part in range(4))
        free, account = _demo_account(username)
        if account is None:
            account = create(
                free,
                password,
                role,
                actor=audit.SETUP,
                display_name=display_name,
                is_demo=True,
            )
        elif account.is_active:
            account.set_password(password)
            account.save(update_fields=["password"])
            # Whoever tried the second factor may be gone with their telephone.
            Authenticator.objects.filter(user=account).delete()
            audit.record("account.demo_password_renewed", account, actor=audit.SETUP)
        else:
            continue
        log_ins.append((account.username, password, str(account.role)))
        if may(account, Act.APPROVE_TEMPLATES):
            for template in MessageTemplate.objects.filter(approved_at=None):
                templates.approve(template.pk, account, template.version)
    declare_donated()
    if not SourceRecord.objects.filter(pk=DEMO_SOURCE).exists():
        sources.declare(
            DEMO_SOURCE,
            "데모 대화방",
            SourceKind.PLATFORM_PARTNER,
            "시연용 대화방: 운영자가 직접 열고, 들어오는 사람 모두에게 화면 위에서 알린다",
            actor=audit.SETUP,
            consent=Consent(
                given_by="all present", given_at=time.time(), how="notice at the top of the room"
            ),
            connector="demo",
            private_messages=True,
        )
    return log_ins


def _demo_account(username: str) -> tuple[str, Account | None]:
    """The demo's account of this name, or the first name like it that no person has."""
    for number in itertools.count():
        name = username + ("", "-demo")[number > 0] + (f"-{number}" if number > 1 else "")
        account = Account.objects.select_for_update().filter(username=name).first()
        if account is None or account.is_demo:
            return name, account
    raise AssertionError("names do not run out")


@transaction.atomic
def declare_donated() -> SourceRecord:
    """The source of files that participants hand in. Each file's consent is in the audit log."""
    record = SourceRecord.objects.filter(pk=DONATED_SOURCE).first()
    if record is None:
        record, _key = sources.declare(
            DONATED_SOURCE,
            "참여자가 제공한 대화",
            SourceKind.DONATED,
            "대화 당사자가 받은 뒤에 스스로 제공함 (개인정보 보호법 제15조 제1항 제1호 동의)",
            actor=audit.SETUP,
            consent=Consent(
                given_by="participant",
                given_at=time.time(),
                how="recorded with every file: who gives it, and for under-14s the guardian",
            ),
            connector="kakaotalk",
        )
    return record
