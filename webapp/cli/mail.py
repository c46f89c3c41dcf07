"""`flask mail bounces`: late bounces and complaints from messages."""

import sys
from collections.abc import Iterable
from pathlib import Path

import click
from flask.cli import with_appcontext

from webapp.cli.database import check_database, paced_transaction, readable, shown
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.marketing.reports import Read, apply, split
from webapp.words.numbers import counted

SENTENCES = {
    Read.BOUNCED: "the address is suppressed, because it bounces",
    Read.COMPLAINED: "the address is suppressed, because its owner has complained",
    Read.KNOWN: "known already",
    Read.NO_REFUSAL: "no permanent refusal; nothing was changed",
    Read.NOT_OURS: "a report about no message of ours; nothing was changed",
    Read.NO_REPORT: "no bounce and no complaint; nothing was changed",
}


@click.group("mail")
def mail_group() -> None:
    """E-mail that comes back."""


@mail_group.command("bounces")
@click.argument("files", metavar="FILE…", nargs=-1, required=True)
@with_appcontext
def bounces(files: tuple[str, ...]) -> None:
    """Read bounces (RFC 3464) and complaints (RFC 5965) from each FILE, a message or an mbox; "-" is the
    standard input.

    They are matched by the Message-ID or the unsubscribe link of the message that they return. Reading one
    twice changes nothing. Exit status: 0 if each file could be read, 1 if not.
    """
    session = db.session()
    check_database(session)
    changed, failed = 0, False
    for name in files:
        try:
            data = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        except OSError as error:
            why = error.strerror or str(error)
            click.echo(f"{readable(name)} cannot be read: {why}.", err=True)
            failed = True
            continue
        changed += _read(name, split(data))
    click.echo(f"{counted(changed, 'address')} suppressed.")
    if failed:
        sys.exit(1)


def _read(name: str, messages: Iterable[bytes]) -> int:
    session, changed = db.session(), 0
    for place, message in enumerate(messages, 1):
        with paced_transaction(session):
            read = apply(session, message, now=read_clock(session))
        changed += read in (Read.BOUNCED, Read.COMPLAINED)
        click.echo(f"{shown(name)}, message {place}: {SENTENCES[read]}")
    return changed
