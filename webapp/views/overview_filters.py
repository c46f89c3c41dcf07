"""The overview's filters by list and status, tag and account. They are typed by name, because there can be
ten thousand of each; the page offers the names that fit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import String, literal, select, union_all
from sqlalchemy.orm import Session

from webapp.catalogue.names import Named
from webapp.catalogue.pick import pick_named
from webapp.characters import name_key
from webapp.contacts.wanted import Wanted
from webapp.extensions import db
from webapp.forms.typed import searched
from webapp.models import Account, MailingList, Tag
from webapp.models.mailing_list import SubscriptionStatus

# The fields, each with what it names.
KINDS: dict[str, Named] = {"list": MailingList, "tag": Tag, "account": Account}
NAMED_FILTERS = tuple(KINDS)
NO_LIST = "Choose the list on which contacts have this status."


@dataclass(frozen=True)
class Filters:
    """The wanted contacts, a sentence for each field that is wrong, and what was typed."""

    wanted: Wanted
    wrong: Mapping[str, str]
    typed: Mapping[str, str]


def read_filters(args: Mapping[str, str], wanted: Wanted) -> Filters:
    """Add the filters of a request to what is `wanted`."""
    typed = {name: searched(args.get(name)) for name in (*KINDS, "status")}
    names = {name: text for name, text in typed.items() if name in KINDS and name_key(text)}
    ids = _ids(db.session(), wanted.workspace_id, names)
    wrong = {
        name: f"There is no {name} with this name. Choose one that is offered."
        for name in names
        if name not in ids
    }
    if typed["status"] and typed["status"] not in set(SubscriptionStatus):
        wrong["status"] = "Choose a status from the list."
    elif typed["status"] and not typed["list"]:
        wrong["status"] = NO_LIST
    if wrong:
        return Filters(wanted, wrong, typed)
    status = SubscriptionStatus(typed["status"]) if typed["status"] else None
    found = replace(
        wanted,
        list_id=ids.get("list"),
        tag_id=ids.get("tag"),
        account_id=ids.get("account"),
        status=status,
    )
    return Filters(found, wrong, typed)


def _ids(session: Session, workspace_id: int, names: Mapping[str, str]) -> dict[str, int]:
    """The ids of the live ones with these names, in one statement."""
    parts = []
    for name, text in names.items():
        kind, key = KINDS[name], name_key(text)
        here = kind.workspace_id == workspace_id, kind.deleted_at.is_(None), kind.name_key == key
        parts.append(select(literal(name, String).label("field"), kind.id.label("id")).where(*here))
    if not parts:
        return {}
    return {row.field: row.id for row in session.execute(union_all(*parts))}


def offered_names() -> ResponseReturnValue:
    """The names that fit what is typed into a field of this name, for the field to offer."""
    name = next((name for name in KINDS if name in request.args), "account")
    text = searched(request.args.get(name))
    choices = pick_named(db.session(), KINDS[name], current_user.workspace_id, text)
    return render_template("contacts/_names.html", field=name, choices=choices)
