"""Import contacts: choosing a file, its preview, the choices, and the order that is confirmed."""

import gc
from collections.abc import Callable
from contextlib import AbstractContextManager
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import Engine, Select, select, update
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from tests.factories.contacts import delete, new_contact, new_list
from tests.factories.people import World, new_user
from tests.functional.test_statements import statements
from tests.support.bringing import bring, mapped
from tests.support.browser import Browser, set_value
from tests.support.marketing import Marketing
from webapp.models import GroupRight, Job, Right, StoredFile, UserGroup

Stored = Callable[[Select[Any]], list[Any]]
Unchanged = Callable[[], AbstractContextManager[None]]
PEOPLE = b"Email,First Name,Favourite\nann@example.org,Ann,Tea\nbob@example.org,Bob,Coffee\n"


def test_a_file_is_shown_before_it_is_imported(anyone: Browser, world: World, stored: Stored) -> None:
    page = bring(anyone, PEOPLE)

    assert page.status == 200
    assert "people.csv CSV file, UTF-8, 2 rows" in page.text
    assert mapped(page) == {"Email": "email", "First Name": "first_name", "Favourite": ""}
    assert "Coffee" in page.text
    assert page.has_button("Import 2 rows")
    [file] = stored(select(StoredFile).where(StoredFile.workspace_id == world.id))
    assert (file.user_id, file.name) == (world.admin.id, "people.csv")


def test_what_is_shown_is_what_is_started(anyone: Browser, world: World, stored: Stored) -> None:
    page = bring(anyone, PEOPLE)
    set_value(page.one("#column-2"), "2:tags")
    tick(page, "agreed")
    choose(page, "existing-update")
    page = redraw(anyone, page)

    job_page = anyone.press(page, "Import 2 rows")

    [job] = stored(select(Job).where(Job.workspace_id == world.id, Job.kind == "import"))
    assert job_page.path == f"/jobs/{job.id}"
    assert job.request == {
        "file_id": int(page.one("#import")["action"].rpartition("/")[2]),
        "mapping": {"0": "email", "1": "first_name", "2": "tags"},
        "existing": "update",
        "agreed": True,
        "wake": False,
        "even_if_deleted": False,
        "keep_commas": False,
    }


def test_a_choice_that_was_not_shown_is_shown_first(admin: Browser, world: World, stored: Stored) -> None:
    page = bring(admin, PEOPLE)
    tick(page, "wake")

    refused = admin.press(page, "Import 2 rows")

    assert refused.status == 409
    assert "This is the preview for your choice. Nothing was imported yet." in refused.text
    assert refused.one("#wake").has_attr("checked")
    assert stored(select(Job).where(Job.workspace_id == world.id)) == []
    assert admin.press(refused, "Import 2 rows").path.startswith("/jobs/")


def tick(page: Any, field: str) -> None:
    page.one(f"#{field}")["checked"] = ""


def choose(page: Any, field: str) -> None:
    for radio in page.all("input[name=existing]"):
        del radio["checked"]
    tick(page, field)


def redraw(browser: Browser, page: Any) -> Any:
    """What the page does after a choice: at once with scripts, by a button without."""
    if browser.javascript:
        return browser.ask(page, page.one("#import-choices"))
    return browser.press(page, "Show the preview for these choices")


