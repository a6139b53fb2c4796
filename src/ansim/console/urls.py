"""Addresses of the console."""

from __future__ import annotations

from django.urls import include, path
from django.views.i18n import set_language

from ansim.console.administration import site
from ansim.console.views import (
    account,
    alert,
    auditing,
    care,
    checking,
    composing,
    entry,
    errors,
    evidence,
    helping,
    judged,
    keeping,
    letters,
    oversight,
    queue,
    shift,
    signing_in,
    standing,
    triage,
    upload,
)

pages = [
    path("", entry.home, name="home"),
    path("log-in/", entry.LogIn.as_view(), name="log_in"),
    path("log-out/", entry.LogOut.as_view(), name="log_out"),
    path("account/", account.account, name="account"),
    path("account/left/", account.left, name="left"),
    path("account/password/", account.password, name="password"),
    path("account/sessions/end/", account.end_others, name="end_others"),
    path("account/codes/new/", account.new_codes, name="new_codes"),
    path("account/factors/<int:factor_id>/remove/", account.remove_factor, name="remove_factor"),
    path("accounts/<int:account_id>/second-factor/", account.reset_factor, name="reset_factor"),
    path("queue/", queue.queue, name="queue"),
    path("queue/list/", queue.queue_list, name="queue_list"),
    path("queue/views/", queue.save_view, name="save_view"),
    path("queue/views/<int:view_id>/forget/", queue.forget_view, name="forget_view"),
    path("events/", queue.events, name="events"),
    path("alerts/<int:alert_id>/", alert.show, name="alert"),
    path("alerts/<int:alert_id>/live/", alert.live, name="alert_live"),
    path("alerts/<int:alert_id>/claim/", alert.claim, name="claim"),
    path("alerts/<int:alert_id>/release/", alert.release, name="release"),
    path("alerts/<int:alert_id>/reveal/", alert.reveal, name="reveal"),
    path("alerts/<int:alert_id>/mask/", alert.mask, name="mask"),
    path("alerts/<int:alert_id>/send/", composing.send, name="send"),
    path("alerts/<int:alert_id>/send/<uuid:message_id>/again/", composing.again, name="again"),
    path("alerts/<int:alert_id>/donors/<int:line_id>/code/", composing.new_code, name="new_code"),
    path("alerts/<int:alert_id>/drafts/<str:form>/", composing.draft, name="draft"),
    path("alerts/<int:alert_id>/hand-offs/", helping.hand_off, name="hand_off"),
    path("alerts/<int:alert_id>/hand-offs/<int:hand_off_id>/", helping.answered, name="answered"),
    path("alerts/<int:alert_id>/plan/", helping.plan, name="plan"),
    path("alerts/<int:alert_id>/close/", alert.close, name="close"),
    path("alerts/<int:alert_id>/reopen/", alert.reopen, name="reopen"),
    path("alerts/<int:alert_id>/escalate/", triage.escalate, name="escalate"),
    path("alerts/<int:alert_id>/answer/", triage.answer, name="answer"),
    path("alerts/<int:alert_id>/hold/", triage.hold, name="hold"),
    path("alerts/<int:alert_id>/resume/", triage.resume, name="resume"),
    path("alerts/<int:alert_id>/hand-over/", triage.hand_over, name="hand_over"),
    path("alerts/<int:alert_id>/note/", triage.note, name="note"),
    path("handover/", shift.handover, name="handover"),
    path("handover/<int:handover_id>/sign/", shift.sign, name="sign"),
    path("handover/<int:handover_id>/withdraw/", shift.withdraw, name="withdraw"),
    path("watch/", shift.watch_page, name="watch"),
    path("watch/targets/<str:priority>/", shift.set_target, name="set_target"),
    path("watch/channels/", shift.add_channel, name="add_channel"),
    path(
        "watch/channels/<int:channel_id>/<str:step>/", shift.change_channel, name="change_channel"
    ),
    path("budget/", shift.budget_page, name="budget"),
    path("verdicts/", judged.judged, name="verdicts"),
    path("budget/plan/", shift.set_plan, name="set_plan"),
    path("upload/", upload.upload, name="upload"),
    path("kept/", keeping.kept, name="kept"),
    path("kept/hold/", keeping.hold, name="hold_text"),
    path("kept/<int:hold_id>/release/", keeping.release, name="release_text"),
    path("audit/", auditing.audit, name="audit"),
    path("audit/export/", auditing.export, name="audit_export"),
    path("audit/review/", auditing.review, name="audit_review"),
    path("first-messages/", oversight.first_messages, name="first_messages"),
    path("first-messages/<int:template_id>/", standing.edit, name="first_message"),
    path("evidence/", evidence.evidence, name="evidence"),
    path("evidence/progress/", evidence.progress, name="evidence_progress"),
    path("evidence/<str:package>/file/", evidence.fetch, name="evidence_file"),
    path("agencies/", standing.agencies, name="agencies"),
    path("me/", care.care, name="care"),
    path("me/rested/", care.rested, name="rested"),
    path("check/", checking.check, name="check"),
    path("letters/", letters.letters, name="letters"),
    path("first-messages/<int:template_id>/approve/", oversight.approve, name="approve"),
]

# Steps of allauth's that find each other by these names; its other addresses are not here.
steps = [
    path("log-in/", entry.LogIn.as_view(), name="account_login"),
    path("log-in/second/", signing_in.SecondStep.as_view(), name="mfa_authenticate"),
    path("log-in/passkey/", signing_in.PasskeyLogIn.as_view(), name="mfa_login_webauthn"),
    path("account/", account.account, name="mfa_index"),
    path("account/app/", account.AddApp.as_view(), name="mfa_activate_totp"),
    path("account/passkey/", account.AddPasskey.as_view(), name="mfa_add_webauthn"),
    path("account/codes/", account.RecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("account/confirm/", signing_in.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("account/confirm/code/", signing_in.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        signing_in.ConfirmByPasskey.as_view(),
        name="mfa_reauthenticate_webauthn",
    ),
]

urlpatterns = [
    path("", include((pages, "console"))),
    *steps,
    path("admin/", site.urls),
    path("language/", set_language, name="set_language"),
    path("csp-report/", errors.csp_report, name="csp_report"),
    path("favicon.ico", entry.favicon, name="favicon"),
    path("healthz", entry.healthz, name="healthz"),
]

handler404 = errors.not_found
handler500 = errors.broken
