"""Lets people into views by what their role may do; what is hidden from them is not there (404)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from ansim.casework.models import Account
from ansim.casework.roles import Act, may

P = ParamSpec("P")


class StaffRequest(HttpRequest):
    """A request of somebody who is logged in."""

    user: Account


View = Callable[Concatenate[StaffRequest, P], HttpResponseBase]


def needs(
    act: Act | None,
) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponseBase]]:
    """The view is there for accounts that may do ``act`` (None: for everybody logged in)."""

    def decorate(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return log_in_first(request)
            if act is not None and not may(request.user, act):
                raise Http404
            return view(request, *args, **kwargs)  # type: ignore[arg-type]

        guarded.act = act  # type: ignore[attr-defined]
        return guarded

    return decorate


def reload_page() -> HttpResponse:
    """The answer to a part of a page: its whole page is to be asked for again (session.js does)."""
    return HttpResponse(status=401)


def log_in_first(request: HttpRequest) -> HttpResponseBase:
    """To the log-in page; a part of a page, which would swallow that, is refused."""
    if request.headers.get("HX-Request"):
        return reload_page()
    if request.method != "GET":
        return redirect_to_login("/")
    return redirect_to_login(request.get_full_path())
