"""XMPP's stanzas read with suspicion: who said what in one, or nothing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from ansim.chat import Attachment
from ansim.sources.fitting import fit_id, fit_text
from ansim.sources.xmpp.files import File, files, oob

CLIENT = "jabber:client"
MUC_USER = "{http://jabber.org/protocol/muc#user}"
OCCUPANT = "{urn:xmpp:occupant-id:0}occupant-id"
STANZA_ID = "{urn:xmpp:sid:0}stanza-id"
ORIGIN_ID = "{urn:xmpp:sid:0}origin-id"
DELAY = "{urn:xmpp:delay}delay"
CORRECTS = "{urn:xmpp:message-correct:0}replace"
APPLIES = "{urn:xmpp:fasten:0}apply-to"
_MAM = "{urn:xmpp:mam:2}"
_RSM = "{http://jabber.org/protocol/rsm}"
_ENCRYPTED = ("{urn:xmpp:eme:0}encryption", "{eu.siacs.conversations.axolotl}encrypted")


@dataclass(frozen=True, slots=True)
class Archived:
    """One entry of an archive; ``at`` in seconds since 1970."""

    query: str
    id: str
    at: float
    message: ET.Element


@dataclass(frozen=True, slots=True)
class Page:
    """Entries of an archive, oldest first, and whether nothing follows them."""

    entries: list[Archived]
    complete: bool


@dataclass(frozen=True, slots=True)
class Words:
    """What one message says, whoever said it."""

    text: str
    files: tuple[File, ...]
    keys: tuple[str, ...]
    """Ids that its sender and the room gave it."""
    corrects: str
    """Key of the earlier message that it changes."""
    retracts: str
    moderated: bool
    """Retracted by the room itself."""

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        return tuple(file.attachment for file in self.files)


def archived(message: ET.Element) -> Archived | None:
    """What an archive answered; None for any other message."""
    result = message.find(f"{_MAM}result")
    forwarded = None if result is None else result.find("{urn:xmpp:forward:0}forwarded")
    if result is None or forwarded is None:
        return None
    inner = forwarded.find(f"{{{CLIENT}}}message")
    if inner is None:
        return None
    at = moment(forwarded.find(DELAY)) or 0.0
    return Archived(result.get("queryid", ""), result.get("id", ""), at, inner)


def page_end(answer: ET.Element, entries: list[Archived]) -> Page:
    """A page, once its last word came."""
    fin = answer.find(f"{_MAM}fin")
    done = fin is None or fin.get("complete") in ("true", "1")
    return Page([each for each in entries if each.id], done or not entries)


def words(message: ET.Element) -> Words | None:
    """None for what says nothing, and for what is encrypted: that is never read."""
    if any(message.find(each) is not None for each in _ENCRYPTED):
        return None
    retracts, moderated = _retracted(message)
    replace = message.find(CORRECTS)
    found = files(message)
    text = fit_text(_body(message))
    if found and text.strip() in {*oob(message), *(file.address for file in found)}:
        text = ""  # the address of the file, for clients that know no files
    if not (text or found or retracts):
        return None
    origin = message.find(ORIGIN_ID)
    keys = [message.get("id", ""), "" if origin is None else origin.get("id", "")]
    return Words(
        text="" if retracts else text,
        files=() if retracts else found,
        keys=tuple(each for each in dict.fromkeys(keys) if each),
        corrects="" if replace is None or retracts else replace.get("id", ""),
        retracts=retracts,
        moderated=moderated,
    )


def stanza_id(message: ET.Element, room: str) -> str:
    """The id that the room gave a message in its archive; empty where it gave none."""
    for each in message.findall(STANZA_ID):
        if each.get("by") == room:
            return each.get("id", "")
    return ""


def real_account(stanza: ET.Element) -> str:
    """The account behind an occupant, where the room shows it. What the room adds comes last."""
    items = [
        item.get("jid", "")
        for x in stanza.findall(f"{MUC_USER}x")
        for item in x.findall(f"{MUC_USER}item")
    ]
    return items[-1].partition("/")[0] if items else ""


def occupant_id(stanza: ET.Element) -> str:
    found = stanza.findall(OCCUPANT)
    return found[-1].get("id", "") if found else ""


def statuses(presence: ET.Element) -> set[str]:
    return {each.get("code", "") for each in presence.iter(f"{MUC_USER}status")}


def new_nick(presence: ET.Element) -> str:
    """Of who changes it."""
    item = presence.find(f"{MUC_USER}x/{MUC_USER}item")
    return "" if item is None else item.get("nick", "")


def destroyed(presence: ET.Element) -> bool:
    return presence.find(f"{MUC_USER}x/{MUC_USER}destroy") is not None


def refusal(stanza: ET.Element) -> tuple[str, bool]:
    """Why an error says no, and whether the same may be tried later."""
    error = stanza.find(f"{{{CLIENT}}}error")
    if error is None:
        return "undefined-condition", False
    names = [each.tag.rpartition("}")[2] for each in error if "xmpp-stanzas" in each.tag]
    condition = next((each for each in names if each != "text"), "undefined-condition")
    return condition, error.get("type") == "wait"


def moment(delay: ET.Element | None) -> float | None:
    """Seconds since 1970 of a time stamp (XEP-0082)."""
    if delay is None:
        return None
    try:
        stamp = datetime.fromisoformat(delay.get("stamp", ""))
    except ValueError:
        return None
    return (stamp if stamp.tzinfo else stamp.replace(tzinfo=UTC)).timestamp()


def private_id(room: str, author: str, key: str) -> str:
    """A private message's id: its sender's own, which is nothing without the sender."""
    whole = "\0".join((room, author, key)).encode("utf-8", "surrogatepass")
    return "private:" + hashlib.sha256(whole).hexdigest()[:40]


def id_of(key: str) -> str:
    return fit_id(key)


def _body(message: ET.Element) -> str:
    bodies = message.findall(f"{{{CLIENT}}}body")
    return (bodies[0].text or "") if bodies else ""


def _retracted(message: ET.Element) -> tuple[str, bool]:
    """The key of what is taken back, by any version of XEP-0424 and XEP-0425."""
    for version in ("1", "0"):
        retract = message.find(f"{{urn:xmpp:message-retract:{version}}}retract")
        if retract is not None and retract.get("id"):
            by_room = any("message-moderate" in each.tag for each in retract)
            return retract.get("id", ""), by_room
    applies = message.find(APPLIES)
    if applies is not None and applies.get("id"):
        for each in applies:
            if "message-moderate" in each.tag:
                return applies.get("id", ""), True
            if each.tag == "{urn:xmpp:message-retract:0}retract":
                return applies.get("id", ""), False
    return "", False
