"""Law: one design system. Colours are defined in one place, every rule is used, /design shows every
component."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import tinycss2
from sqlalchemy.orm import Session
from tinycss2.ast import (
    AtRule,
    Declaration,
    FunctionBlock,
    Node,
    ParenthesesBlock,
    ParseError,
    QualifiedRule,
    SquareBracketsBlock,
)

from tests.factories.contacts import (
    delete,
    new_account,
    new_contact,
    new_deal,
    new_list,
    new_tag,
    put_tag,
    subscribe,
)
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.element import Document
from webapp.web import pieces
from webapp.web.assets import OURS
from webapp.words.jobs import STATES

TEMPLATES = Path(__file__).parents[2] / "templates"
SHEETS = {path.name: path.read_text() for path in (OURS / "css").glob("*.css")}
SOURCES = [*TEMPLATES.rglob("*.html"), *(OURS / "js").glob("*.js"), Path(pieces.__file__)]
MARKUP = "\n".join(path.read_text() for path in SOURCES)
# Classes that are composed of a word and a state.
MADE_OF = ("pill-", "notice-", "job-state-", "picture-", "type-size-", "htmx-")


def test_colours_are_defined_in_one_place() -> None:
    others = "\n".join(text for name, text in SHEETS.items() if name != "tokens.css")

    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[^{]*;)|rgb\(|hsl\(", others) == []


def test_every_token_is_used_and_every_used_token_is_defined() -> None:
    made = set(re.findall(r"^\s+(--[\w-]+):", SHEETS["tokens.css"], re.MULTILINE))

    assert made == set(re.findall(r"var\((--[\w-]+)", "\n".join(SHEETS.values())))


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_has_no_syntax_error(name: str) -> None:
    """A browser skips what it cannot parse, without a message."""
    nodes = tinycss2.parse_stylesheet(SHEETS[name], skip_comments=True, skip_whitespace=True)

    assert list(syntax_errors(nodes)) == []


def syntax_errors(nodes: Iterable[Node]) -> Iterator[tuple[int, str]]:
    """The line and the message of each error in `nodes`, and in the rules, blocks and values within them."""
    for node in nodes:
        if isinstance(node, ParseError):
            yield node.source_line, node.message
        elif isinstance(node, Declaration):
            if not any(value.type not in ("whitespace", "comment") for value in node.value):
                yield node.source_line, f"{node.name} has no value"
            yield from syntax_errors(node.value)
        elif isinstance(node, AtRule | QualifiedRule):
            yield from syntax_errors(node.prelude)
            if node.content is not None:
                yield from syntax_errors(tinycss2.parse_blocks_contents(node.content, skip_comments=True))
        elif isinstance(node, FunctionBlock):
            yield from syntax_errors(node.arguments)
        elif isinstance(node, ParenthesesBlock | SquareBracketsBlock):
            yield from syntax_errors(node.content)


@pytest.mark.parametrize("name", SHEETS)
def test_every_class_in_a_style_sheet_is_used(name: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", SHEETS[name], flags=re.DOTALL)
    selectors = " ".join(re.findall(r"([^{}]+)\{", text))
    classes = set(re.findall(r"\.([a-z][\w-]*)", selectors))

    dead = {each for each in classes if each not in MARKUP and not each.startswith(MADE_OF)}
    assert dead == set()


def test_no_page_repeats_the_markup_of_a_macro() -> None:
    """Each component is defined once; a copy in a page would become different from the others."""
    marks = ('class="empty"', 'class="page-head"', 'class="notice ', 'class="pill', "<dialog", "<progress ",
             'class="field-error"', 'class="chip"', 'class="card-page ', 'name="csrf_token"')  # fmt: skip
    by_hand = {
        (path.relative_to(TEMPLATES).as_posix(), piece)
        for path in TEMPLATES.rglob("*.html")
        for piece in marks
        if piece in path.read_text()
        and path.name not in ("_pieces.html", "_notice.html", "_fields.html", "_dialog.html")
    }

    assert by_hand == set()


def test_the_design_page_shows_every_icon_colour_and_state(admin: Browser) -> None:
    page = admin.get("/design")

    icons = re.findall(r"^  '([\w-]+)':", (TEMPLATES / "_icons.html").read_text(), re.MULTILINE)
    assert [code.get_text() for code in page.all(".icons code")] == icons
    colours = re.findall(r"^  (--[\w-]+): light-dark\((.+), (.+)\);", SHEETS["tokens.css"], re.MULTILINE)
    shown = [tuple(e.get_text() for e in li.select("code, span")) for li in page.all(".swatches li")]
    assert shown == colours
    pills = {pill.get_text(strip=True) for pill in page.all(".pill")}
    assert pills == {*STATES.values(), "Subscribed", "Bounced", "Unsubscribed", "Unconfirmed"}
    for kind in ("info", "success", "warning", "error"):
        assert page.all(f".notice-{kind}")
    for piece in (
        "dialog",
        ".menu",
        ".empty",
        ".field-error",
        ".card-page",
        "progress",
        "tr .check[checked]",
    ):
        assert page.all(piece), piece


def test_nothing_on_the_design_page_sends_a_request(admin: Browser) -> None:
    """The ids in its rows may be those of real contacts: nothing there may reach them."""
    page = admin.get("/design")

    for element in page.all("main form, main [hx-get], main [hx-post]"):
        around = [parent for parent in element.parents if parent.has_attr("inert")]
        assert any(parent.has_attr("hx-disable") for parent in around), element
    assert not page.all("main [data-poll], main [hx-trigger^=load]")


def test_the_design_page_needs_a_session_and_is_linked_from_no_page(admin: Browser, member: Browser) -> None:
    assert member.get("/design").status == 200
    for path in ("/contacts", "/contacts/restore", "/restores"):
        assert not admin.get(path).all("a[href='/design']")


def test_names_are_isolated_from_the_direction_of_the_text(
    admin: Browser, world: World, store: Session
) -> None:
    """A name that runs from right to left must not reverse the words and figures beside it."""
    name = "نور"
    contact = new_contact(store, world, name, "", email=None, account=new_account(store, world, name))
    subscribe(store, contact, new_list(store, world, name), "subscribed")
    put_tag(store, contact, new_tag(store, world, name))
    new_deal(store, world, contact, title=name)
    gone = new_contact(store, world, name, "")
    delete(store, world, gone)
    store.commit()

    for path in ("/contacts", f"/contacts/{contact.id}", "/contacts/restore", f"/contacts?q={name}x"):
        found = Document(admin.client.get(path).text).select("main *")
        assert {e.name for e in found if any(name in text for text in e.own_texts)} == {"bdi"}, path
