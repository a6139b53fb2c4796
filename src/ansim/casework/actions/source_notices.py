"""The fixed notices of a source: proposed, reworded, and approved by a named supervisor (R02, R08).

What was approved stays in force until somebody approves the next wording, so that rewording never
leaves a room untold.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ansim.casework import wording
from ansim.casework.actions import audit
from ansim.casework.actions.permission import require
from ansim.casework.errors import Refused, Unfit
from ansim.casework.models import Account, SourceNotice, SourceRecord
from ansim.casework.roles import Act, may
from ansim.sources.contract import Declaration, Hears, Way
from ansim.sources.notices import PROPOSALS
from ansim.sources.wiring import NoticeKind, Rule

LONGEST = 1000
_READING = (NoticeKind.ROOM, NoticeKind.JOINED, NoticeKind.ASK)
_WORDS: dict[NoticeKind, dict[str, tuple[str, ...]]] = {
    NoticeKind.ROOM: {"ko": ("!그만",), "en": ("!stop",)},
    NoticeKind.JOINED: {"ko": ("!그만",), "en": ("!stop",)},
    NoticeKind.ASK: {"ko": ("!동의", "!그만"), "en": ("!agree", "!stop")},
}
"""Words that a notice must name, or nobody could object or agree."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One notice of one source: its newest wording, and the one that is said."""

    kind: NoticeKind
    newest: SourceNotice
    said: SourceNotice | None
    needed: bool
    """Nothing is read before this one is approved."""

    @property
    def waits(self) -> bool:
        return not self.newest.approved


def kinds(declaration: Declaration | None) -> tuple[NoticeKind, ...]:
    """The notices that a connector may have to say. None where the platform tells its people
    itself, where all can read along anyway, and where a file is brought."""
    if declaration is None or declaration.way is Way.FILE or not declaration.can_reply:
        return ()
    if declaration.hears is Hears.ROOM_THAT_WAS_TOLD:
        # The demo room tells above its messages, and has no entries of its own.
        return () if declaration.name == "demo" else tuple(NoticeKind)
    if declaration.hears is Hears.GIVEN_BY_PARTICIPANT:
        return (NoticeKind.HELLO,)
    return ()


def needed(declaration: Declaration | None, rule: str) -> frozenset[NoticeKind]:
    """Those without which nothing may be read, by the source's rule."""
    there = kinds(declaration)
    if NoticeKind.ROOM not in there:
        return frozenset(there) & {NoticeKind.HELLO}
    if rule == Rule.AGREED:
        return frozenset({NoticeKind.ASK, NoticeKind.STOPPED, NoticeKind.RESUMED})
    return frozenset({NoticeKind.ROOM, NoticeKind.JOINED, NoticeKind.STOPPED, NoticeKind.RESUMED})


def propose(
    record: SourceRecord,
    actor: Account | str,
    wordings: Mapping[str, Mapping[str, str]] | None = None,
) -> None:
    """Writes the first version of every notice that the source has none of: the proposal of the
    software, or what ``wordings`` (kind → language → text) has instead. Within a transaction."""
    there = set(record.notices.values_list("kind", flat=True))
    for kind in kinds(record.declaration):
        if kind.value in there:
            continue
        proposal = PROPOSALS[kind]
        given = (wordings or {}).get(kind.value, {})
        texts = {
            language: fit(kind, language, given.get(language) or proposal[language])
            for language in ("ko", "en")
        }
        own = texts != {language: words.strip() for language, words in proposal.items()}
        row = SourceNotice.objects.create(
            source=record,
            kind=kind.value,
            ko=texts["ko"],
            en=texts["en"],
            proposed_by=actor if own and not isinstance(actor, str) else None,
            proposed_at=timezone.now(),
        )
        if own:
            _record(row, "source.notice_written", actor)


@transaction.atomic
def write(source_id: str, kind: str, ko: str, en: str, actor: Account) -> SourceNotice:
    """Writes the next wording of one notice; it is said once somebody else has approved it.

    Raises Refused naming what is missing, Unfit for words that may not be said.
    """
    if not (may(actor, Act.APPROVE_TEMPLATES) or may(actor, Act.ADMINISTER)):
        require(actor, Act.APPROVE_TEMPLATES)
    record = _source(source_id)
    if kind not in {one.value for one in kinds(record.declaration)}:
        raise Refused("no_such_notice", _("이 출처에는 없는 안내입니다."))
    which = NoticeKind(kind)
    texts = {"ko": fit(which, "ko", ko), "en": fit(which, "en", en)}
    last = record.notices.filter(kind=kind).order_by("-version").first()
    if last is not None and (last.ko, last.en) == (texts["ko"], texts["en"]):
        return last
    row = SourceNotice.objects.create(
        source=record,
        kind=kind,
        version=last.version + 1 if last else 1,
        ko=texts["ko"],
        en=texts["en"],
        proposed_by=actor,
        proposed_at=timezone.now(),
    )
    _record(row, "source.notice_written", actor)
    return row


