"""`flask users reset-link` and `lock-secrets`: what people who cannot sign in need from the operator."""

import click
from flask import current_app
from flask.cli import with_appcontext

from webapp.cli.database import Refusal, check_database, shown
from webapp.clock import read_clock
from webapp.contacts.normal import normalize
from webapp.database import write_transaction
from webapp.extensions import db
from webapp.models.audit_event import Action, record_visit
from webapp.models.person import Purpose
from webapp.people.find import active_users, find_person
from webapp.people.links import make_link
from webapp.people.second_factor import lock_anew
from webapp.web.one_time import address_of
from webapp.web.second_factor import vault
from webapp.words.numbers import counted


@click.group("users")
def users_group() -> None:
    """The users of the accounts, for the operator."""


@users_group.command("reset-link")
@click.argument("address")
@with_appcontext
def reset_link(address: str) -> None:
    """Print a link by which the person with ADDRESS chooses a new password.

    It works once, for an hour, and ends the earlier ones. Be sure that it is they who ask, and give it to
    nobody else.
    """
    session = db.session()
    check_database(session)
    if current_app.config["PRODUCTION"] and current_app.config["PUBLIC_URL"] is None:
        raise Refusal("The link needs the address of this app: set PUBLIC_URL. Nothing was changed.")
    with write_transaction(session):
        person = find_person(session, normalize(address))
        users = active_users(session, person.id) if person else []
        if person is None or not users:
            raise Refusal(f"No active user has the address {shown(address)}. Nothing was changed.")
        now = read_clock(session)
        link = make_link(session, person, Purpose.RESET, now)
        accounts = [(user.workspace_id, user.id) for user in users]
        record_visit(session, accounts=accounts, at=now, action=Action.RESET_REQUESTED, network_address=None)
    click.echo(f"{shown(address)} chooses a new password with this link, within an hour:")
    click.echo(address_of(link))


@users_group.command("lock-secrets")
@with_appcontext
def lock_secrets() -> None:
    """Encrypt the secrets of second factors with the present SECRET_KEY.

    Run it after SECRET_KEY was changed, while its former value is still in SECRET_KEY_FALLBACKS. Exit status:
    1 if some could be read with none of the keys.
    """
    session = db.session()
    check_database(session)
    with write_transaction(session):
        renewed, lost = lock_anew(session, vault())
    click.echo(f"{counted(renewed, 'secret')} encrypted with the present key.")
    if lost:
        click.echo(
            f"{counted(lost, 'secret')} can be read with none of the keys. Their persons sign in with a"
            " recovery code, or get their second factor removed."
        )
        raise SystemExit(1)