@pytest.mark.parametrize(
    ("data", "name", "says"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "me.png", "It is a picture."),
        (b"", "people.csv", "It is empty."),
        (b"PK\x03\x04" + bytes(99), "people.zip", "Unpack it"),
        (b'"' * 2_000_000, "bomb.csv", "Its line 1 is too long"),
        (b"," * 10_000_000, "wide.csv", "Its line 1 is too long"),
        (b"a," * 2_000, "wide.csv", "at most 1,000 can be imported"),
        (b"ann@example.org,Ann\n", "people.csv", "names no columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_imported_is_refused_and_nothing_is_stored(
    admin: Browser, unchanged: Unchanged, data: bytes, name: str, says: str
) -> None:
    with unchanged():
        page = bring(admin, data, name)

    assert page.status == 422
    assert page.words("#file-error").startswith("This file cannot be imported. It")
    assert says in page.words("#file-error")


def test_a_file_of_more_than_20_mb_is_refused_with_the_command_for_it(
    admin: Browser, member: Browser, unchanged: Unchanged
) -> None:
    row = b"ann@example.org,Ann" + b"x" * 1_000 + b"\n"
    with unchanged():
        page = bring(admin, b"Email,First Name\n" + row * 22_000)
        # Those who may not import have the limit of all other forms.
        foreign = bring(member, PEOPLE + row * 2_000)

    assert page.status == 413
    assert "flask --app webapp contacts import FILE.csv" in page.text
    assert page.button("Choose another file")["href"] == "/contacts/import"
    assert foreign.status == 413
    assert "20 MB" not in foreign.text


# Werkzeug leaves the temporary file of a form that is cut off to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("kept", [0.5, 0.999])
def test_an_upload_that_is_cut_off_stores_nothing(admin: Browser, unchanged: Unchanged, kept: float) -> None:
    fields = {"csrf_token": admin.token(), "file": FileStorage(BytesIO(PEOPLE * 100), "people.csv")}
    boundary, body = encode_multipart(fields)

    with unchanged():
        answer = admin.client.post(
            "/contacts/import",
            data=body[: int(len(body) * kept)],
            content_type=f"multipart/form-data; boundary={boundary}",
        )

    assert answer.status_code == 400
    gc.collect()


def test_a_form_without_a_file_asks_for_one(admin: Browser, unchanged: Unchanged) -> None:
    token = admin.token()
    with unchanged():
        page = admin.post("/contacts/import", {"csrf_token": token})

    assert (page.status, page.words("#file-error")) == (422, "Choose a file first.")


def test_without_a_known_column_the_person_says_which_has_the_addresses(anyone: Browser) -> None:
    page = bring(anyone, b"Wer,Adresse\nAnn,ann@example.org\n")

    assert "No column is known as the e-mail address." in page.text
    assert page.button("Import 1 row").has_attr("disabled")

    set_value(page.one("#column-1"), "1:email")
    page = redraw(anyone, page)

    assert "No column is known" not in page.text
    assert anyone.press(page, "Import 1 row").path.startswith("/jobs/")


def test_a_file_without_rows_cannot_be_started(admin: Browser) -> None:
    page = bring(admin, b"Email\n")

    assert "The file has no rows" in page.text
    assert page.button("Import 0 rows").has_attr("disabled")


def test_letters_that_are_in_doubt_are_shown_and_can_be_read_in_another_way(
    anyone: Browser, world: World, stored: Stored
) -> None:
    page = bring(anyone, "Email;Name;Prénom\na@example.org;Łukasz Nowak;x\n".encode("cp1250"))
    assert "Are these words spelled right?" in page.text
    assert "£ukasz" in page.words(".chips")

    set_value(page.one("#encoding"), "cp1250")
    page = anyone.press(page, "Read the file again")

    assert "Łukasz" in page.words(".chips")
    assert "Łukasz Nowak" in page.text
    # The name of a column is read again, too.
    assert mapped(page) == {"Email": "email", "Name": "", "Prénom": "first_name"}
    [file] = stored(select(StoredFile).where(StoredFile.workspace_id == world.id))
    assert file.about["encoding"] == "cp1250"


def test_a_utf_8_file_has_one_way_to_be_read(admin: Browser, unchanged: Unchanged) -> None:
    page = bring(admin, PEOPLE)
    assert not page.all("#encoding")

    path = f"{page.path}/encoding"
    with unchanged():
        refused = admin.post(path, {"csrf_token": admin.token(), "encoding": "cp1250"})

    assert (refused.status, "one way to be read only" in refused.text) == (422, True)


def test_a_new_file_takes_the_place_of_the_one_that_waits_but_not_of_one_that_is_imported(
    admin: Browser, member: Browser, store: Session, world: World, stored: Stored
) -> None:
    first = bring(admin, PEOPLE, "first.csv")
    second = bring(admin, PEOPLE, "second.csv")
    gone = admin.get(first.path)
    assert (gone.status, "Choose it again." in gone.text) == (404, True)

    job_page = admin.press(second, "Import 2 rows")
    bring(admin, PEOPLE, "third.csv")

    names = select(StoredFile.name).where(StoredFile.workspace_id == world.id).order_by(StoredFile.id)
    assert stored(names) == ["second.csv", "third.csv"]
    page = admin.get(second.path)
    assert "This file is being imported: Import #1" in page.text
    assert page.button("Import 2 rows").has_attr("disabled")
    # The same confirmation again leads to its job; another one does not start a second import of the file.
    assert admin.press(second, "Import 2 rows").path == job_page.path
    del page.button("Import 2 rows")["disabled"]
    assert admin.press(page, "Import 2 rows").status == 409
    assert len(stored(select(Job).where(Job.workspace_id == world.id))) == 1


def test_after_a_day_a_file_is_gone_with_a_sentence(admin: Browser, store: Session, world: World) -> None:
    page = bring(admin, PEOPLE)
    # On SQLite a transaction that has read cannot write after the app has.
    store.rollback()
    ours = update(StoredFile).where(StoredFile.workspace_id == world.id)
    store.execute(ours.values(expires_at=StoredFile.created_at))
    store.commit()

    for answer in (admin.get(page.path), admin.press(page, "Import 2 rows")):
        assert answer.status == 404
        assert "for a day at most. Choose it again." in answer.text


def test_only_who_brought_a_file_and_admins_see_it(
    admin: Browser,
    member: Browser,
    store: Session,
    world: World,
    elsewhere: World,
    browse: Callable[..., Browser],
) -> None:
    group = UserGroup(workspace_id=world.id, name="Import")
    store.add(group)
    store.flush()
    ann = new_user(store, world.workspace, "Ann", group)
    bob = new_user(store, world.workspace, "Bob", group)
    store.add(GroupRight(group_id=group.id, right=Right.IMPORT))
    store.commit()

    page = bring(browse(ann), PEOPLE)

    assert page.status == 200
    answers = [each.get(page.path).status for each in (browse(bob), admin, member, browse(elsewhere.admin))]
    assert answers == [404, 200, 403, 404]


def test_rows_of_deleted_contacts_are_counted_and_can_be_restored_instead(
    anyone: Browser, store: Session, world: World
) -> None:
    binned = [new_contact(store, world, email=f"gone{n}@example.org") for n in range(2)]
    delete(store, world, *binned)
    store.commit()

    page = bring(anyone, b"Email,E-mail 2\nGONE0@example.org,\nann@example.org,\n,gone1@example.org\nnone,\n")
    if anyone.javascript:
        page = anyone.poll(page)
    else:
        page = anyone.press(page, "Are some of them among the deleted contacts?")

    assert "2 rows of the file have the address of a deleted contact, and are left out." in page.text
    assert page.button("Restore instead")["href"] == "/contacts/restore"


def test_the_choices_name_what_would_happen(admin: Browser, store: Session, world: World) -> None:
    marketing = Marketing(store, world)
    marketing.automation(new_list(store, world), {"do": "wait", "hours": 1})
    store.commit()

    page = bring(admin, PEOPLE)

    assert "1 automation is on." in page.text
    assert not page.one("#wake").has_attr("checked")
    assert not page.one("#agreed").has_attr("checked")
    assert page.one("#existing-skip").has_attr("checked")


def test_the_page_is_linked_for_those_who_may_import(admin: Browser, member: Browser) -> None:
    assert [link["href"] for link in admin.get("/contacts").all("a[href='/contacts/import']")]
    assert not member.get("/contacts").all("a[href='/contacts/import']")


def test_a_preview_takes_few_statements_however_long_the_file_is(admin: Browser, engine: Engine) -> None:
    page = bring(admin, b"Email,First Name\n" + b"".join(b"a%d@example.org,A\n" % n for n in range(20_000)))

    with statements(engine) as asked:
        admin.get(page.path)

    assert len(asked) <= 10, "\n".join(asked)
