"""An import that puts all of its contacts on one list: as if each row named it."""

from collections.abc import Mapping

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World
from tests.support.importing import Importing
from tests.support.marketing import Marketing
from webapp.catalogue.delete import delete_from_catalogue
from webapp.catalogue.names import rename
from webapp.clock import read_clock
from webapp.importing.work import came_without_list
from webapp.marketing.consent import address_hash
from webapp.marketing.refusals import Refused, unsubscribe
from webapp.models import AutomationRun, Contact, Job, MailingList, Subscription
from webapp.words.imports import put_on_list
from webapp.words.isolation import bare

HEADER = "Email,First Name,Lists,Unsubscribed Lists,Status"
ROWS = (
    "new@p.example,New",
    "refused@p.example",
    "there@p.example,Other",
    "gone@p.example",
    "asked@p.example",
    "named@p.example,,FAIR",
    "left@p.example,,,Fair",
    "opted@p.example,,,,Unsubscribed",
    "bad",
)


@pytest.fixture
def fair(store: Session, world: World) -> MailingList:
    """A list, on which an existing contact is Unsubscribed and one Unconfirmed, with a suppressed address."""
    fair = new_list(store, world, "Fair")
    new_contact(store, world, email="there@p.example", first_name="Here")
    for email, status in (("gone@p.example", "unsubscribed"), ("asked@p.example", "unconfirmed")):
        subscribe(store, new_contact(store, world, email=email), fair, status)
    who = Refused(world.id, address_hash("refused@p.example"), None)
    unsubscribe(store, who, list_id=fair.id, now=read_clock(store))
    store.commit()
    return fair


def places(store: Session, mailing_list: MailingList) -> Mapping[str, str]:
    """The status of each contact on the list, by its address without the domain."""
    rows = store.execute(
        select(Contact.email, Subscription.status)
        .join(Subscription, Subscription.contact_id == Contact.id)
        .where(Subscription.list_id == mailing_list.id)
    )
    return {str(email).partition("@")[0]: str(status) for email, status in rows}


@pytest.mark.parametrize("agreed", [False, True])
@pytest.mark.parametrize("existing", ["skip", "update"])
def test_each_imported_contact_is_on_it_with_the_status_that_consent_allows(
    agreed: bool, existing: str, store: Session, importing: Importing, fair: MailingList
) -> None:
    job = importing.imported(
        *ROWS, header=HEADER, existing=existing, agreed=agreed, list_id=fair.id, list_name="Fair"
    )

    at_best = "subscribed" if agreed else "unconfirmed"
    refused = dict.fromkeys(("refused", "gone", "left", "opted"), "unsubscribed")
    there = {"there": at_best} if existing == "update" else {}
    expected = {"new": at_best, "named": at_best, "asked": "unconfirmed"} | refused | there
    assert places(store, fair) == expected
    # One who is on it already and has nothing else to change is not imported.
    assert (job.count("added"), job.count("updated")) == (5, int(existing == "update"))
    assert bare(put_on_list(job)) == f"{5 + len(there)} contacts were put on the list “Fair”."


def test_after_the_list_was_deleted_the_rest_comes_without_it_and_is_counted(
    store: Session, world: World, importing: Importing, fair: MailingList
) -> None:
    Marketing(store, world).automation(fair, {"do": "wait", "hours": 1})
    job = importing.ordered(*ROWS, header=HEADER, existing="update", list_id=fair.id, list_name="Fair")
    importing.run(job, batch_size=2, should_stop=True)
    delete_from_catalogue(store, MailingList, fair.id, workspace_id=world.id, by=None, now=read_clock(store))

    assert importing.run(job, batch_size=2) == "done"

    store.refresh(job)
    assert (job.count("added"), job.count("updated")) == (5, 1)
    # Two came before. Two of the rest are as they were.
    assert came_without_list(job) == 4
    assert bare(put_on_list(job)) == (
        "The list “Fair” was deleted during the import: "
        "2 were put on it before, and 4 contacts came without it."
    )
    assert places(store, fair).keys() == {"new", "refused", "gone", "asked"}
    woken = select(Contact.email).join(AutomationRun, AutomationRun.contact_id == Contact.id)
    assert store.scalars(woken.where(Contact.workspace_id == world.id)).all() == ["new@p.example"]
    # A row that names it makes another list, as ever; the choice does not.
    [other] = store.scalars(select(MailingList).filter_by(workspace_id=world.id, deleted_at=None))
    assert places(store, other) == {"named": "subscribed", "left": "unsubscribed"}


def test_deleted_before_the_first_batch_all_come_without_it(
    store: Session, world: World, importing: Importing, fair: MailingList
) -> None:
    job = importing.ordered("one@p.example", list_id=fair.id, list_name="Fair", existing="update")
    delete_from_catalogue(store, MailingList, fair.id, workspace_id=world.id, by=None, now=read_clock(store))

    assert importing.run(job) == "done"

    said = put_on_list(store.get_one(Job, job.id, populate_existing=True))
    assert bare(said) == "The list “Fair” was deleted during the import: 1 contact came without it."
    assert store.scalar(select(MailingList.id).filter_by(workspace_id=world.id, deleted_at=None)) is None


def test_it_is_that_list_whatever_it_is_called_by_then(
    store: Session, world: World, importing: Importing, fair: MailingList
) -> None:
    job = importing.ordered("one@p.example", "two@p.example", list_id=fair.id, list_name="Fair")
    importing.run(job, batch_size=1, should_stop=True)
    rename(
        store, MailingList, fair.id, "Fair; old, “x”", workspace_id=world.id, by=None, now=read_clock(store)
    )

    importing.run(job, batch_size=1)

    assert {"one", "two"} <= places(store, fair).keys()
    assert len(store.scalars(select(MailingList).filter_by(workspace_id=world.id)).all()) == 1