@transaction.atomic
def approve(source_id: str, seen: Mapping[str, int], actor: Account) -> list[SourceNotice]:
    """A named supervisor, who did not write them, stands for the wordings they have read: ``seen``
    holds the version by kind. Returns those approved now.

    Raises Refused ("changed") where a wording is another one by now, ("own_words") for one's own.
    """
    require(actor, Act.APPROVE_TEMPLATES)
    record = _source(source_id)
    done = []
    for kind, version in seen.items():
        row = record.notices.filter(kind=kind).order_by("-version").first()
        if row is None:
            raise Refused("no_such_notice", _("이 출처에는 없는 안내입니다."))
        if row.version != version:
            raise Refused(
                "changed", _("그사이 문구가 바뀌었습니다. 새 문구를 읽고 다시 승인해 주세요.")
            )
        if row.approved:
            continue
        if row.proposed_by_id == actor.pk:
            raise Refused("own_words", _("자기가 쓴 문구는 다른 사람이 승인해야 합니다."))
        row.approved_by, row.approved_at = actor, timezone.now()
        row.save(update_fields=["approved_by", "approved_at"])
        _record(row, "source.notice_approved", actor)
        done.append(row)
    return done


def shown(record: SourceRecord) -> list[Shown]:
    """The notices of a source, those first without which nothing is read."""
    required = needed(record.declaration, record.rule)
    newest: dict[str, SourceNotice] = {}
    said: dict[str, SourceNotice] = {}
    for row in record.notices.select_related("proposed_by", "approved_by").order_by("version"):
        newest[row.kind] = row
        if row.approved:
            said[row.kind] = row
    rows = [
        Shown(kind=kind, newest=newest[kind], said=said.get(kind), needed=kind in required)
        for kind in kinds(record.declaration)
        if kind in newest
    ]
    return sorted(rows, key=lambda one: not one.needed)


def waiting(record: SourceRecord) -> list[NoticeKind]:
    """Notices whose approval the source's reading waits for."""
    return [one.kind for one in shown(record) if one.needed and one.said is None]


def in_force(sources: Iterable[str]) -> dict[str, dict[str, dict[str, str]]]:
    """The approved words by source, kind and language: what alone may be said."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    rows = SourceNotice.objects.filter(source__in=list(sources), approved_at__isnull=False)
    for row in rows.exclude(approved_by=None).order_by("version"):
        found.setdefault(row.source_id, {})[row.kind] = {"ko": row.ko, "en": row.en}
    return found


def fit(kind: NoticeKind, language: str, text: str) -> str:
    """The words of one notice in one language, trimmed. Raises Refused naming the notice and what
    it leaves out, Unfit for what may not be said."""
    words = text.replace("\r\n", "\n").strip()
    named = {"kind": SourceNotice.Kind(kind.value).label, "language": language}
    if not words:
        raise Refused("notice_missing", _("‘%(kind)s’ (%(language)s): 문구를 적어 주세요.") % named)
    if len(words) > LONGEST or "\0" in words:
        raise Refused(
            "too_long", _("‘%(kind)s’ (%(language)s): 1,000자를 넘을 수 없습니다.") % named
        )
    for word in ("{agency}", *_WORDS.get(kind, {}).get(language, ())):
        if word not in words:
            raise Refused(
                "word_missing",
                _("‘%(kind)s’ (%(language)s): 문구에 %(word)s 이(가) 있어야 합니다.")
                % {**named, "word": word},
            )
    plain = words.replace("{agency}", "agency")
    # Sentences of a proposal may be said as they stand: they name the official numbers.
    proposal = PROPOSALS[kind][language].replace("{agency}", "agency")
    findings = [
        one
        for one in wording.check(plain)
        if one.rule != "promise" and plain[slice(*one.sentence)].strip() not in proposal
    ]
    if findings:
        why = findings[0].why["ko" if language == "ko" else "en"]
        raise Unfit(f"‘{findings[0].phrase}’: {why}", findings)
    return words


def _source(source_id: str) -> SourceRecord:
    row = SourceRecord.objects.select_for_update().filter(pk=source_id).first()
    if row is None or row.removed_at is not None:
        raise Refused("no_such_source", _("없는 출처입니다."))
    return row


def _record(row: SourceNotice, action: str, actor: Account | str) -> None:
    audit.record(
        action, row.source, actor=actor, details={"notice": row.kind, "version": row.version}
    )
