"""Live and deleted contacts are found by the words of their names and addresses, on both databases."""

import pytest
from sqlalchemy import NullPool, create_engine, literal, select, text, update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World, new_world
from tests.support.databases import new_database
from tests.support.random_text import Texts, how_many
from tests.support.restoring import Restoring
from webapp import folding
from webapp.clock import read_clock
from webapp.contacts.find import count
from webapp.contacts.load import NewContact, add_contacts
from webapp.contacts.matching import contact_matches, text_matches
from webapp.contacts.mend import mend, needs_mending
from webapp.contacts.wanted import Wanted
from webapp.folding import wanted
from webapp.models import Base, ContactSearch
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import read_page
from webapp.restoring.scope import Scope
from webapp.restoring.verdict import judge

# First name, last name, address, and what finds this contact and no other one of the list.
PEOPLE = [
    ("小明", "王", "ming@x.example", ["王小明", "明王", "小明", "明"]),
    ("Boris", "Vian", None, ["Vian Boris", "vian", "ris ian"]),
    ("Álvaro", "", None, ["alvaro", "A\u0301LVARO"]),
    ("İBRAHİM", "", None, ["ibrahim", "İbrahim"]),
    ("Οδυσσεύς", "", None, ["ΟΔΥΣ", "οδυσσεύς"]),
    ("Straßer", "", None, ["Strasser", "STRAẞER"]),
    ("ＴＡＲＯ", "", None, ["Taro"]),
    ("Flann", "O'Brien", None, ["O’Brien", "br", "`brien"]),
    ("", "", "zoe@y.example", ["\u200bzoe@y.example", "ZOE@Y"]),
    ("Anne-Marie", "", None, ["ma", "anne–marie"]),
    ("Paweł", "", None, ["Pawel"]),
    ("50%off_", "a\\c", None, ["50%", "%off", "f_", "off_", "a\\", "a\\c"]),
]
# "f_" is short and no word begins there.
NOT_FOUND = {"f_"}


def check_all_are_found(session: Session, world: World) -> None:
    """Among the live contacts, and then among the deleted ones."""
    contacts = [
        (new_contact(session, world, first, last, email=email), searches)
        for first, last, email, searches in PEOPLE
    ]
    expected = {q: [] if q in NOT_FOUND else [contact.id] for contact, searches in contacts for q in searches}
    for q, ids in expected.items():
        assert list(session.scalars(Wanted(world.id, q=q).ids())) == ids, q
    delete(session, world, *(contact for contact, _ in contacts))
    window = BinWindow(world.id, read_clock(session))
    for q, ids in expected.items():
        page = read_page(session, window, Filters(q=q), size=10)
        assert [row[0].id for row in page.rows] == ids, q


def test_a_contact_is_found_however_it_is_typed(session: Session, world: World) -> None:
    check_all_are_found(session, world)


def test_every_contact_is_found_where_the_locale_has_no_letters_beyond_ascii(environ: dict[str, str]) -> None:
    if environ["DATABASE_URL"].startswith("sqlite"):
        pytest.skip("SQLite has no locale")
    with new_database(environ["DATABASE_URL"], "TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8'") as url:
        engine = create_engine(url, poolclass=NullPool)
        with Session(engine) as session:
            session.execute(text("CREATE EXTENSION pg_trgm"))
            Base.metadata.create_all(session.connection())
            check_all_are_found(session, new_world(session))


def test_a_search_of_no_word_finds_nothing(session: Session, world: World, restoring: Restoring) -> None:
    contact = new_contact(session, world, "Ann", "Lee")
    assert count(session, Wanted(world.id, q="\u200b")) == 0
    delete(session, world, contact)

    assert restoring.in_bin(filters=Filters(q="\u200b")) == set()


def test_a_text_that_the_previous_release_was_asked_for_stays_literal(
    session: Session, world: World, restoring: Restoring
) -> None:
    """A confirmed scope keeps its meaning (rule 6)."""
    contact = new_contact(session, world, "Boris", "Vian", email=None)
    delete(session, world, contact)

    for q, found in (("boris vian", True), ("ris vi", True), ("vian boris", False), ("bóris", False)):
        old = Scope(world.id, restoring.now(), 1, "key", 1, filters=Filters(q=q)).to_dict()
        old["filters"]["q"] = q
        del old["search"]
        assert bool(judge(session, Scope.from_dict(old), limit=1)) is found, q


def test_a_contact_of_any_characters_is_found_by_each_of_its_words(session: Session, world: World) -> None:
    texts, now = Texts(), read_clock(session)
    people = [NewContact(now, first_name=texts.text(), last_name=texts.text()) for _ in range(how_many(300))]
    ids = add_contacts(session, world.id, people)

    searched = 0
    for contact_id, person in zip(ids, people, strict=True):
        for word in f"{person.first_name} {person.last_name}".split():
            if wanted(word):
                searched += 1
                assert session.scalar(select(contact_matches(literal(contact_id), text_matches(word)))), word
    assert searched > len(people)


@pytest.fixture
def later_folding(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folding of a later release: it forgets the letter h."""
    fold = folding.words
    monkeypatch.setattr(folding, "FOLDING", folding.FOLDING + 1)
    monkeypatch.setattr(folding, "_FOLDED_IN_ASCII", frozenset("h"))
    monkeypatch.setattr(folding, "words", lambda text: [word.replace("h", "") for word in fold(text)])


def found(session: Session, world: World, q: str) -> int:
    return count(session, Wanted(world.id, q=q))


@pytest.mark.usefixtures("later_folding")
def test_contacts_stay_findable_until_a_later_folding_has_reached_them(
    session: Session, world: World
) -> None:
    # The contacts of all other tests would be mended, too. They come back when the test ends.
    session.execute(text("DELETE FROM contact_search WHERE workspace_id <> :ours"), {"ours": world.id})
    new_contact(session, world, "Ruth", "Hahn", email=None)
    new_contact(session, world, "Bob", "Ray", email=None)
    ours = update(ContactSearch).where(ContactSearch.workspace_id == world.id)
    session.execute(ours.values(folded=ContactSearch.text + " ", folding=1))
    session.commit()

    assert found(session, world, "hahn ruth") == 1
    assert found(session, world, "hahn rut") == 1
    assert found(session, world, "han") == 0
    assert needs_mending(session)

    mend(session)

    assert not needs_mending(session)
    assert found(session, world, "han") == found(session, world, "hahn ruth") == 1


def test_what_the_release_before_adds_is_found_and_then_folded(session: Session, world: World) -> None:
    contact = new_contact(session, world, "Zoë", "O’Hara", email=None)
    row = update(ContactSearch).where(ContactSearch.contact_id == contact.id)
    session.execute(row.values(text=" zoë o’hara", folded="", folding=0, hash_start=None))
    session.commit()
    assert found(session, world, "zoë") == 1
    assert found(session, world, "zoe") == 0

    assert mend(session) >= 1

    assert found(session, world, "zoe o'hara") == 1
    assert session.get_one(ContactSearch, contact.id, populate_existing=True).hash_start == ""
    assert mend(session) == 0
