"""Looking at one deleted contact: as it was, beside the live contact that uses its address."""

from dataclasses import dataclass, field
from datetime import datetime

from flask import abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.extensions import db
from webapp.models import WINDOW, Contact, days_left
from webapp.restoring.look import Look, Part, look_at
from webapp.views.restore_page import ADDRESS, DeletedRow
from webapp.web.address import address
from webapp.web.errors import error
from webapp.web.selection import read_selected_ids
from webapp.words import look as words
from webapp.words.contacts import name_of

BEING_DELETED = "This contact is just being deleted. Try again in a moment."
TOO_OLD = "This contact was deleted more than 30 days ago and can no longer be restored."
MERGED = "This contact was merged into another one and can no longer be restored."


@dataclass(frozen=True)
class PartRow:
    """A list, tag, account or deal; `fate` says what becomes of it, `comes_back` whether it does."""

    name: str
    fate: str
    comes_back: bool
    status: str


@dataclass(frozen=True)
class Column:
    """One of the two contacts side by side, for its template. `is_deleted` shows the fate of each part."""

    heading: str
    key: str
    contact: Contact
    is_deleted: bool
    account: PartRow | None
    lists: list[PartRow] = field(default_factory=list)
    tags: list[PartRow] = field(default_factory=list)
    deals: list[PartRow] = field(default_factory=list)


def deleted_contact(contact_id: int) -> ResponseReturnValue:
    """The page of a contact in the bin. A live contact has its own page; one that can no longer be restored
    gets a page that says why."""
    session = db.session()
    now = read_clock(session)
    look = look_at(session, current_user.workspace_id, contact_id, now)
    back = address("restore_page", ADDRESS, selected=read_selected_ids()[0])
    if look is None:
        return _no_longer_there(contact_id, now, back)
    return render_template(
        "restore/look.html",
        row=_row(look, now),
        columns=_columns(look),
        outcome=words.outcome(look),
        stays=look.live is not None,
        twins=[_row_of(twin, now) for twin in look.twins],
        twins_words=words.twins(look),
        live_href=url_for("contact", contact_id=look.live.contact.id) if look.live else None,
        here=request.full_path.rstrip("?"),
        query=f"?{query}" if (query := request.query_string.decode()) else "",
        back=back,
        now=now,
    )


def _no_longer_there(contact_id: int, now: datetime, back: str) -> ResponseReturnValue:
    contact = db.session.get(Contact, contact_id)
    if contact is None or contact.workspace_id != current_user.workspace_id:
        abort(404)
    if contact.deleted_at is None:
        return redirect(url_for("contact", contact_id=contact_id), 303)
    if contact.merged_into_id is not None:
        return error(
            404, MERGED, back=(url_for("contact", contact_id=contact.merged_into_id), "See that contact")
        )
    sentence = TOO_OLD if contact.deleted_at < now - WINDOW else BEING_DELETED
    return error(404, sentence, back=(back, "Back to deleted contacts"))


def _row(look: Look, now: datetime) -> DeletedRow:
    return _row_of(look.side.contact, now, look.deleted_by.name if look.deleted_by else "")


def _row_of(contact: Contact, now: datetime, deleted_by: str = "") -> DeletedRow:
    assert contact.deleted_at is not None
    return DeletedRow(
        id=contact.id,
        name=name_of(contact),
        email=contact.email or "",
        deleted_at=contact.deleted_at,
        deleted_by=deleted_by,
        days_left=days_left(contact.deleted_at, now),
    )


def _columns(look: Look) -> list[Column]:
    sides = [("Deleted contact", "deleted", look.side)]
    if look.live:
        sides.append(("Live contact with this address", "live", look.live))
    return [
        Column(
            heading,
            key,
            side.contact,
            is_deleted=key == "deleted",
            account=_part(side.account) if side.account else None,
            lists=[_part(part) for part in side.lists],
            tags=[_part(part) for part in side.tags],
            deals=[_part(part, is_deal=True) for part in side.deals],
        )
        for heading, key, side in sides
    ]


def _part(part: Part, *, is_deal: bool = False) -> PartRow:
    status = "Primary Contact" if part.is_primary else part.status.capitalize()
    return PartRow(part.name, words.fate_of(part, is_deal=is_deal), part.comes_back, status)
