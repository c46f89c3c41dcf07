"""Lists, tags and accounts: what their pages have in common is written once, and differs by this table."""

from dataclasses import dataclass

from flask import abort, url_for
from flask_login import current_user

from webapp.catalogue.names import Named
from webapp.contacts.things import Thing, find_thing
from webapp.extensions import db
from webapp.models import Account, MailingList, Tag
from webapp.web.access import Access
from webapp.words.numbers import plural


@dataclass(frozen=True)
class ThingKind:
    model: Named
    noun: str
    picture: str
    # Of its contacts: "on this list".
    having: str
    # What it is for, and how a contact gets there, on pages that have nothing else to show.
    about: str
    how: str
    # Who may delete one.
    may_delete: Access = Access.SIGNED_IN

    @property
    def index(self) -> str:
        """The endpoint of the page of all of them; their path is the same word."""
        return plural(self.noun)

    @property
    def page(self) -> str:
        """The endpoint of the page of one."""
        return self.noun

    def endpoint(self, act: str) -> str:
        """The endpoint of an act: "rename_list"."""
        return f"{act}_{self.noun}"

    def href(self, act: str = "", row_id: int | None = None) -> str:
        """The address of the page of one, of one of its acts, or (without an id) of an act on none."""
        endpoint = self.endpoint(act) if act else self.page
        return url_for(endpoint, thing_id=row_id) if row_id else url_for(endpoint)

    @property
    def has_status(self) -> bool:
        """Whether its contacts have a status in it."""
        return self.model is MailingList

    @property
    def can_be_deleted(self) -> bool:
        """Whether the signed-in user may delete one."""
        return self.may_delete.admits(current_user)

    def find_or_404(self, thing_id: int) -> Thing:
        """The live one with this id in the user's account; answers 404 if there is none."""
        thing = find_thing(db.session(), self.model, current_user.workspace_id, thing_id)
        if thing is None:
            abort(404)
        return thing


LISTS = ThingKind(
    MailingList,
    "list",
    "mail",
    having="on this list",
    about="A list holds the contacts that get the same messages, such as a newsletter.",
    how="Contacts are put on a list on their own pages, by an import or by an automation.",
    may_delete=Access.DELETE_LISTS,
)
TAGS = ThingKind(
    Tag,
    "tag",
    "tag",
    having="with this tag",
    about="A tag marks contacts that have something in common, such as the fair where you met.",
    how="Contacts are tagged on their own pages, by an import or by an automation.",
)
ACCOUNTS = ThingKind(
    Account,
    "account",
    "account",
    having="of this account",
    about="An account is a company that contacts belong to.",
    how="A contact’s account is chosen on its own page or by an import.",
)
