"""Senders whose own name holds `` : ``, which is also what stands between a name and its words."""

from __future__ import annotations

from collections import defaultdict

from ansim.sources.kakaotalk.entries import Entry
from ansim.sources.kakaotalk.sentences import system

_MARK = " : "
_LONGEST = 40
_ENOUGH = 3


def settle_names(entries: list[Entry], title: str) -> None:
    """Lengthens a name cut at its first `` : `` where the file shows that it goes on.

    It goes on when the longer name is known from the title or a system line, or when every one of
    at least three messages of the short name goes on in the same way.
    """
    known = {title} if _MARK in title else set()
    groups: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.spoken:
            if _MARK in entry.text[: _LONGEST + len(_MARK)]:
                groups[entry.sender].append(entry)
        elif _MARK in entry.text and (said := system(entry.text)) is not None:
            known.add(said[1])
    if not groups:
        return
    spoken: dict[str, int] = defaultdict(int)
    for entry in entries:
        if entry.spoken:
            spoken[entry.sender] += 1
    for sender, group in groups.items():
        _known(sender, group, known)
        rest = [entry for entry in group if entry.sender == sender]
        if len(rest) >= _ENOUGH and len(rest) == spoken[sender]:
            _common(rest)


def _known(sender: str, group: list[Entry], known: set[str]) -> None:
    for name in known:
        if not name.startswith(sender + _MARK):
            continue
        tail = name[len(sender + _MARK) :]
        for entry in group:
            if entry.sender == sender and entry.text.startswith(tail + _MARK):
                entry.sender = name
                entry.text = entry.text[len(tail + _MARK) :]


def _common(group: list[Entry]) -> None:
    while True:
        tails = {entry.text.partition(_MARK)[0] for entry in group}
        if len(tails) != 1 or not all(_MARK in entry.text[: _LONGEST + 3] for entry in group):
            return
        for entry in group:
            tail, _, entry.text = entry.text.partition(_MARK)
            entry.sender += _MARK + tail
