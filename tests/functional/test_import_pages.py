"""Import contacts: choosing a file, its preview, the choices, and the order that is confirmed."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, select

from tests.factories.people import World
from tests.support.bringing import bring, mapped
from tests.support.browser import Browser, set_value
from webapp.models import Job, StoredFile

Stored = Callable[[Select[Any]], list[Any]]
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
