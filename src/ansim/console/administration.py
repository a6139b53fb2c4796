"""Django's admin, for administrators alone: accounts, sources, first messages, the audit log.

Saving goes through casework's actions like everything else, so that each change is on record.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.password_validation import validate_password
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ansim.casework.actions import accounts, sources, templates
from ansim.casework.errors import Refused
from ansim.casework.models import Account, AuditEvent, MessageTemplate, SourceRecord
from ansim.casework.roles import Act, may
from ansim.chat import Consent
from ansim.console.access import log_in_first

# Django's classes take type arguments only in its stubs.
if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
    _AccountModelForm = forms.ModelForm[Account]
    _SourceModelForm = forms.ModelForm[SourceRecord]
else:
    _ModelAdmin = admin.ModelAdmin
    _AccountModelForm = _SourceModelForm = forms.ModelForm


class AdministratorSite(admin.AdminSite):
    """Not there (404) for any other role."""

    site_header = site_title = gettext_lazy("안심아이 관리")
    index_title = gettext_lazy("관리")
    site_url = None
    enable_nav_sidebar = False

    def has_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Act.ADMINISTER)

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return log_in_first(request)
            if not self.has_permission(request):
                raise Http404
            return cast(HttpResponseBase, inner(request, *args, **kwargs))

        return guarded

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        raise Http404  # people log in on the console's own page

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("console:password")  # one's own, on record


site = AdministratorSite()


def _actor(request: HttpRequest) -> Account:
    """Whoever is logged in; the site lets nobody else get this far."""
    return cast(Account, request.user)


class _ByRole(_ModelAdmin):
    """The role decides, not Django's per-model permissions; nothing is ever deleted."""

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["console/admin.css"]}

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request.user, Act.ADMINISTER)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Act.ADMINISTER)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return may(request.user, Act.ADMINISTER)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may(request.user, Act.ADMINISTER)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().changeform_view(request, *args, **kwargs)
        except Refused as refused:
            # Once more, with the refusal as an error of the form: all that was typed is kept.
            request.refusal = str(refused)  # type: ignore[attr-defined]
            return super().changeform_view(request, *args, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, *args, **kwargs)
        refusal: str | None = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class Refusing(form):  # type: ignore[misc]
            def clean(self) -> Any:
                super().clean()
                raise forms.ValidationError(str(refusal))

        return Refusing

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        self.carry_out(request, obj, form, change)

    # Django's own log would stand beside the audit log and can be changed: the actions write one.
    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> Any:
        return None

    def log_deletions(self, request: HttpRequest, queryset: Any) -> Any:
        return None

    def carry_out(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Does what was asked through an action."""
        raise NotImplementedError


class AccountForm(_AccountModelForm):
    password_new = forms.CharField(
        label=gettext_lazy("새 비밀번호"),
        widget=forms.PasswordInput,
        required=False,
        help_text=gettext_lazy("비워 두면 그대로 둡니다. 12자 이상을 권합니다."),
    )

    class Meta:
        model = Account
        fields = ("username", "display_name", "role", "is_active")

    def clean_password_new(self) -> str:
        password: str = self.cleaned_data["password_new"]
        if password:
            validate_password(password, self.instance)
        elif self.instance.pk is None:
            raise forms.ValidationError(_("새 계정에는 비밀번호가 있어야 합니다."))
        return password


@admin.register(Account, site=site)
class AccountAdmin(_ByRole):
    form = AccountForm
    list_display = ("username", "display_name", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    search_fields = ("username", "display_name")

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        return ("username", "second_factor") if obj else ()

    @admin.display(description=gettext_lazy("2단계 인증"))
    def second_factor(self, person: Account) -> str:
        kinds = sorted(Authenticator.objects.filter(user=person).values_list("type", flat=True))
        return format_html(
            '{} · <a href="{}">{}</a>',
            ", ".join(kinds) or _("아직 없음"),
            reverse("console:reset_factor", args=[person.pk]),
            _("지우고 다시 등록하게 하기"),
        )

    def carry_out(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor = _actor(request)
        given = form.cleaned_data
        if change:
            accounts.change(
                obj.pk,
                actor,
                role=given["role"],
                display_name=given["display_name"],
                active=given["is_active"],
                password=given["password_new"] or None,
            )
            return
        made = accounts.create(
            given["username"],
            given["password_new"],
            given["role"],
            actor=actor,
            display_name=given["display_name"],
        )
        obj.pk = made.pk


class SourceForm(_SourceModelForm):
    class Meta:
        model = SourceRecord
        fields = (
            "id",
            "name",
            "kind",
            "legal_basis",
            "consent",
            "connector",
            "private_messages",
        )
        help_texts = {  # noqa: RUF012 - as Django declares it
            "consent": gettext_lazy(
                '모두에게 알린 봇과 제공된 대화에는 꼭 있어야 합니다. 예: {"given_by": '
                '"all present", "given_at": 1767225600, "how": "방 공지"}'
            ),
            "private_messages": gettext_lazy(
                "플랫폼이 outbox의 ‘to’를 지켜 그 계정에게만 보여 줄 때만 켜세요. 켜면 상담원의 "
                "글은 먼저 한 사람에게만 보내도록 제안됩니다."
            ),
        }

    def clean_consent(self) -> Any:
        import msgspec

        given = self.cleaned_data["consent"]
        if not given:
            return None
        try:
            msgspec.convert(given, Consent)
        except msgspec.ValidationError as error:
            raise forms.ValidationError(str(error)) from None
        return given


@admin.register(SourceRecord, site=site)
class SourceAdmin(_ByRole):
    form = SourceForm
    list_display = ("id", "name", "kind", "connector", "private_messages", "active", "removed_at")
    list_filter = ("kind", "active")
    actions = ("renew_key", "switch_on", "switch_off")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> tuple[str]:
        return ("id",) if obj else ()  # type: ignore[return-value]

    def carry_out(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        import msgspec

        actor = _actor(request)
        given = form.cleaned_data
        if change:
            fields = {name: given[name] for name in form.changed_data if name != "id"}
            if fields:
                sources.change(obj.pk, actor, **fields)
            return
        consent = msgspec.convert(given["consent"], Consent) if given["consent"] else None
        record, key = sources.declare(
            given["id"],
            given["name"],
            given["kind"],
            given["legal_basis"],
            actor=actor,
            consent=consent,
            connector=given["connector"],
            private_messages=given["private_messages"],
        )
        obj.pk = record.pk
        if key:
            self._show_key(request, record.pk, key)

    def _show_key(self, request: HttpRequest, source: str, key: str) -> None:
        messages.warning(
            request,
            _("‘%(source)s’의 API 키입니다. 지금 한 번만 보입니다: %(key)s")
            % {"source": source, "key": key},
        )

    def _switch(self, request: HttpRequest, rows: QuerySet[SourceRecord], *, active: bool) -> None:
        for record in rows:
            try:
                sources.switch(record.pk, _actor(request), active=active)
            except Refused as refused:
                messages.error(request, f"{record.pk}: {refused}")

    @admin.action(description=gettext_lazy("API 키 새로 만들기 (이전 키는 바로 못 씀)"))
    def renew_key(self, request: HttpRequest, rows: QuerySet[SourceRecord]) -> None:
        for record in rows:
            try:
                key = sources.rotate_key(record.pk, _actor(request))
            except Refused as refused:
                messages.error(request, f"{record.pk}: {refused}")
            else:
                self._show_key(request, record.pk, key)

    @admin.action(description=gettext_lazy("수집 켜기"))
    def switch_on(self, request: HttpRequest, rows: QuerySet[SourceRecord]) -> None:
        self._switch(request, rows, active=True)

    @admin.action(description=gettext_lazy("수집 끄기"))
    def switch_off(self, request: HttpRequest, rows: QuerySet[SourceRecord]) -> None:
        self._switch(request, rows, active=False)


@admin.register(MessageTemplate, site=site)
class TemplateAdmin(_ByRole):
    """A new wording waits for a supervisor, who approves it on the console."""

    fields = ("slug", "language", "title", "body", "version", "approved_by", "approved_at")
    list_display = ("title", "slug", "language", "version", "approved_by")
    list_filter = ("language",)

    def get_readonly_fields(
        self, request: HttpRequest, obj: Model | None = None
    ) -> tuple[str, ...]:
        always = ("version", "approved_by", "approved_at")
        return ("slug", "language", *always) if obj else always

    def carry_out(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        made = templates.write(obj.slug, obj.language, obj.title, obj.body, _actor(request))
        obj.pk = made.pk


@admin.register(AuditEvent, site=site)
class AuditAdmin(_ByRole):
    list_display = ("at", "actor_label", "action", "subject_type", "subject_id", "reason")
    list_filter = ("action",)
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
