"""The connectors there are. A new platform is a line here, a module beside, a page of docs."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from ansim.chat import Source, SourceKind
from ansim.sources import (
    bluesky,
    demo,
    discord,
    http,
    kakao,
    mastodon,
    matrix,
    telegram,
    webhook,
    xmpp,
    youtube,
)
from ansim.sources.contract import Connector, Declaration, Hears, Way
from ansim.sources.wiring import Opening

KAKAOTALK = Declaration(
    name="kakaotalk",
    kinds=frozenset({SourceKind.DONATED}),
    hears=Hears.GIVEN_BY_PARTICIPANT,
    legal_basis=(
        "A participant hands over messages already received by them, after their recorded consent "
        "(and their guardian's for under-14s); nothing is read in transmission."
    ),
    legal_basis_ko=(
        "참여자가 이미 받은 대화를 동의(만 14세 미만은 법정대리인의 동의도)를 기록한 뒤 스스로 "
        "건네줍니다. 오가는 말을 가로채지 않습니다."
    ),
    can_reply=False,
    can_message_privately=False,
    keeps_history=True,
    sends_once=False,
    way=Way.FILE,
)
"""A file import: an export is read once by ``ansim.sources.kakaotalk`` and nothing goes back."""
EXPORTS = replace(KAKAOTALK, name="exports")
"""The same for other messengers' files, by ``ansim.sources.exports``."""

CONNECTORS: dict[str, Declaration] = {
    declaration.name: declaration
    for declaration in (
        bluesky.DECLARATION,
        demo.DECLARATION,
        discord.DECLARATION,
        EXPORTS,
        http.DECLARATION,
        kakao.DECLARATION,
        KAKAOTALK,
        mastodon.DECLARATION,
        matrix.DECLARATION,
        telegram.DECLARATION,
        webhook.DECLARATION,
        xmpp.DECLARATION,
        youtube.DECLARATION,
    )
}


def refusal(source: Source) -> str | None:
    """Why ``source`` may not be read, in one sentence, or None when it may (R01).

    Adds to ``Source.refusal`` that its connector must exist and may serve its kind.
    """
    reason = source.refusal()
    if reason is not None or source.kind is None:
        return reason
    declaration = CONNECTORS.get(source.connector)
    if declaration is None:
        known = ", ".join(sorted(CONNECTORS))
        return f"source {source.id!r} names the connector {source.connector!r}; known are {known}"
    if source.kind not in declaration.kinds:
        kinds = ", ".join(sorted(kind.value for kind in declaration.kinds))
        return (
            f"source {source.id!r} is of kind {source.kind.value}, which the connector "
            f"{source.connector} does not serve; it serves {kinds}"
        )
    return None


def connect(opening: Opening) -> Connector:
    """The connector of one source that has to be brought up: ``connect`` of
    ``ansim.sources.<name>.connector``. Its libraries are loaded now, not before."""
    module = import_module(f"ansim.sources.{opening.source.connector}.connector")
    connector: Connector = module.connect(opening)
    return connector
