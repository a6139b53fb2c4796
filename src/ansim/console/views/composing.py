"""Writing to a young person: lint, preview, sending, and what was typed kept from getting lost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from ansim.casework import checking, letterbox, wording
from ansim.casework.actions import donor_notices, donors, drafts, interventions
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import Alert, MessageTemplate, OutgoingMessage
from ansim.casework.roles import Act
from ansim.console import thread
from ansim.console.access import StaffRequest, needs
from ansim.console.marking import harmless
from ansim.console.templatetags.ansim import language

MOST_PEOPLE = 50
"""People offered as readers of a private message; those with signals come first."""
_NOBODY = gettext_lazy("누구에게만 보낼지 골라 주세요.")


def _composer(request: StaffRequest, alert: Alert, status: int = 200, **more: Any) -> HttpResponse:
    """The composer alone for htmx, inside the whole page for a browser without scripts."""
    from ansim.console.views import alert as page

    if not request.headers.get("HX-Request"):
        return page.page(request, alert.pk, status, **more)
    context = {"alert": alert, **page.forms(request.user, alert), **more}
    # htmx swaps only answers of success; the error is told inside.
    return render(request, "console/_composer.html", context)


def ways(alert: Alert, chosen: Mapping[str, str]) -> dict[str, Any]:
    """Where words may go from here: to one person alone where the source can (``others`` are the
    people), or into the room; of a file, to who handed it in (``lines``) with their code.
    ``chosen`` is what the form said last; privately comes first."""
    if not alert.conversation.source.can_reply:
        lines = donors.lines(alert.conversation_id)
        line = next((one for one in lines if str(one.pk) == chosen.get("donor")), None)
        if line is None and len(lines) == 1:
            line = lines[0]
        subject, body = donor_notices.words()
        return {
            "lines": lines,
            "line": line,
            "letters_address": letterbox.address(),
            "notice": f"{subject}\n\n{body}" if line and line.address else "",
        }
    people = []
    if alert.conversation.source.can_message_privately:
        people = thread.others(alert, language())[:MOST_PEOPLE]
    reader = next((one for one in people if str(one.number) == chosen.get("to")), None)
    if reader is None and "to" not in chosen:
        likely = people if len(people) == 1 else [one for one in people if one.signals]
        # Of several who might be the young person, only a human may say who it is.
        reader = likely[0] if len(likely) == 1 else None
    private = bool(people) and chosen.get("way") != "room"
    return {"others": people, "private": private, "reader": reader}


def _template(request: StaffRequest) -> MessageTemplate | None:
    chosen = request.POST.get("template", "")
    if not chosen.isascii() or not chosen.isdigit() or len(chosen) > 18:
        return None
    return MessageTemplate.objects.filter(pk=chosen).first()


def _message_id(request: StaffRequest) -> UUID | None:
    """The id that the preview gave this message, so that a second press sends nothing more."""
    try:
        return UUID(request.POST.get("message", ""))
    except ValueError:
        return None


def marked(draft: str, findings: list[wording.Finding]) -> list[dict[str, Any]]:
    """The draft cut into pieces for the page; those with ``finding`` may not stay."""
    pieces: list[dict[str, Any]] = []
    at = 0
    for number, one in enumerate(findings):
        pieces.append({"text": harmless(draft[at : one.start])})
        pieces.append(
            {
                "text": harmless(one.phrase),
                "finding": one,
                "number": number,
                "why": one.why[language()],
            }
        )
        at = one.end
    pieces.append({"text": harmless(draft[at:])})
    return [piece for piece in pieces if piece["text"]]


def _unfit(
    request: StaffRequest, alert: Alert, draft: str, findings: list[wording.Finding], **more: Any
) -> HttpResponse:
    shown = {**more, "draft": draft, "marked": marked(draft, findings)}
    return _composer(request, alert, 422, **shown)


@require_http_methods(["GET", "POST"])
@needs(Act.SEND)
def send(request: StaffRequest, alert_id: int) -> HttpResponseBase:
    """Step "preview" checks the words and shows them as they will stand in the room; "send" queues
    them; "replace-N" puts the offered wording in the place of the Nth marked sentence."""
    from ansim.console.views import alert as page

    if request.method == "GET":
        return redirect("console:alert", alert_id)  # as for a refused closing
    alert = page.find(alert_id)
    template = _template(request)
    draft = request.POST.get("text", "").replace("\r\n", "\n")
    if not draft.strip() and template is not None:
        draft = template.text
    spoken = template.language if template else request.POST.get("language", "ko")
    spoken = "en" if spoken == "en" else "ko"
    way = ways(alert, request.POST.dict())
    shown: dict[str, Any] = {"draft": draft, "template": template, "spoken": spoken, **way}
    step = request.POST.get("step", "")
    if step == "edit":
        return _composer(request, alert, **shown)
    findings = wording.check(draft, interventions.approved_wordings())
    if step.startswith("replace-"):
        place = step.removeprefix("replace-")
        if place.isascii() and place.isdigit() and int(place[:6]) < len(findings):
            draft = wording.replaced(draft, findings[int(place[:6])])
            findings = wording.check(draft, interventions.approved_wordings())
        shown["draft"] = draft
        if findings:
            return _unfit(request, alert, findings=findings, **shown)
        return _composer(request, alert, **shown)
    if step == "preview":
        if not draft.strip():
            return _composer(
                request, alert, 422, composer_error=_("보낼 내용을 적어 주세요."), **shown
            )
        if findings:
            return _unfit(request, alert, findings=findings, **shown)
        if _open_question(way):
            return _composer(request, alert, 422, composer_error=_NOBODY, **shown)
        message_id = uuid4()
        seen = draft.strip()
        if not way.get("line"):
            seen = checking.signed(seen, message_id, spoken)
        return _composer(request, alert, preview=True, message_id=message_id, as_seen=seen, **shown)
    try:
        interventions.send(
            alert_id,
            request.user,
            draft,
            template,
            language=spoken,
            message_id=_message_id(request),
            recipient=_recipient(way),
            donor=way["line"].pk if way.get("line") else None,
        )
    except Unfit as unfit:
        return _unfit(request, alert, findings=list(unfit.findings), **shown)
    except Refused as refused:
        return _composer(request, alert, 422, composer_error=str(refused), **shown)
    response = _composer(request, alert, just_sent=True)
    if request.headers.get("HX-Request"):
        response["HX-Trigger"] = "ansim:change"
        return response
    return page.back(alert_id, "composer")


def _open_question(way: dict[str, Any]) -> bool:
    """Whether it is still open whom of several people the words are for."""
    if way.get("lines"):
        return way["line"] is None
    return bool(way.get("private")) and way["reader"] is None


def _recipient(way: dict[str, Any]) -> str:
    """The account that alone may read it; empty for the room. Raises Refused where it is open."""
    if _open_question(way):
        raise Refused("nobody_chosen", _NOBODY)
    return str(way["reader"].account) if way.get("private") else ""


@require_POST
@needs(Act.SEND)
def new_code(request: StaffRequest, alert_id: int, line_id: int) -> HttpResponseBase:
    """A new code for somebody who lost theirs, shown this once."""
    from ansim.console.views import alert as page

    try:
        code = donors.renew_code(line_id, alert_id, request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return page.back(alert_id)
    shown = {"code": code, "alert_id": alert_id, "address": letterbox.address(), "renewed": True}
    return render(request, "console/donor_code.html", shown)


@require_POST
@needs(Act.SEND)
def again(request: StaffRequest, alert_id: int, message_id: UUID) -> HttpResponseBase:
    """Puts the words of a message that did not arrive back into the composer: a person looks at
    them and sends them once more, or not."""
    from ansim.console.views import alert as page

    alert = page.find(alert_id)
    row = OutgoingMessage.objects.filter(pk=message_id, alert=alert, author=request.user).first()
    if row is None or row.state not in ("failed", "unknown") or not row.text:
        messages.error(request, _("내가 보냈고 전달되지 않은 글만 다시 쓸 수 있어요."))
        return page.back(alert_id)
    below = checking.signature(row.pk, row.language)
    words = row.text.removesuffix(below).rstrip() if below else row.text
    kept = {"text": words, "language": row.language}
    if row.donor_id:
        kept["donor"] = str(row.donor_id)
    elif row.recipient:
        people = {one.account: one.number for one in thread.others(alert, language())}
        kept |= {"way": "private", "to": str(people.get(row.recipient, ""))}
    else:
        kept["way"] = "room"
    drafts.save(alert.pk, request.user, "message", list(kept.items()))
    return page.back(alert_id, "text")


@require_POST
@needs(Act.SEE_ALERTS)
def draft(request: StaffRequest, alert_id: int, form: str) -> HttpResponseBase:
    """Keeps what was typed into one form of the alert. Answers 204 whether or not it is kept."""
    fields = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in ("csrfmiddlewaretoken", "step", "message")
        for value in values
        if isinstance(value, str)
    ]
    try:
        drafts.save(alert_id, request.user, form, fields)
    except Refused as refused:
        if refused.code in ("no_such_alert", "no_such_form"):
            raise Http404 from None
    return HttpResponse(status=204)
