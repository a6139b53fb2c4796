"""What happened at the way in, on record: failed log-ins, second factors, ended sessions."""

from __future__ import annotations

from datetime import timedelta

from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent
from ansim.casework.roles import Act

FAILURE_EVERY = timedelta(minutes=1)
"""Anybody can fail at a log-in, again and again: at most one row in this time for an account."""


def record_failure(username: str, step: str, address: str) -> bool:
    """Somebody failed to log in. Returns whether a row was written.

    What was typed as a name is kept only where an account has it: people type passwords there.
    ``step`` is "password", "code" or "passkey"; ``address`` is where the attempt came from.
    """
    account = Account.objects.filter(username=username).first() if username else None
    return _at_most_one("account.log_in_failed", account, {"step": step, "address": address})


def record_lock_out(username: str, address: str) -> bool:
    """Too many failures in a row: this name is locked for that address for a while."""
    account = Account.objects.filter(username=username).first() if username else None
    return _at_most_one("account.locked_out", account, {"address": address})


def _at_most_one(action: str, account: Account | None, details: dict[str, object]) -> bool:
    subject = account.pk if account else "unknown"
    row = audit.row(action, "account", subject, actor=audit.SIGN_IN, details=details)
    recent = AuditEvent.objects.filter(
        action=action,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        at__gt=row.at - FAILURE_EVERY,
    )
    if recent.exists():
        return False
    row.save()
    return True


def record_factor(factor: Authenticator, actor: Account | None, *, added: bool) -> None:
    """A second factor was set up or taken away. Called in the transaction that does it."""
    kind = str(factor.type)
    codes = kind == Authenticator.Type.RECOVERY_CODES
    action = "account.recovery_codes_made" if codes else "account.second_factor_added"
    if not added:
        if codes:
            return  # they go with the last factor, or make room for new ones
        action = "account.second_factor_removed"
    audit.row(
        action,
        "account",
        factor.user_id,
        actor=actor or audit.SIGN_IN,
        details={} if codes else {"kind": kind},
    ).save()


def record_recovery_code(account: Account) -> None:
    """One of the codes for a lost telephone was used."""
    audit.record("account.recovery_code_used", account, actor=account)


@transaction.atomic
def change_own_password(account: Account, password: str) -> None:
    """A new password, chosen by its owner. Raises ValidationError for a weak one."""
    validate_password(password, account)
    account.set_password(password)
    account.save(update_fields=["password"])
    audit.record("account.password_changed", account, actor=account)


@transaction.atomic
def end_sessions(account: Account, actor: Account, *, keep: str | None = None) -> int:
    """Ends the sessions of ``account`` but the one with the key ``keep``; returns how many."""
    ended = 0
    for session in UserSession.objects.filter(user_id=account.pk).exclude(session_key=keep):
        session.end()
        ended += 1
    if ended:
        audit.record("account.sessions_ended", account, actor=actor, details={"number": ended})
    return ended


@transaction.atomic
def reset_second_factor(account_id: int, actor: Account, reason: str) -> Account:
    """Somebody lost telephone and codes: all their factors go, and they enrol anew.

    Raises Refused without a reason, and for one's own account: that would let a session left open
    take the factor away that guards it.
    """
    require(actor, Act.ADMINISTER)
    if not reason.strip():
        raise Refused("reason", _("까닭을 적어 주세요."))
    account = Account.objects.select_for_update().get(pk=account_id)
    if account.pk == actor.pk:
        raise Refused("own_account", _("자기 2단계 인증은 ‘내 로그인’에서 바꿔 주세요."))
    factors = Authenticator.objects.filter(user_id=account.pk)
    kinds = sorted(factors.values_list("type", flat=True))
    factors.delete()
    audit.record(
        "account.second_factor_reset",
        account,
        actor=actor,
        reason=reason,
        details={"kinds": kinds},
    )
    end_sessions(account, actor)
    return account
