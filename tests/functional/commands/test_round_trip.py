"""An export can be imported into another account without loss, and makes none Subscribed that was not."""

import csv
import random
from io import StringIO
from itertools import count
from pathlib import Path

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World, new_world, number
from tests.support.random_text import Texts, how_many
from webapp.characters import name_key, without_invisible
from webapp.clock import read_clock
from webapp.importing.cells import undefused
from webapp.importing.names import SEPARATOR
from webapp.marketing.consent import address_hash, mailable_for
from webapp.models import Account, Contact, MailingList, Suppression, Tag
from webapp.models.mailing_list import SubscriptionStatus
from webapp.models.suppression import SuppressionReason

NAMES = [
    *("=HYPERLINK(1)", "+49 30", "@home", "-1", "'=1", "'", "''x", '"', 'say "hi"', "a;b", "a,b", '";"'),
    *("北京", "Ｆｕｌｌ", "\uff1d1", "a  b", "é", "e\u0301x", "‏עברית", "x" * 60),
]
ADDRESSES = ["=a{}@x.example", "+b{}@x.example", "'c{}@x.example", "d{}@münchen.example", "E{}@X.example"]


def fill(store: Session, world: World, people: int) -> None:
    """Contacts of all kinds: names that a spreadsheet executes, quotation marks, nothing, every status."""
    dice, texts, counter = random.Random(13), Texts(), count()

    def word(longest: int = 20) -> str:
        drawn = texts.text(longest).strip() if dice.random() < 0.4 else dice.choice(NAMES)
        return drawn if without_invisible(drawn).strip() == drawn.strip() and name_key(drawn) else "Ann"

    def names(most: int) -> list[str]:
        return list({name_key(name): name for name in (word() for _ in range(most))}.values())

    accounts = [new_account(store, world, name) for name in names(6)]
    tags = [new_tag(store, world, name) for name in names(8)]
    lists = [new_list(store, world, name) for name in names(8)]
    for _ in range(people):
        place = next(counter)
        email = dice.choice(ADDRESSES).format(place) if dice.random() < 0.8 else None
        contact = new_contact(
            store,
            world,
            # Without an address the name tells them apart.
            word() if email and dice.random() < 0.8 else f"{word()} {place}",
            word() if dice.random() < 0.5 else "",
            email=email,
            account=dice.choice([None, *accounts]),
        )
        contact.phone = dice.choice(["", "+49 30 1", "=1", "-2"])
        for tag in dice.sample(tags, dice.randrange(4)):
            put_tag(store, contact, tag)
        for mailing_list in dice.sample(lists, dice.randrange(5)):
            subscribe(store, contact, mailing_list, dice.choice([*SubscriptionStatus]))
        if contact.email_key and dice.random() < 0.3:
            store.add(
                Suppression(
                    workspace_id=world.id,
                    address_hash=address_hash(contact.email_key),
                    list_id=dice.choice([None, *(each.id for each in lists)]),
                    reason=dice.choice([*SuppressionReason]),
                    at=read_clock(store),
                )
            )
    delete(store, world, new_contact(store, world, "Deleted"))
    for thing in (accounts[0], tags[0], lists[0]):
        thing.deleted_at = read_clock(store)
    store.commit()


def mailable(store: Session, world: World) -> set[tuple[str, str]]:
    """The addresses that may be written to, each with the list."""
    pairs = select(Contact.email_key, MailingList.name).join(
        MailingList, MailingList.workspace_id == Contact.workspace_id
    )
    live = Contact.workspace_id == world.id, Contact.deleted_at.is_(None), MailingList.deleted_at.is_(None)
    return {
        (key or "", name) for key, name in store.execute(pairs.where(*live, mailable_for(MailingList.id)))
    }


def test_an_export_is_imported_again_without_loss(app: Flask, store: Session, tmp_path: Path) -> None:
    here, there = (new_world(store, name=f"Place {number()}") for _ in range(2))
    people = how_many(150)
    fill(store, here, people)
    runner = app.test_cli_runner()

    def export(world: World) -> list[dict[str, str]]:
        result = runner.invoke(args=["contacts", "export", "-", "--workspace", world.workspace.name])
        assert result.exit_code == 0, result.stderr
        if world is here:
            (tmp_path / "people.csv").write_bytes(result.stdout_bytes)
        rows = csv.DictReader(StringIO(result.stdout_bytes.decode("utf-8-sig"), newline=""))
        return sorted(rows, key=lambda row: (row["Email"], row["First Name"]))

    exported = export(here)
    assert len(exported) == people
    imported = runner.invoke(
        args=["contacts", "import", str(tmp_path / "people.csv"), "--workspace", there.workspace.name]
    )
    assert imported.exit_code == 0, imported.output

    def names_in(rows: list[dict[str, str]]) -> list[dict[str, object]]:
        several = [column for column in rows[0] if column == "Tags" or column.endswith("Lists")]
        # The order of the names is that of their creation.
        return [
            row | {column: sorted(undefused(row[column]).split(SEPARATOR)) for column in several}
            for row in rows
        ]

    assert names_in(export(there)) == names_in(exported)
    store.expire_all()
    for kind in (Account, Tag, MailingList):
        live = [
            set(
                store.scalars(
                    select(kind.name).where(kind.workspace_id == world.id, kind.deleted_at.is_(None))
                )
            )
            for world in (here, there)
        ]
        assert live[1] <= live[0]
    assert mailable(store, there) == mailable(store, here) != set()
