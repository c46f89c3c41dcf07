"""A deleted contact can be looked at before it is restored, beside the live one that uses its address."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

from sqlalchemy.orm import Session

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_contacts,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.seen import Seen
from webapp.catalogue.delete import delete_from_catalogue
from webapp.clock import read_clock
from webapp.models import Account, Deal, MailingList, Tag

Unchanged = Callable[[], AbstractContextManager[None]]
HOUR = timedelta(hours=1)


def part(page: Seen, key: str = "deleted") -> str:
    return page.words(f"section[aria-labelledby={key}-title]")


def gone(
    store: Session,
    world: World,
    row: MailingList | Tag | Account | Deal,
    *,
    ago: timedelta = timedelta(0),
) -> None:
    """Delete the list, tag, account or deal."""
    now = read_clock(store) - ago
    delete_from_catalogue(store, type(row), row.id, workspace_id=world.id, by=None, now=now)


def test_each_association_says_whether_it_comes_back(
    admin: Browser, world: World, store: Session, unchanged: Unchanged
) -> None:
    account = new_account(store, world, "Acme")
    contact, colleague = new_contact(store, world, "Ann", "Lee", account=account), new_contact(store, world)
    contact.phone = "+49 30 1234"
    lists = [new_list(store, world, name) for name in ("Earlier", "News", "Offers")]
    tags = [new_tag(store, world, name) for name in ("Old", "VIP", "Was")]
    for mailing_list, tag in zip(lists, tags, strict=True):
        subscribe(store, contact, mailing_list, "bounced")
        put_tag(store, contact, tag)
    new_deal(store, world, contact, colleague, title="Shared")
    last = new_deal(store, world, contact, title="Last")
    by_hand = new_deal(store, world, contact, colleague, title="By hand")
    never = new_deal(store, world, contact, title="Never")
    earlier: list[MailingList | Tag | Account | Deal] = [lists[0], tags[0], never]
    for row in earlier:
        gone(store, world, row, ago=2 * HOUR)
    delete(store, world, contact, ago=HOUR)
    also_gone: list[MailingList | Tag | Account | Deal] = [lists[2], tags[2], account, by_hand]
    for row in also_gone:
        gone(store, world, row)
    store.commit()
    assert last.deleted_at is not None

    with unchanged():
        page = admin.get(f"/contacts/deleted/{contact.id}")

    assert page.words("h1") == "Ann Lee"
    assert "Deleted by Max Member 1 hour ago" in page.text
    assert "29 days left" in page.text
    shown = part(page)
    assert f"Name Ann Lee E-mail {contact.email} Phone +49 30 1234 Account Acme Deleted since" in shown
    assert "Lists News Comes back Bounced Offers Deleted since Bounced Tags" in shown
    assert "Tags VIP Comes back Was Deleted since Deals" in shown
    assert shown.endswith(
        "Deals By hand Deleted since Last Deleted with its last contact"
        " Shared Comes back, not as Primary Contact"
    ), "what was gone before the contact is not part of it"
    assert page.words("#outcome") == (
        "A restore brings it back with 1 list, 1 tag and 1 deal."
        " What does not come back: 1 list, 1 tag, 2 deals and its account."
    )
    assert not page.all("section[aria-labelledby=live-title]")


def test_what_the_page_foresees_is_what_the_restore_does(
    admin: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contact, colleague = new_contact(store, world), new_contact(store, world)
    back, lost = new_list(store, world, "News"), new_list(store, world, "Offers")
    for mailing_list in (back, lost):
        subscribe(store, contact, mailing_list, "unconfirmed")
    new_deal(store, world, contact, colleague, title="Shared")
    new_deal(store, world, contact, title="Last")
    delete(store, world, contact, ago=HOUR)
    gone(store, world, lost)
    store.commit()
    page = admin.get(f"/contacts/deleted/{contact.id}")
    assert "with 1 list and 1 deal. What does not come back: 1 list and 1 deal." in page.words("#outcome")

    dialog = admin.press(page, "Restore Contact(s)")
    admin.press(dialog, "Restore")
    work()

    live = admin.get(f"/contacts/{contact.id}")
    assert live.words("section[aria-labelledby=lists-title]").startswith("Lists News Unconfirmed ")
    assert "Shared" in live.words("section[aria-labelledby=deals-title]")
    assert "Last" not in live.words("section[aria-labelledby=deals-title]")


def test_the_live_contact_with_the_address_stands_beside_it_and_twins_are_named(
    admin: Browser, world: World, store: Session, elsewhere: World
) -> None:
    first = new_contact(store, world, "Ann", "First", email="ann@example.org")
    delete(store, world, first, ago=3 * HOUR)
    second = new_contact(store, world, "Ann", "Second", email="Ann@Example.org")
    similar = new_contact(store, world, "Joann", email="jo.ann@example.org")
    foreign = new_contact(store, elsewhere, "Foreign", email="ann@example.org")
    delete(store, world, second, similar, ago=2 * HOUR)
    delete(store, elsewhere, foreign)
    store.commit()
    alone = admin.get(f"/contacts/deleted/{first.id}")
    assert alone.words("#outcome") == "A restore brings it back."
    assert alone.words("#twins") == (
        "1 other deleted contact has the same e-mail address. Of contacts that are restored together, the one"
        " deleted last comes back. Ann Second Ann@Example.org deleted 2 hours ago"
    )

    acme = new_account(store, world, "Acme")
    holder = new_contact(store, world, "Live", "Ann", email="ann@example.org", account=acme)
    subscribe(store, holder, new_list(store, world, "News"), "subscribed")
    new_deal(store, world, holder, title="Hers")
    store.commit()
    page = admin.get(f"/contacts/deleted/{first.id}")

    assert page.words("#outcome") == (
        "A restore would leave it deleted: Live Ann uses its e-mail address. See the live contact"
    )
    assert part(page, "live").startswith(
        "Live contact with this address Name Live Ann E-mail ann@example.org"
    )
    assert "Account Acme" in part(page, "live")
    assert part(page, "live").endswith("Lists News Subscribed Tags No tags. Deals Hers Primary Contact")
    assert admin.press(page, "See the live contact").path == f"/contacts/{holder.id}"
    assert admin.press(page, "Ann Second").words("h1") == "Ann Second"


def test_a_contact_without_an_address_has_no_twins(admin: Browser, world: World, store: Session) -> None:
    contacts = [new_contact(store, world, "", "", email=None) for _ in range(2)]
    delete(store, world, *contacts)
    store.commit()

    page = admin.get(f"/contacts/deleted/{contacts[0].id}")

    assert page.words("h1") == "No name"
    assert not page.all("#twins")
    assert "Lists Not on any list. Tags No tags. Deals Not on any deal." in part(page)


def test_the_way_there_and_back_keeps_filters_ticks_and_page(
    anyone: Browser, world: World, store: Session
) -> None:
    contacts = new_contacts(store, world, 60)
    delete(store, world, *contacts)
    store.commit()
    page = anyone.press(anyone.get("/contacts/restore?q=number"), "Next")
    page = anyone.tick(page, page.ids[0])
    third = page.ids[2]

    look = anyone.press(page, page.one(f"#look-{third}"))
    assert look.path == f"/contacts/deleted/{third}"
    back = anyone.press(look, "Back to deleted contacts")

    assert (back.path, back.query["q"]) == ("/contacts/restore", "number")
    assert back.ids == page.ids
    assert back.selected == [page.ids[0]]
    assert look.one("#close-page")["href"] == look.one("#back")["href"]
    assert look.one("#close-page").has_attr("data-close-page"), "Esc goes back, too"


def test_the_dialog_is_the_ordinary_one_and_cancel_leads_back_to_the_contact(
    anyone: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contacts = new_contacts(store, world, 2)
    delete(store, world, *contacts)
    store.commit()
    look = anyone.get(f"/contacts/deleted/{contacts[0].id}?q=ann&selected={contacts[1].id}")

    dialog = anyone.press(look, "Restore Contact(s)")
    assert "Restore 1 contact?" in dialog.text
    if not anyone.javascript:
        cancelled = anyone.press(dialog, "Cancel")
        assert cancelled.words("h1") == contacts[0].name
        assert f"selected={contacts[1].id}" in cancelled.one("#back")["href"]
    job = anyone.press(dialog, dialog.one("dialog form[action='/restores'] button"))
    work()

    assert "1 contact restored." in anyone.get(job.path).text
    assert anyone.get(f"/contacts/deleted/{contacts[0].id}").path == f"/contacts/{contacts[0].id}"


def test_what_cannot_be_restored_says_why(admin: Browser, world: World, store: Session) -> None:
    live, old, merged, coming = (new_contact(store, world, "Ann", f"No {place}") for place in range(4))
    delete(store, world, old, ago=timedelta(days=30, seconds=1))
    delete(store, world, merged)
    delete(store, world, coming).number = None
    merged.merged_into_id = live.id
    store.commit()

    assert admin.get(f"/contacts/deleted/{live.id}").path == f"/contacts/{live.id}"
    for contact, sentence in (
        (old, "deleted more than 30 days ago and can no longer be restored"),
        (merged, "merged into another one and can no longer be restored"),
        (coming, "just being deleted"),
    ):
        page = admin.get(f"/contacts/deleted/{contact.id}")
        assert page.status == 404
        assert sentence in page.text
    page = admin.get(f"/contacts/deleted/{merged.id}")
    assert admin.press(page, "See that contact").path == f"/contacts/{live.id}"


def test_names_turn_nothing_around(admin: Browser, world: World, store: Session) -> None:
    """The page's own checks do the work."""
    turning = "\u202eann"
    account = new_account(store, world, turning)
    contact = new_contact(store, world, turning, "", email="a@example.net", account=account)
    put_tag(store, contact, new_tag(store, world, turning))
    new_deal(store, world, contact, new_contact(store, world), title=turning)
    delete(store, world, contact)
    new_contact(store, world, turning, email="a@example.net")
    store.commit()

    assert admin.get(f"/contacts/deleted/{contact.id}").status == 200


def test_a_deal_that_was_lost_by_an_earlier_deletion_is_no_part_of_it(
    admin: Browser, world: World, store: Session, work: Callable[[], None]
) -> None:
    contact = new_contact(store, world)
    new_deal(store, world, contact, title="Lost before")
    delete(store, world, contact, ago=2 * HOUR)
    store.commit()
    admin.press(admin.press(admin.get(f"/contacts/deleted/{contact.id}"), "Restore Contact(s)"), "Restore")
    work()
    store.expire_all()
    delete(store, world, contact, ago=HOUR)
    store.commit()

    assert part(admin.get(f"/contacts/deleted/{contact.id}")).endswith("Deals Not on any deal.")
