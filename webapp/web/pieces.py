"""The pieces of pages that a page has by the hundred, as functions: a macro call costs ten times as much
(docs/adr/0047). All other pieces are macros of `_pieces.html`."""

from datetime import datetime
from functools import cache

from flask import Flask, current_app
from markupsafe import Markup, escape

from webapp.web.dates import exact, iso
from webapp.words.isolation import bare, enclose
from webapp.words.moments import ago


@cache
def icon(name: str) -> Markup:
    """A line icon of `_icons.html`. Text beside it carries the meaning."""
    paths = current_app.jinja_env.get_template("_icons.html").make_module().paths  # type: ignore[attr-defined]
    svg = '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">'
    return Markup(f"{svg}{paths[name]}</svg>")  # nosec B704  # our own template


def bdi(text: str | None) -> Markup:
    """A typed text in an element of its own, so that it turns nothing around (webapp/words/isolation.py)."""
    return Markup(f"<bdi>{escape(text if hasattr(text, '__html__') else bare(text or ''))}</bdi>")


def sentence(words: str) -> Markup:
    """A sentence of `webapp.words`, in which each typed text is in such an element."""
    return Markup(enclose(str(escape(words)), "<bdi>", "</bdi>"))  # nosec B704  # the words are escaped


def named(name: str, note: str | None = "", href: str | None = None, id: str | None = None) -> Markup:  # noqa: A002
    """A name with a note below it, both typed; a note that is a sentence comes as `words|sentence`."""
    own = f'class="cell-name" id="{escape(id)}"' if id else 'class="cell-name"'
    shown = f'<a {own} href="{escape(href)}">{bdi(name)}</a>' if href else f"<span {own}>{bdi(name)}</span>"
    below = f'<span class="cell-note">{bdi(note)}</span>' if note and note != name else ""
    return Markup(shown + below)  # nosec B704  # its parts are escaped


def when(moment: datetime, now: datetime) -> Markup:
    """How long ago, with the exact time below."""
    return Markup(
        f'<time datetime="{iso(moment)}"><span>{ago(moment, now)}</span>'
        f'<span class="cell-exact">{exact(moment)}</span></time>'
    )


def time_left(until: datetime, words: str, soon: bool) -> Markup:
    """How long a contact can still be restored, in words of whole days. The exact end is `until`."""
    kind, sign = ("left left-soon", icon("clock")) if soon else ("left", "")
    return Markup(
        f'<time class="{kind}" datetime="{iso(until)}" title="Can be restored until {exact(until)}">'
        f"{sign}{escape(words)}</time>"
    )


def init_pieces(app: Flask) -> None:
    """Register them for the templates: the icons as a function, all others as filters."""
    app.add_template_global(icon)
    for piece in (bdi, sentence, named, when, time_left, exact, iso):
        app.add_template_filter(piece)
