"""What an import does with each row: adds, updates, skips, rejects; each once, in whatever batches."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_account, new_contact, new_list, new_tag, put_tag, subscribe
from tests.factories.people import World, new_world
from tests.support.importing import Importing
from webapp.clock import read_clock
from webapp.contacts.profile import profile
from webapp.contacts.wanted import Wanted
from webapp.models import Account, Automation, AutomationRun, Contact, Subscription, Tag
from webapp.models.automation import Trigger
from webapp.models.import_line import LineOutcome
from webapp.models.mailing_list import SubscriptionStatus
from webapp.worker.redis_lock import RedisLock

ADDED, UPDATED, SKIPPED, REJECTED = LineOutcome


def tags_and_lists(session: Session, world: World, contact: Contact) -> tuple[list[str], list[str]]:
    its = profile(session, world.id, contact.id)
    assert its is not None
    return [tag.name for tag in its.tags], [each.name for each, _ in its.subscriptions]


def test_an_update_fills_and_changes_and_an_empty_cell_changes_nothing(
    store: Session, world: World, importing: Importing
) -> None:
    gone = new_account(store, world, "Gone")
    gone.deleted_at = read_clock(store)
    ann = new_contact(store, world, email="ann@u.example", first_name="Ann", last_name="Lee")
    ann.phone, ann.account_id = "1", new_account(store, world, "Acme").id
    put_tag(store, ann, new_tag(store, world, "VIP"))
    subscribe(store, ann, new_list(store, world, "News"), "subscribed")
    bob = new_contact(store, world, email="bob@u.example", first_name="Bob")
    bob.account_id = gone.id
    same = new_contact(store, world, email="same@u.example", first_name="Sam")
    before = {each.id: (each.version, each.created_at) for each in (ann, bob, same)}
    store.commit()

    job = importing.imported(
        "ANN@u.example,Anna,,,,vip;New,Events",
        "bob@u.example,,Bow,2,Gone,,",
        "same@u.example,Sam,,,,,",
        existing="update",
    )

    assert job.counts == {"updated": 2, "unchanged": 1}
    ann, bob, same = importing.contacts()
    assert (ann.email, ann.name, ann.phone) == ("ann@u.example", "Anna Lee", "1")
    assert tags_and_lists(store, world, ann) == (["New", "VIP"], ["Events", "News"])
    assert (bob.name, bob.phone) == ("Bob Bow", "2")
    assert store.get_one(Account, bob.account_id).deleted_at is None
    versions = {each.id: (each.version, each.created_at) for each in (ann, bob, same)}
    assert versions == {key: (version + (key != same.id), at) for key, (version, at) in before.items()}
    for text, contact in (("anna le", ann), ("bow", bob)):
        assert store.scalars(Wanted(world.id, q=text).ids()).all() == [contact.id]
    assert [(line.outcome, line.contact_id, line.version) for line in importing.lines(job)] == [
        (UPDATED, ann.id, ann.version),
        (UPDATED, bob.id, bob.version),
        (SKIPPED, same.id, None),
    ]
    again = importing.imported("ANN@u.example,Anna,,,,vip;New,Events", existing="update")
    assert again.counts == {"unchanged": 1}


@pytest.mark.parametrize("batch_size", [1, 2, 100])
@pytest.mark.parametrize("existing", ["skip", "update"])
def test_of_rows_about_one_contact_the_first_counts(
    batch_size: int, existing: str, store: Session, world: World, importing: Importing
) -> None:
    there = new_contact(store, world, email="there@d.example", first_name="Old")
    store.commit()

    job = importing.imported(
        "new@d.example,First",
        "NEW@d.example,Second",
        "there@d.example,First",
        "There@d.example,Second",
        ",No,Address,1",
        ",No,Address,1",
        ",No,Address,2",
        existing=existing,
        batch_size=batch_size,
    )

    updates = existing == "update"
    already = {"code": "already_there"}
    assert [(line.outcome, line.reason) for line in importing.lines(job)] == [
        (ADDED, None),
        (REJECTED, {"code": "repeated", "line": 2}),
        (UPDATED, None) if updates else (SKIPPED, already),
        (REJECTED, {"code": "repeated", "line": 4}) if updates else (SKIPPED, already),
        (ADDED, None),
        (REJECTED, {"code": "repeated", "line": 6}),
        (ADDED, None),
    ]
    store.refresh(there)
    assert there.first_name == ("First" if updates else "Old")
    assert job.processed == job.total == 7


@pytest.mark.parametrize("batch_size", [1, 2])
def test_a_row_after_one_that_changed_nothing_repeats_it_in_whatever_batch(
    store: Session, world: World, importing: Importing, batch_size: int
) -> None:
    new_contact(store, world, email="there@same.example", first_name="Ann")
    store.commit()

    job = importing.imported(
        "there@same.example,Ann", "there@same.example,Other", existing="update", batch_size=batch_size
    )

    assert [(line.outcome, line.reason) for line in importing.lines(job)] == [
        (SKIPPED, {"code": "unchanged"}),
        (REJECTED, {"code": "repeated", "line": 2}),
    ]


def test_rows_about_deleted_contacts_are_skipped_unless_they_are_wanted(
    store: Session, world: World, importing: Importing
) -> None:
    delete(store, world, new_contact(store, world, email="gone@b.example"))
    store.commit()

    job = importing.imported("Gone@b.example", existing="update")
    assert job.counts == {"among_the_deleted": 1}
    assert importing.contacts() == []

    wanted = importing.imported("Gone@b.example", even_if_deleted=True)
    assert wanted.counts == {"added": 1}
    assert [line.reason for line in importing.lines(wanted)] == [{"code": "among_the_deleted"}]


def test_the_created_date_comes_from_the_file_unless_it_is_in_the_future(
    store: Session, lock: RedisLock
) -> None:
    world = new_world(store, timezone="America/New_York")
    importing = Importing(store, world, lock)
    new_contact(store, world, email="there@c.example").created_at = datetime(2020, 1, 1, tzinfo=UTC)
    store.commit()
    before = read_clock(store)
    importing.imported(
        "day@c.example,2024-05-01",
        "moment@c.example,2024-05-01T10:00:00+02:00",
        "local@c.example,2024-05-01 10:00",
        "future@c.example,2124-05-01",
        "other@c.example,03/04/2024",
        "none@c.example,",
        "there@c.example,2024-05-01",
        header="Email,Created Date",
        existing="update",
    )

    created = {contact.email: contact.created_at for contact in importing.contacts()}
    assert created.pop("day@c.example") == datetime(2024, 5, 1, 4, tzinfo=UTC)
    assert created.pop("moment@c.example") == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert created.pop("local@c.example") == datetime(2024, 5, 1, 14, tzinfo=UTC)
    assert created.pop("there@c.example") == datetime(2020, 1, 1, tzinfo=UTC)
    assert all(before <= at <= read_clock(store) for at in created.values())
    # It was added here, and came onto its lists, now.
    assert importing.contact("day@c.example").updated_at >= before


def test_a_name_in_one_column_becomes_two(importing: Importing) -> None:
    importing.imported(
        "a@n.example,Ann van Lee,",
        'b@n.example,"Lee, Bo",',
        "c@n.example,Cher,",
        "d@n.example,Not This,Di",
        header="Email,Full Name,First Name",
    )

    names = [(contact.first_name, contact.last_name) for contact in importing.contacts()]
    assert names == [("Ann van", "Lee"), ("Bo", "Lee"), ("Cher", ""), ("Di", "")]


def test_of_several_columns_the_first_filled_one_counts_and_names_unite(
    store: Session, world: World, importing: Importing
) -> None:
    header = "Email,Email,Phone,Phone,Tags,Tags"
    importing.imported(
        'one@m.example,two@m.example,,2,"A,B",b;C', ',three@m.example,1,2,,"D;E"', header=header
    )

    first, second = importing.contacts()
    assert (first.email, first.phone) == ("one@m.example", "2")
    assert (second.email, second.phone) == ("three@m.example", "1")
    assert [tags_and_lists(store, world, each)[0] for each in (first, second)] == [
        ["A", "B", "C"],
        ["D", "E"],
    ]


class TestAutomations:
    @pytest.fixture
    def automations(self, store: Session, world: World) -> None:
        """An automation for the list "News" and one for the tag "VIP"; a contact has both already."""
        news, vip = new_list(store, world, "News"), new_tag(store, world, "VIP")
        has_both = new_contact(store, world, email="has@w.example")
        subscribe(store, has_both, news, "subscribed")
        put_tag(store, has_both, vip)
        new_contact(store, world, email="gets@w.example")
        store.add_all(
            Automation(workspace_id=world.id, name=str(trigger), trigger=trigger, steps=[], **on)
            for trigger, on in (
                (Trigger.SUBSCRIBED, {"list_id": news.id}),
                (Trigger.TAG_ADDED, {"tag_id": vip.id}),
            )
        )
        store.commit()

    LINES = ("new@w.example,,,,,VIP,News", "gets@w.example,,,,,VIP,News", "has@w.example,,,,,VIP;X,News;Y")

    def woken(self, store: Session, world: World) -> list[tuple[str | None, str]]:
        found = store.execute(
            select(Contact.email, Automation.trigger)
            .join(AutomationRun, AutomationRun.contact_id == Contact.id)
            .join(Automation, Automation.id == AutomationRun.automation_id)
            .where(Contact.workspace_id == world.id)
        )
        return sorted((str(email), str(trigger)) for email, trigger in found)

    @pytest.mark.usefixtures("automations")
    def test_they_begin_for_what_a_contact_gets(
        self, store: Session, world: World, importing: Importing
    ) -> None:
        importing.imported(*self.LINES, existing="update")
        both = (str(Trigger.SUBSCRIBED), str(Trigger.TAG_ADDED))
        assert self.woken(store, world) == sorted(
            (f"{name}@w.example", trigger) for name in ("new", "gets") for trigger in both
        )

    @pytest.mark.usefixtures("automations")
    @pytest.mark.parametrize("request_", [{"wake": False}, {"agreed": False}], ids=str)
    def test_none_begins_where_nobody_asked_for_it(
        self,
        store: Session,
        world: World,
        importing: Importing,
        request_: dict[str, Any],
    ) -> None:
        importing.imported(*self.LINES, existing="update", **request_)
        # Unconfirmed contacts wake nothing that waits for subscribers; a tag is a tag.
        tagged = [] if "wake" in request_ else ["gets", "new"]
        assert self.woken(store, world) == [(f"{name}@w.example", str(Trigger.TAG_ADDED)) for name in tagged]


def test_a_status_and_a_tag_are_as_old_as_the_import(
    store: Session, world: World, importing: Importing
) -> None:
    before = read_clock(store) - timedelta(seconds=1)
    importing.imported("a@t.example,2020-01-01,News", header="Email,Created Date,Lists")

    [place] = store.scalars(select(Subscription).join(Contact).where(Contact.workspace_id == world.id)).all()
    assert place.status is SubscriptionStatus.SUBSCRIBED
    assert place.changed_at > before
    assert store.scalars(select(Tag).where(Tag.workspace_id == world.id)).all() == []
