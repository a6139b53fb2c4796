"""People who work here, each with one role."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _

from ansim.casework.roles import Role


class Account(AbstractUser):
    """A person who logs in. What they may do follows from ``role`` alone (casework/roles.py)."""

    role = models.CharField(_("역할"), max_length=20, choices=Role.choices, default=Role.COUNSELLOR)
    display_name = models.CharField(_("표시 이름"), max_length=60, blank=True)

    is_demo = models.BooleanField(default=False, editable=False)
    """Made by demo mode, which gives it a new password at every start and touches no other."""

    last_active_at = models.DateTimeField(null=True, editable=False)
    """When this person last did something at the desk, to half a minute: who is on shift, and whose
    alerts are abandoned. Only the latest moment is kept."""

    class Meta:
        verbose_name = _("계정")
        verbose_name_plural = _("계정")

    @property
    def shown(self) -> str:
        """The name colleagues see."""
        return self.display_name or self.username

    def __str__(self) -> str:
        return self.shown
