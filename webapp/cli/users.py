"""`flask users`: the first Admin of an account, and what Admins cannot do themselves."""

from collections.abc import Callable

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.characters import name_key
from webapp.cli.database import Refusal, check_database, chosen_workspace, shown
from webapp.cli.passwords import users_group
from webapp.clock import read_clock
from webapp.contacts.address import NotAnAddress, read_address
from webapp.contacts.normal import normalize
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.forms.typed import on_one_line, why_unfit
from webapp.forms.users import LONGEST_NAME
from webapp.models import OneTimeLink, User, Workspace
from webapp.web.one_time import address_of
from webapp.words.users import STATES, why_not
from webapp.worker.services import services
from webapp.workspaces import membership
from webapp.workspaces.accounts import add_admin, ensure_account, lock_accounts
from webapp.workspaces.acting import NotChanged
from webapp.workspaces.second_factor import remove_second_factor
from webapp.workspaces.users import state_of, users_with

__all__ = ["users_group"]

UNCHANGED = "Nothing was changed."
account_option = click.option("--account", help="The name of the account.  [default: all accounts]")


@users_group.command("add-admin")
@click.argument("address")
@click.option("--account", help="The name of the account, which is created if there is none.")
@click.option("--name", help="The name of the person.  [default: the address up to the @]")
@with_appcontext
def add_admin_command(address: str, account: str | None, name: str | None) -> None:
    """Make ADDRESS an Admin of an account, and print the link by which they join it.

    Without --account it is the only account there is, or the first one, which is named after the domain of
    the address. A person who is a user of it already becomes an Admin at once.
    """
    email = _address(address)
    session = db.session()
    check_database(session)
    name = _line(email.partition("@")[0][:LONGEST_NAME] if name is None else name, "The name")
    if account is not None:
        account = _line(account, "The name of the account")
    by_mail = services().mail.sends_links
    _check_public_url()
    try:
        with write_transaction(session):
            now = read_clock(session)
            lock_accounts(session)
            account = _account(session, account, email)
            workspace_id, is_new = ensure_account(session, account)
            link = add_admin(session, email, name, workspace_id=workspace_id, by_mail=by_mail, now=now)
    except NotChanged as refusal:
        raise Refusal(why_not(refusal.why)) from None
    if is_new:
        click.echo(f"Created the account “{shown(account)}”. Its Admins can rename it in the settings.")
    _tell(email, account, link, by_mail=by_mail)


def _account(session: Session, name: str | None, email: str) -> str:
    """The name of the account that is meant; a new one's, if there is none of it. Raises Refusal."""
    known = session.scalars(select(Workspace.name).order_by(Workspace.id).limit(20)).all()
    if name is None and len(known) > 1:
        names = ", ".join(map(shown, known))
        raise Refusal(f"There are several accounts. Name one with --account: {names}. {UNCHANGED}")
    if name is None:
        name = known[0] if known else email.rpartition("@")[2][:LONGEST_NAME]
    if session.scalar(select(func.count()).where(Workspace.name == name)) not in (0, 1):
        raise Refusal(f"Several accounts are named “{shown(name)}”. Rename one first. {UNCHANGED}")
    return name


@users_group.command("list")
@account_option
@with_appcontext
def list_command(account: str | None) -> None:
    """Print the users: address, state, groups, account, name, and when they were last seen (UTC)."""
    session = db.session()
    check_database(session)
    query = select(User).join(User.workspace).order_by(Workspace.name, Workspace.id, User.email)
    if account is not None:
        query = query.where(User.workspace_id == chosen_workspace(session, account).id)
    for user in session.scalars(query.execution_options(yield_per=500)):
        seen = f"{user.seen_at:%Y-%m-%d %H:%M}" if user.seen_at else "never"
        groups = ", ".join(group.name for group in user.groups) or "no group"
        cells = (user.email, STATES[state_of(user)], groups, user.workspace.name, user.name, seen)
        click.echo("  ".join(shown(cell) for cell in cells))


@users_group.command("disable")
@click.argument("address")
@account_option
@with_appcontext
def disable_command(address: str, account: str | None) -> None:
    """Disable ADDRESS: sign them out at once, and let them in no more."""
    _for_each(address, account, membership.disable, "disabled")


@users_group.command("enable")
@click.argument("address")
@account_option
@with_appcontext
def enable_command(address: str, account: str | None) -> None:
    """Enable ADDRESS again, with the groups that they had."""
    _for_each(address, account, membership.enable, "enabled")


@users_group.command("remove-second-factor")
@click.argument("address")
@with_appcontext
def remove_second_factor_command(address: str) -> None:
    """Let ADDRESS sign in without a second factor, in all accounts. Be sure that it is they who ask."""
    _for_each(address, None, remove_second_factor, "without a second factor now", first=True)


def _for_each(
    address: str, account: str | None, act: Callable[..., bool], done: str, *, first: bool = False
) -> None:
    """Do it to the users with the address, to all of them or to none: in one account or in all, or only to
    the `first` one of the person."""
    email, session = _address(address), db.session()
    check_database(session)
    workspace_id = None if account is None else chosen_workspace(session, account).id
    users = [
        (user.id, user.workspace_id, user.workspace.name) for user in users_with(session, email, workspace_id)
    ]
    if not users:
        raise Refusal(f"There is no user {shown(email)}. {UNCHANGED}")
    said = []
    with write_transaction(session):
        now = read_clock(session)
        for user_id, place_id, place in users[: 1 if first else None]:
            try:
                changed = act(session, user_id, workspace_id=place_id, by=None, now=now)
            except NotChanged as refusal:
                raise Refusal(f"{shown(place)}: {why_not(refusal.why)}") from None
            said.append(f"{shown(place)}: {shown(email)} {f'is {done}' if changed else 'was so already'}.")
    click.echo("\n".join(said))


def _address(text: str) -> str:
    """The normalized address. Raises Refusal."""
    try:
        email = read_address(text).email
    except NotAnAddress as error:
        raise Refusal(f"“{shown(text)}” cannot be an e-mail address: {error}. {UNCHANGED}") from None
    if email is None:
        raise Refusal(f"Type an e-mail address. {UNCHANGED}")
    return normalize(email)


def _line(text: str, what: str) -> str:
    """The text on one line. Raises Refusal where a page could not show it."""
    text = on_one_line(text)
    if not name_key(text) or not text.isprintable():
        raise Refusal(f"{what} has nothing to see in it, or a character that cannot be stored. {UNCHANGED}")
    if problem := why_unfit(what, text, LONGEST_NAME):
        raise Refusal(f"{problem} {UNCHANGED}")
    return text


def _check_public_url() -> None:
    """Raise Refusal where no link could be printed."""
    if current_app.config["PRODUCTION"] and current_app.config["PUBLIC_URL"] is None:
        raise Refusal(f"The link needs the address of this app: set PUBLIC_URL. {UNCHANGED}")


def _tell(email: str, account: str, link: OneTimeLink | None, *, by_mail: bool) -> None:
    if link is None:
        click.echo(f"{shown(email)} is an Admin of “{shown(account)}” now, and signs in as before.")
        return
    if by_mail:
        services().doorbell.ring_for_mail()
        click.echo(f"A message with the link is sent to {shown(email)}.")
    click.echo(f"{shown(email)} becomes an Admin of “{shown(account)}” by opening this link, within 7 days:")
    click.echo(address_of(link))
