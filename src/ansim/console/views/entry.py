"""The way in: log-in, log-out, and where each role begins its work."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from ansim.casework.actions import shifts
from ansim.casework.models import Account
from ansim.casework.roles import Act, may
from ansim.console import sign_in
from ansim.console.access import StaffRequest, needs
from ansim.console.views.account import passkeys_work


class LogInForm(AuthenticationForm):
    """Says the same whether the name or the password was wrong."""

    error_messages = {  # noqa: RUF012 - as Django declares it
        "invalid_login": _("이름이나 비밀번호가 맞지 않습니다. 다시 확인해 주세요."),
        "inactive": _("이름이나 비밀번호가 맞지 않습니다. 다시 확인해 주세요."),
    }

    def confirm_login_allowed(self, user: Any) -> None:
        if not sign_in.may_log_in(user):
            raise self.get_invalid_login_error()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = _("이름")
        self.fields["password"].label = _("비밀번호")
        if self.is_bound:
            for field in self.fields.values():
                field.widget.attrs["aria-describedby"] = "log-in-error"


class LogIn(LoginView):
    """Name and password; who has a second factor is asked for it next (allauth's stages)."""

    template_name = "console/log_in.html"
    authentication_form = LogInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        login = Login(user=form.get_user(), redirect_url=self.get_redirect_url() or None)
        answer: HttpResponse = perform_password_login(self.request, {}, login)
        return answer

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        house = settings.ANSIM
        return super().get_context_data(
            **kwargs,
            passkeys_work=passkeys_work(self.request),
            demo_opens=house.demo and house.second_factor == "people",
        )


class LogOut(LogoutView):
    """Stops once before somebody leaves who still holds P1 or P2: nobody would see to them."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        user = request.user
        if (
            isinstance(user, Account)
            and may(user, Act.HAND_OVER)
            and not request.POST.get("anyway")
            and shifts.open_alerts(user).filter(priority__in=shifts.URGENT).exists()
        ):
            messages.error(
                request, _("맡고 있는 P1·P2 경보가 있습니다. 다음 사람에게 넘기고 나가 주세요.")
            )
            return redirect(f"{reverse('console:handover')}?leaving=1")
        return super().post(request, *args, **kwargs)


@require_GET
@needs(None)
def home(request: StaffRequest) -> HttpResponseBase:
    """To the page where this role works."""
    if may(request.user, Act.SEE_ALERTS):
        return redirect("console:queue")
    if may(request.user, Act.ADMINISTER):
        return redirect("admin:index")
    if may(request.user, Act.SEE_AUDIT):
        return redirect("console:audit")
    if may(request.user, Act.EXPORT_EVIDENCE):
        return redirect("console:evidence")
    if may(request.user, Act.EXPORT_VERDICTS):
        return redirect("console:verdicts")
    return render(request, "console/nothing_yet.html")


@require_GET
def favicon(_request: HttpRequest) -> HttpResponseBase:
    """Browsers ask for this where a page names no icon, as Django's admin."""
    return redirect(static("console/mark.svg"))


@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """200 when this process and its database answer."""
    from django.db import DatabaseError, connection

    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return HttpResponse("database does not answer\n", status=503, content_type="text/plain")
    return HttpResponse("ok\n", content_type="text/plain")
