"""Law: a template imports the macros that it uses, and names its context in the comment at its top."""

import re
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment, nodes

TEMPLATES = Path(__file__).parents[2] / "templates"
NAMES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
# What Jinja, Flask, its extensions and the app give to every template.
EVERYWHERE = {
    *("asset_url", "can_restore", "csrf_token", "current_user", "get_flashed_messages", "job_notices"),
    *("described", "icon", "job_href", "navigation", "url_for"),
}
EVERYWHERE |= {"caller", "dict", "kwargs", "loop", "session", "super"}

# A button whose own words stand beside a typed text: a gap would separate the two.
TORN = re.compile(r'<(?:a|button)\b[^>]*class="button[^>]*>(?!\{\{[^}]*\|bdi \}\}<)[^<]*\|bdi')


@cache
def parse(name: str) -> nodes.Template:
    return Environment(autoescape=True).parse((TEMPLATES / name).read_text())


def imports(tree: nodes.Template) -> set[str]:
    found = {name for each in tree.find_all(nodes.FromImport) for name in each.names}
    return {name if isinstance(name, str) else name[1] for name in found}


def macros(tree: nodes.Template) -> set[str]:
    return {macro.name for macro in tree.find_all(nodes.Macro)}


def used(tree: nodes.Template) -> set[str]:
    return {name.name for name in tree.find_all(nodes.Name) if name.ctx == "load"}


def own(tree: nodes.Template) -> set[str]:
    """The names that the template defines: macros, imports, loop variables, assignments."""
    stored = {name.name for name in tree.find_all(nodes.Name) if name.ctx in ("store", "param")}
    return stored | imports(tree) | macros(tree)


@pytest.mark.parametrize("name", NAMES)
def test_a_template_imports_exactly_the_macros_that_it_uses(name: str) -> None:
    """A template gets no macro from the template that it extends or that includes it, except one that the
    comment at its top names: its page has it."""
    tree = parse(name)
    known = {macro for other in NAMES for macro in macros(parse(other))}
    called = {
        call.node.name
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name in known
    }

    assert called - macros(tree) - named_at_the_top(name) <= imports(tree), "used, but not imported"
    assert imports(tree) <= used(tree), "imported, but not used"


@pytest.mark.parametrize("name", NAMES)
def test_a_template_names_the_context_that_it_needs(name: str) -> None:
    """In the comment at its top; "that of `x.html`" counts for what the comment of x.html names."""
    needed = used(parse(name)) - own(parse(name)) - EVERYWHERE
    assert needed <= named_at_the_top(name)


def named_at_the_top(name: str) -> set[str]:
    comment = re.match(r"\{#.*?#\}", (TEMPLATES / name).read_text(), re.DOTALL)
    words = set(re.findall(r"`([^`]+)`", comment[0])) if comment else set()
    others = {word for word in words if word in NAMES and word != name}
    return words.union(*(named_at_the_top(other) for other in others))


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_a_button_stand_in_one_element(name: str) -> None:
    found = TORN.findall((TEMPLATES / name).read_text())
    assert not found, f"put the words into a <span>: {found}"
