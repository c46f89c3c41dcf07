"""Deleting contacts on the overview: a dialog that names the consequences, then the deletion."""

from dataclasses import dataclass
from datetime import datetime

from flask import Response, flash, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import select

from webapp.clock import read_clock
from webapp.contacts.delete import Consequences, any_deleted, delete_contacts, preview_deletion
from webapp.database import lock_workspace, write_transaction
from webapp.extensions import db
from webapp.models import Contact, restorable_until
from webapp.views.overview import LiveContacts
from webapp.web import browse
from webapp.web.address import CURSORS, address
from webapp.web.dates import exact
from webapp.web.errors import error
from webapp.web.htmx import is_htmx, page_or_part
from webapp.web.rates import DELETIONS, take
from webapp.web.selection import read_selected_ids
from webapp.words.isolation import isolated
from webapp.words.numbers import counted, joined, number

NOTHING_SELECTED = "Select at least one contact first."


@dataclass(frozen=True)
class DeleteQuestion:
    title: str
    lines: list[str]
    ids: list[int]
    # The target of Cancel when the dialog is a page: the same search and selection.
    back: str


def confirm_delete() -> ResponseReturnValue:
    """The dialog that describes the consequences of deleting the selected contacts."""
    ids, complaint = read_selected_ids()
    if complaint or not ids:
        return refuse(complaint or NOTHING_SELECTED)
    foreseen = preview_deletion(
        db.session(),
        workspace_id=current_user.workspace_id,
        which=select(Contact.id).where(Contact.id.in_(ids)),
    )
    if not foreseen.contacts:
        return refuse("None of the selected contacts is here any more.")
    back = address(LiveContacts.endpoint, LiveContacts.filters + CURSORS, selected=ids)
    question = DeleteQuestion(f"Delete {counted(foreseen.contacts, 'contact')}?", _lines(foreseen), ids, back)
    return page_or_part("contacts/confirm_delete.html", "contacts/_confirm_delete.html", question=question)


def delete() -> ResponseReturnValue:
    """Delete the selected contacts. A second identical request answers that they were already deleted."""
    ids, complaint = read_selected_ids()
    if complaint or not ids:
        return error(422, f"{complaint or NOTHING_SELECTED} Nothing was changed.")
    if too_many := take(DELETIONS):
        return too_many.answer()
    session, workspace_id, user_id = db.session(), current_user.workspace_id, current_user.id
    with write_transaction(session):
        # The clock is read under the lock, so that times and numbers of deletions have the same order.
        lock_workspace(session, workspace_id)
        deletion = delete_contacts(
            session,
            workspace_id=workspace_id,
            which=select(Contact.id).where(Contact.id.in_(ids)),
            by=user_id,
            now=read_clock(session),
            source="overview",
        )
    if deletion:
        # The overview tells an admin itself, together with the deletions just before, and offers "Undo".
        if not current_user.may_restore:
            flash(_deleted(deletion.contact_count, until=restorable_until(deletion.created_at)), "success")
    elif any_deleted(session, workspace_id=workspace_id, ids=ids):
        flash(_already_deleted(len(ids)), "info")
    else:
        missing = "This contact is" if len(ids) == 1 else "These contacts are"
        return error(404, f"{missing} not here. Nothing was changed.")
    if is_htmx():
        return Response(headers={"HX-Redirect": url_for("overview")})
    return redirect(url_for("overview"), 303)


def refuse(message: str) -> ResponseReturnValue:
    """Show in the selection bar why no dialog was opened; the selection is kept."""
    return browse.refuse(LiveContacts.from_request(), message)


def _deleted(number: int, *, until: datetime) -> str:
    """The notice after a member's deletion. It names the end of the 30 days: 29 whole ones are left."""
    return f"{counted(number, 'contact')} deleted. {_can_restore(number)} until {exact(until)}."


def _already_deleted(number: int) -> str:
    whose = "its deletion" if number == 1 else "their deletion"
    already = "This contact was" if number == 1 else "These contacts were"
    return (
        f"{already} already deleted. Nothing was changed. {_can_restore(number)} within 30 days of {whose}."
    )


def _can_restore(number: int) -> str:
    return (
        f"{'You' if current_user.may_restore else 'An admin'} can restore {'it' if number == 1 else 'them'}"
    )


def _lines(foreseen: Consequences) -> list[str]:
    lines = ["They can be restored for 30 days, with lists, tags, account and Created Date."]
    if foreseen.contacts == 1:
        lines = ["It can be restored for 30 days, with lists, tags, account and Created Date."]
    if foreseen.deals_deleted:
        its, it = ("its", "it") if foreseen.deals_deleted == 1 else ("their", "them")
        deals, more = counted(foreseen.deals_deleted, "deal"), foreseen.deals_deleted - len(foreseen.titles)
        titles = joined([*map(isolated, foreseen.titles), *([f"{number(more)} more"] if more else [])])
        lines.append(
            f"{deals} will be deleted with {its} last contact: {titles}. "
            f"A restore brings {it} back only if that is asked for."
        )
    if foreseen.deals_left:
        others = "stays, with its" if foreseen.deals_left == 1 else "stay, with their"
        lines.append(f"{counted(foreseen.deals_left, 'deal')} {others} other contacts.")
    return lines
