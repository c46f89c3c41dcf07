"""Small windows: what the style sheets alone decide."""

from collections.abc import Callable, Iterator

import pytest
from selenium.webdriver import Chrome
from sqlalchemy.orm import Session

from tests.browser.page import Page
from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World, new_user, new_world
from webapp.clock import read_clock
from webapp.people.users import add_user

# As long as a name may be.
LONG = "Maximiliane-Alexandra von und zu Hohenstein-Wartenberg of the Northern Provinces"


@pytest.fixture
def window(chromium: Chrome) -> Iterator[Callable[[int, int], None]]:
    """Give the window this width and height."""

    def resize(width: int, height: int) -> None:
        sizes = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", sizes)

    yield resize
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def is_wider_than_the_window(page: Page) -> bool:
    return bool(page.script("return document.documentElement.scrollWidth > innerWidth"))


def lines(page: Page, css: str) -> int:
    """In how many lines the text of the element stands."""
    counted = """const range = document.createRange();
        range.selectNodeContents(document.querySelector(arguments[0]));
        return new Set([...range.getClientRects()].map((line) => Math.round(line.top))).size"""
    return int(page.script(counted, css))


def test_on_a_phone_the_name_of_a_job_stands_in_one_line(
    page: Page, window: Callable[[int, int], None], store: Session, world: World
) -> None:
    delete(store, world, *new_contacts(store, world, 2))
    store.commit()
    page.open("/contacts/restore")
    page.click("#restore-all")
    page.click("#confirm:modal .button-primary")
    page.wait_for("#progress")

    window(390, 860)
    page.open("/jobs")

    assert lines(page, ".table-jobs .cell-name bdi") == 1
    assert not is_wider_than_the_window(page)


def test_on_a_phone_long_names_wrap(
    page: Page, window: Callable[[int, int], None], store: Session, world: World
) -> None:
    other = new_world(store, name=LONG)
    add_user(store, other.id, world.admin.email, LONG, [], read_clock(store))
    store.commit()

    window(390, 860)
    for path in ("/account", "/users", "/sessions", "/security", "/settings", "/audit"):
        page.open(path)
        assert not is_wider_than_the_window(page), path
    page.open("/contacts")
    assert page.one(".frame-person > a").rect["y"] < page.one(".frame-nav").rect["y"], "above the entries"


def test_in_a_window_of_720_pixels_all_entries_of_the_navigation_are_in_sight(
    page: Page, window: Callable[[int, int], None]
) -> None:
    window(1280, 720)
    page.open("/contacts")

    nav = "document.querySelector('.frame-nav')"
    assert page.script(f"return {nav}.scrollHeight <= {nav}.clientHeight")


def test_a_group_of_a_user_is_not_broken_within_its_word(
    page: Page, window: Callable[[int, int], None], store: Session, world: World
) -> None:
    new_user(store, world.workspace, LONG)
    store.commit()

    window(1280, 860)
    page.open("/users")

    assert lines(page, "#results .chip bdi") == 1


def test_a_password_is_shown_while_it_is_typed_and_hidden_before_it_is_sent(page: Page) -> None:
    page.open("/security")
    page.type("#present", "not my password")
    button = "#present + .reveal"
    shown = "return document.getElementById('present').type"
    assert page.one(button).accessible_name == "Show “Your present password”"

    page.click(button)
    assert (page.script(shown), page.one(button).text) == ("text", "Hide")
    page.click(button)
    assert (page.script(shown), page.one(button).text) == ("password", "Show")

    page.click(button)
    sent_as = page.script(
        """const form = document.getElementById("present").form;
        form.addEventListener("submit", (event) => event.preventDefault());
        form.noValidate = true;
        form.requestSubmit();
        return document.getElementById("present").type"""
    )
    assert sent_as == "password"
