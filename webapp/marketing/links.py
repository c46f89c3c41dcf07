"""The links in messages: signed, complete by themselves, valid for ever (docs/adr/0027-links-and-consent.md).

A token names a workspace, a list, a contact and the hash of an address, so that it works when the contact is
deleted or purged. It is signed with the workspace's own key, which no change of the deployment's keys
touches; `Message-ID`s are signed in the same way.
"""

import base64
import binascii
import hmac
import re
import secrets
import struct
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from webapp.database import execute_update, lock_workspace
from webapp.models import Workspace
from webapp.numbers import LARGEST_ID

# Workspace, list and contact (0 for none), and the SHA-256 of the address.
_FORM = struct.Struct(">QQQ32s")
_MAC_BYTES = 16
# In base64, without padding. A text of another length is none.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{96}")
_MARK = re.compile(r"m\.(\d{1,19})\.(\d{1,19})\.([0-9a-f]{32})", re.ASCII)


class LinkKind(StrEnum):
    """What a link does. A token of one kind is not valid as another."""

    UNSUBSCRIBE = "u"
    CONFIRM = "c"


@dataclass(frozen=True)
class Link:
    """What a token says: one list, or (None) all lists."""

    workspace_id: int
    list_id: int | None
    contact_id: int | None
    address_hash: str


def key_of(session: Session, workspace_id: int) -> bytes:
    """The workspace's key for links, made when it is first asked for, in the caller's write transaction."""
    found = session.scalar(select(Workspace.link_key).where(Workspace.id == workspace_id))
    if not found:
        # Under the lock, so that two that ask at once get the same one.
        lock_workspace(session, workspace_id)
        execute_update(
            session,
            update(Workspace)
            .where(Workspace.id == workspace_id, Workspace.link_key.is_(None))
            .values(link_key=secrets.token_hex(32)),
        )
        found = session.scalar(select(Workspace.link_key).where(Workspace.id == workspace_id))
    return bytes.fromhex(found or "")


def to_token(kind: LinkKind, link: Link, key: bytes) -> str:
    """The token of a link, signed with the workspace's key."""
    form = _FORM.pack(
        link.workspace_id, link.list_id or 0, link.contact_id or 0, bytes.fromhex(link.address_hash)
    )
    return base64.urlsafe_b64encode(form + _mac(key, kind.encode() + form)).decode()


def read_token(session: Session, kind: LinkKind, token: str) -> Link | None:
    """What a token of this kind says; None if no workspace has signed it."""
    if not _TOKEN.fullmatch(token):
        return None
    data = base64.urlsafe_b64decode(token)
    form, mac = data[: _FORM.size], data[_FORM.size :]
    workspace_id, list_id, contact_id, digest = _FORM.unpack(form)
    if not _is_signed(session, workspace_id, kind.encode() + form, mac):
        return None
    return Link(workspace_id, list_id or None, contact_id or None, digest.hex())


def to_mark(workspace_id: int, message_id: int, key: bytes) -> str:
    """The signed text by which a bounce names a message: what stands before the @ of its `Message-ID`."""
    name = f"m.{workspace_id}.{message_id}"
    return f"{name}.{_mac(key, name.encode()).hex()}"


def read_mark(session: Session, text: str) -> int | None:
    """The id of the message that a mark in `text` names; None if there is none that a workspace has
    signed."""
    found = _MARK.search(text)
    if found is None:
        return None
    name = found[0].rpartition(".")[0]
    if not _is_signed(session, int(found[1]), name.encode(), binascii.unhexlify(found[3])):
        return None
    return int(found[2])


def _is_signed(session: Session, workspace_id: int, form: bytes, mac: bytes) -> bool:
    if not 1 <= workspace_id <= LARGEST_ID:
        return False
    key = session.scalar(select(Workspace.link_key).where(Workspace.id == workspace_id))
    return bool(key) and hmac.compare_digest(_mac(bytes.fromhex(key or ""), form), mac)


def _mac(key: bytes, form: bytes) -> bytes:
    return hmac.digest(key, form, "sha256")[:_MAC_BYTES]
