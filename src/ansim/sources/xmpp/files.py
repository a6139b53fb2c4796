"""Files that come with a message, as clients tell of them (XEP-0066, XEP-0446, XEP-0447)."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree as ET

from ansim.chat import Attachment
from ansim.sources.fitting import MAX_ATTACHMENTS, fit_attachment
from ansim.sources.places import address_in

_METADATA = "{urn:xmpp:file:metadata:0}"


@dataclass(frozen=True, slots=True)
class File:
    """One file; its address can be a key and is never shown."""

    attachment: Attachment
    address: str = field(default="", repr=False)


def files(message: ET.Element) -> tuple[File, ...]:
    """Files that come with a message, by their description or else by their address."""
    shared = {}
    for sharing in message.iter("{urn:xmpp:sfs:0}file-sharing"):
        described = sharing.find(f"{_METADATA}file")
        source = next(sharing.iter("{http://jabber.org/protocol/url-data}url-data"), None)
        if described is not None and source is not None:
            shared[described] = source.get("target", "")
    found = []
    addresses = oob(message)
    all_described = list(message.iter(f"{_METADATA}file"))
    for described in all_described:
        name = described.findtext(f"{_METADATA}name")
        kind = described.findtext(f"{_METADATA}media-type")
        address = shared.get(described, "")
        if not address and len(all_described) == len(addresses) == 1:
            address = addresses[0]
        found.append(File(fit_attachment(name, kind), address_in(address)))
    if not found:
        found = [File(fit_attachment(_last_part(each)), address_in(each)) for each in addresses]
    return tuple(found[:MAX_ATTACHMENTS])


def oob(message: ET.Element) -> list[str]:
    """Addresses beside the words (XEP-0066)."""
    texts = [(each.text or "").strip() for each in message.iter("{jabber:x:oob}url")]
    return [each for each in texts if each]


def _last_part(url: str) -> str:
    try:
        return unquote(urlsplit(url).path).rpartition("/")[2]
    except ValueError:
        return ""
