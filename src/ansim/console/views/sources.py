"""Sources: how each is, what its rooms are told, and what administrators change of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ansim.casework import source_entries
from ansim.casework.actions import source_notices, source_tests, sources
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import SourceRecord
from ansim.casework.roles import Act
from ansim.casework.source_entries import WrongEntry
from ansim.console import sources as shown
from ansim.console.access import StaffRequest, needs
from ansim.console.templatetags.ansim import language
from ansim.console.typed import number


def _record(source_id: str) -> SourceRecord:
    found = SourceRecord.objects.filter(pk=source_id).first()
    if found is None:
        raise Http404
    return found


@require_GET
@needs(Act.SEE_SOURCES)
def source_list(request: StaffRequest) -> HttpResponse:
    return render(request, "console/sources.html", shown.rows())


@require_GET
@needs(Act.SEE_SOURCES)
def list_rows(request: StaffRequest) -> HttpResponse:
    """The rows alone, for a page that is open."""
    return render(request, "console/_source_rows.html", shown.rows())


@require_GET
@needs(Act.SEE_SOURCES)
def source(request: StaffRequest, source_id: str) -> HttpResponse:
    return _page(request, _record(source_id))


@require_GET
@needs(Act.SEE_SOURCES)
def health(request: StaffRequest, source_id: str) -> HttpResponse:
    """How it is, for a page that is open."""
    return render(request, "console/_source_health.html", shown.health(_record(source_id)))


def _page(
    request: StaffRequest, record: SourceRecord, status: int = 200, **more: Any
) -> HttpResponse:
    context = shown.page(record, request.user, more.pop("typed", None)) | more
    return render(request, "console/source.html", context, status=status)


@require_POST
@needs(Act.ADMINISTER)
def act(request: StaffRequest, source_id: str, what: str) -> HttpResponseBase:
    """One act of an administrator; a refusal is told beside what was typed."""
    user, given, record = request.user, request.POST, _record(source_id)

    def enter() -> None:
        one = record.declaration
        if one is None:
            raise Refused("no_connector", _("이 출처의 연결 방식이 더는 없습니다."))
        typed = {field.name: given.get(f"entry-{field.name}", "") for field in one.fields}
        settings, credentials = source_entries.split(one, typed)
        forget = [field.name for field in one.fields if given.get(f"forget-{field.name}")]
        sources.enter(source_id, user, settings=settings, credentials=credentials, forget=forget)

    def renew() -> None:
        key = sources.rotate_key(source_id, user)
        show_key(request, source_id, key)

    def change() -> None:
        names = ("name", "legal_basis", "rule", "language")
        fields = {name: given[name].strip() for name in names if name in given}
        sources.change(source_id, user, **fields)

    acts: dict[str, tuple[Callable[[], object], str]] = {
        "pause": (
            lambda: sources.pause(source_id, user, given.get("reason", "")),
            _("이 출처를 쉬게 했습니다."),
        ),
        "resume": (lambda: sources.resume(source_id, user), _("이 출처를 다시 읽습니다.")),
        "remove": (
            lambda: sources.remove(
                source_id,
                user,
                confirm=given.get("confirm", ""),
                reason=given.get("why", ""),
            ),
            _("이 출처를 없앴습니다. 이름과 지난 경보는 남아 있어요."),
        ),
        "test": (
            lambda: source_tests.ask(source_id, given.get("room", ""), user),
            _("시험 글을 보냅니다. 결과는 아래에 나와요."),
        ),
        "change": (change, _("바꾸었습니다.")),
        "enter": (enter, _("연결 정보를 바꾸었습니다. 곧 새로 연결합니다.")),
        "key": (renew, _("새 키를 만들었습니다. 이전 키는 이제 쓸 수 없어요.")),
    }
    if what not in acts:
        raise Http404
    carry_out, done = acts[what]
    try:
        carry_out()
    except Refused as refused:
        if refused.code == "no_such_source":
            raise Http404 from None
        field = f"entry-{refused.field}" if isinstance(refused, WrongEntry) else what
        return _page(
            request,
            record,
            422,
            typed=_without_secrets(record, given.dict()),
            error=str(refused),
            error_in=what,
            error_field=field,
        )
    messages.success(request, done)
    return redirect("console:source", source_id)


def _without_secrets(record: SourceRecord, given: dict[str, str]) -> dict[str, str]:
    one = record.declaration
    secret = {f"entry-{field.name}" for field in one.fields if field.secret} if one else set()
    return {name: value for name, value in given.items() if name not in secret}


def show_key(request: StaffRequest, source_id: str, key: str) -> None:
    """Shows an API key this once."""
    messages.warning(
        request,
        _("‘%(source)s’의 API 키입니다. 지금 한 번만 보입니다: %(key)s")
        % {"source": source_id, "key": key},
    )


@require_http_methods(["GET", "POST"])
@needs(Act.SEE_SOURCES)
def notice(request: StaffRequest, source_id: str, kind: str) -> HttpResponseBase:
    """One fixed notice with all its wordings; POST writes the next one, for another to approve."""
    record = _record(source_id)
    context = shown.notice(record, kind)
    if context is None or record.removed_at is not None:
        raise Http404
    newest = context["shown"].newest
    texts = {"ko": newest.ko, "en": newest.en}
    status = 200
    if request.method == "POST":
        texts = {name: request.POST.get(name, "") for name in ("ko", "en")}
        try:
            source_notices.write(source_id, kind, texts["ko"], texts["en"], request.user)
        except Refused as refused:
            status = 422
            context["error"] = str(refused)
            if isinstance(refused, Unfit):
                context["findings"] = [
                    {"phrase": one.phrase, "why": one.why[language()], "instead": one.instead}
                    for one in refused.findings
                ]
        else:
            messages.success(request, _("새 판을 적었습니다. 다른 사람이 승인해야 쓸 수 있어요."))
            return redirect("console:source", source_id)
    return render(request, "console/source_notice.html", context | texts, status=status)


@require_POST
@needs(Act.APPROVE_TEMPLATES)
def approve(request: StaffRequest, source_id: str) -> HttpResponseBase:
    """Approves the wordings that the page showed: fields named by kind hold their versions."""
    record = _record(source_id)
    seen = {
        kind.removeprefix("seen-"): number(version)
        for kind, version in request.POST.dict().items()
        if kind.startswith("seen-")
    }
    try:
        done = source_notices.approve(source_id, seen, request.user)
    except Refused as refused:
        if refused.code == "no_such_source":
            raise Http404 from None
        return _page(request, record, 422, error=str(refused), error_in="notices")
    if done:
        messages.success(request, _("안내 문구를 승인했습니다. 이제 방에 알릴 수 있어요."))
    return redirect("console:source", source_id)
