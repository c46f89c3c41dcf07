"""The users of the account: the page of all, and the page of one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from flask import Response, abort, make_response, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.clock import read_clock
from webapp.contacts.keyset import Keyset, Page, Place
from webapp.contacts.search import Amount
from webapp.extensions import db
from webapp.forms.users import UserForm
from webapp.models import OneTimeLink, User, UserGroup
from webapp.people.links import LinkState
from webapp.people.links import state_of as state_of_link
from webapp.people.second_factor import has_second_factor
from webapp.restoring.filters import why_unsearchable
from webapp.web import browse
from webapp.web.browse import PAGE_SIZE, Listing
from webapp.web.one_time import NoPublicUrl, address_of
from webapp.words.users import PILLS, STATES
from webapp.worker.services import services
from webapp.workspaces import users as people
from webapp.workspaces.groups import groups_of
from webapp.workspaces.invitations import latest_link
from webapp.workspaces.users import UserState, Wanted, state_of


@dataclass(frozen=True)
class UserRow:
    id: int
    name: str
    email: str
    groups: list[str]
    state: str
    pill: str
    # Of a user who has accepted.
    seen_at: datetime | None
    has_second_factor: bool
    is_joined: bool


@dataclass(frozen=True)
class Users(Listing):
    """The users that this request selects: by name or address, by state, by group."""

    endpoint: ClassVar[str] = "users"
    page_template = "users/page.html"
    results_template = "users/_results.html"
    noun: ClassVar[str] = "user"
    filters = ("q", "state", "group")
    order: ClassVar[Keyset] = people.BY_NAME

    now: datetime
    all_groups: list[UserGroup]
    q: str
    state: UserState | None
    group_id: int | None
    problems: dict[str, str]

    @classmethod
    def from_request(cls) -> "Users":
        """Read the filters of this request."""
        session, typed, errors = db.session(), request.args, {}
        groups = [group for group, _ in groups_of(session, current_user.workspace_id)]
        q = typed.get("q", "").strip()
        if error := why_unsearchable(q):
            errors["q"] = error
        state = next((state for state in UserState if state == typed.get("state")), None)
        if typed.get("state") and state is None:
            errors["state"] = "Choose a state from the list."
        group = next((group for group in groups if str(group.id) == typed.get("group")), None)
        if typed.get("group") and group is None:
            errors["group"] = "Choose a group from the list."
        return cls(read_clock(session), groups, q[:1000], state, group.id if group else None, errors)

    @property
    def errors(self) -> dict[str, str]:
        return self.problems

    @property
    def states(self) -> list[tuple[str, str]]:
        """The choices of a filter."""
        return [(str(state), words) for state, words in STATES.items()]

    @property
    def groups(self) -> list[tuple[str, str]]:
        """The choices of the other one."""
        return [(str(group.id), group.name) for group in self.all_groups]

    @property
    def is_filtered(self) -> bool:
        return bool(self.q or self.state or self.group_id)

    def read_page(self, *, after: Place | None = None, before: Place | None = None) -> tuple[Page, Amount]:
        wanted = Wanted(current_user.workspace_id, self.q, self.state, self.group_id)
        page = people.read_page(db.session(), wanted, size=PAGE_SIZE, after=after, before=before)
        return page, Amount.on(page, PAGE_SIZE)

    def row(self, record: Any) -> UserRow:
        user: User = record[0]
        state = state_of(user)
        is_joined = user.accepted_at is not None
        return UserRow(
            id=user.id,
            name=user.name,
            email=user.email,
            groups=[group.name for group in user.groups],
            state=STATES[state],
            pill=PILLS[state],
            seen_at=user.seen_at,
            has_second_factor=_has_second_factor(user),
            is_joined=is_joined,
        )


def index() -> ResponseReturnValue:
    """The page, or for htmx its results."""
    return browse.show_page(Users.from_request())


def page(user_id: int) -> ResponseReturnValue:
    """The page of one."""
    return user_page(user_id)


def user_page(
    user_id: int, form: UserForm | None = None, *, refused: str = "", status: int = 200
) -> Response:
    """The page of a user with the form, which is shown again if it was not accepted; `refused` says why.
    Answers 404 if the account has no such user."""
    session = db.session()
    user = user_or_404(user_id)
    form = form or UserForm(formdata=None, obj=user)
    groups = [group for group, _ in groups_of(session, current_user.workspace_id)]
    state = state_of(user)
    link = latest_link(session, user.id) if state is UserState.INVITED else None
    return make_response(
        render_template(
            "users/user.html",
            user=user,
            form=form,
            boxes=form.offer(groups, {group.id for group in user.groups}),
            refused=refused,
            state=STATES[state],
            pill_kind=PILLS[state],
            is_oneself=user.id == current_user.id,
            has_second_factor=_has_second_factor(user),
            invitation=_invitation(link) if link else None,
            now=read_clock(session),
        ),
        status,
    )


def user_or_404(user_id: int) -> User:
    """The account's user with this id; answers 404 if there is none."""
    return people.find_user(db.session(), current_user.workspace_id, user_id) or abort(404)


def _has_second_factor(user: User) -> bool:
    """Whether signing in asks the person for a code. Of an invited one the account knows nothing."""
    return user.accepted_at is not None and user.person is not None and has_second_factor(user.person)


@dataclass(frozen=True)
class InvitationLine:
    """What an Admin sees of an open invitation. Its link only where no mail server sends it."""

    is_old: bool
    expires_at: datetime
    # Whether a message is sent, and since when it is.
    by_mail: bool
    sent_at: datetime | None
    href: str | None
    needs_public_url: bool


def _invitation(link: OneTimeLink) -> InvitationLine:
    by_mail, href, needs_public_url = services().mail.sends_links, None, False
    is_old = state_of_link(link, read_clock(db.session())) is not LinkState.OPEN
    if not by_mail and not is_old:
        try:
            href = address_of(link)
        except NoPublicUrl:
            needs_public_url = True
    return InvitationLine(is_old, link.expires_at, by_mail, link.sent_at, href, needs_public_url)
