"""What casework keeps. Read it anywhere; write it only through ``casework.actions``."""

from ansim.casework.models.account import Account
from ansim.casework.models.alert import Alert, Grounds, Kind, Outcome, Reply, State
from ansim.casework.models.case import Case, CaseAlert, CaseMember, CaseOutcome, CaseState
from ansim.casework.models.case_file import (
    CaseConsent,
    CaseDocument,
    CaseMemo,
    CasePerson,
    CaseTask,
)
from ansim.casework.models.chain import AuditLink, AuditPending, AuditReview, AuditSegment
from ansim.casework.models.conversation import Conversation, Turn
from ansim.casework.models.donor import DonorLine
from ansim.casework.models.hold import LegalHold
from ansim.casework.models.intervention import (
    Delivery,
    Draft,
    MessageTemplate,
    OutgoingMessage,
    TemplateVersion,
)
from ansim.casework.models.opinion import ReviewerState, SecondOpinion
from ansim.casework.models.original import PictureOriginal
from ansim.casework.models.record import AuditEvent, StreamCommand
from ansim.casework.models.referral import Agency, Answer, HandOff, SafetyPlan
from ansim.casework.models.repeat import LinkAppeal, RepeatPending, Sighting, Trace
from ansim.casework.models.reporting import (
    Referral,
    ReferralPackage,
    ReferralState,
    ReferralVersion,
    ReportDuty,
    SentBy,
)
from ansim.casework.models.requests import Correction, ReadingStop, SubjectRequest
from ansim.casework.models.shift import CaseNote, Handover, HandoverItem, SavedView
from ansim.casework.models.source import (
    SourceCredentials,
    SourceDraft,
    SourceNotice,
    SourceRecord,
)
from ansim.casework.models.source_health import (
    SourceAlarm,
    SourceGap,
    SourceHealth,
    SourceHour,
    SourceTest,
)
from ansim.casework.models.watch import Channel, Notice, ReadingState, ResponseTarget, TeamPlan
from ansim.casework.models.wellbeing import Comfort, Exposure

__all__ = [
    "Account",
    "Agency",
    "Alert",
    "Answer",
    "AuditEvent",
    "AuditLink",
    "AuditPending",
    "AuditReview",
    "AuditSegment",
    "Case",
    "CaseAlert",
    "CaseConsent",
    "CaseDocument",
    "CaseMember",
    "CaseMemo",
    "CaseNote",
    "CaseOutcome",
    "CasePerson",
    "CaseState",
    "CaseTask",
    "Channel",
    "Comfort",
    "Conversation",
    "Correction",
    "Delivery",
    "DonorLine",
    "Draft",
    "Exposure",
    "Grounds",
    "HandOff",
    "Handover",
    "HandoverItem",
    "Kind",
    "LegalHold",
    "LinkAppeal",
    "MessageTemplate",
    "Notice",
    "Outcome",
    "OutgoingMessage",
    "PictureOriginal",
    "ReadingState",
    "ReadingStop",
    "Referral",
    "ReferralPackage",
    "ReferralState",
    "ReferralVersion",
    "RepeatPending",
    "Reply",
    "ReportDuty",
    "ResponseTarget",
    "ReviewerState",
    "SafetyPlan",
    "SavedView",
    "SecondOpinion",
    "SentBy",
    "Sighting",
    "SourceAlarm",
    "SourceCredentials",
    "SourceDraft",
    "SourceGap",
    "SourceHealth",
    "SourceHour",
    "SourceNotice",
    "SourceRecord",
    "SourceTest",
    "State",
    "StreamCommand",
    "SubjectRequest",
    "TeamPlan",
    "TemplateVersion",
    "Trace",
    "Turn",
]
