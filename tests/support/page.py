"""What must hold of every page and every fragment that a test opens.

Tests open thousands of them, so each is walked once; no question is a selector of its own.
"""

import re
from collections import Counter
from urllib.parse import urlsplit

from tests.support.element import Document, Element
from webapp.urls import POLLED_BY, ROUTES

HTMX_VERBS = {"hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"}
INLINE = {"style", "onclick", "onchange", "onsubmit", "oninput", "onload", "hx-on"}
NAMING = ("aria-describedby", "aria-labelledby", "aria-controls", "popovertarget")
SWAPS = {"innerHTML", "outerHTML"}
# Triggers that need no person.
ASKS_BY_ITSELF = re.compile(r"\b(load|every|revealed|intersect)\b")
# A parser of fragments drops these silently, so the text is searched for them.
PAGE_ONLY = re.compile(r"<(html|head|body)\b", re.IGNORECASE)

# RIGHT-TO-LEFT OVERRIDE, which tests put into typed texts; where it is harmless; and what it must not meet.
TURNING = "\u202e"
ISOLATED = re.compile("\u2068[^\u2066-\u2069]*\u2069")
LETTER = re.compile(r"\w")
SIGNS = re.compile("[\u2066-\u2069]")
# What a person typed, as it is. An option is laid out by itself, and has to be found by its first letter.
AS_TYPED = {"value"}

# Each element with its attributes, which are read once.
Tags = list[tuple[Element, dict[str, str]]]


def check_page(html: str) -> Document:
    """Check a whole page and return it. Raises AssertionError with what is wrong."""
    document = Document(html)
    check_document(document)
    if TURNING in html:
        check_isolation(_tags(document))
    return document


def check_fragment(html: str) -> Document:
    """Check a fragment that htmx swaps in, and return it."""
    document = Document(html, is_fragment=True)
    roots = document.roots
    assert len(roots) == 1, f"a fragment has one root, this one {len(roots)}"
    assert roots[0].get("id"), "a fragment's root has an id"
    tags = _tags(document)
    is_page = PAGE_ONLY.search(html) or any(tag.name == "h1" for tag, _ in tags)
    assert not is_page, "a fragment is no page"
    _check_everywhere(tags)
    if TURNING in html:
        check_isolation(tags)
    return document


def check_document(document: Document) -> None:
    """Check a whole page, as it was sent or after a fragment was put into it."""
    tags = _tags(document)
    ids = {attrs["id"] for _, attrs in tags if "id" in attrs}
    headings = [tag for tag, _ in tags if tag.name == "h1"]
    assert len(headings) == 1, f"a page has one h1, this one {len(headings)}"
    assert headings[0].get_text(strip=True), "a page's h1 says something"
    title = next((tag for tag, _ in tags if tag.name == "title"), None)
    assert title is not None, "a page has a title"
    assert title.get_text(strip=True), "a page's title says something"
    assert any(tag.name == "html" and attrs.get("lang") for tag, attrs in tags), "a page says its language"
    for tag, attrs in tags:
        target = attrs.get("hx-target", "")
        assert not target.startswith("#") or target[1:] in ids, f"htmx target {target} is not on the page"
        if attrs.get("for") and tag.name == "label":
            assert attrs["for"] in ids, f"label for {attrs['for']} labels nothing"
        for name in NAMING:
            for wanted in attrs.get(name, "").split():
                assert wanted in ids, f"{name} names {wanted}, which is not on the page"
    _check_live_region(tags)
    _check_everywhere(tags)


def _tags(document: Document) -> Tags:
    return [(element, element.attrs) for element in document.everything]


def _check_everywhere(tags: Tags) -> None:
    counted = Counter(attrs["id"] for _, attrs in tags if "id" in attrs)
    doubled = [name for name, count in counted.items() if count > 1]
    assert not doubled, f"ids used twice: {doubled}"
    labels = {attrs["for"] for tag, attrs in tags if attrs.get("for") and tag.name == "label"}
    for tag, attrs in tags:
        kind = tag.name
        if kind in ("input", "select", "textarea"):
            _check_field(tag, attrs, labels)
        elif kind in ("a", "button"):
            assert attrs.get("aria-label") or tag.get_text(strip=True), f"no accessible name: {tag}"
        elif kind == "form":
            _check_form(tag, attrs)
            _check_whose(tag)
        elif kind == "script":
            assert attrs.get("src"), "an inline script is blocked by the CSP"
        inline = INLINE & attrs.keys()
        assert not inline, f"{inline} is blocked by the CSP: {tag}"
        if HTMX_VERBS & attrs.keys():
            _check_htmx(kind, attrs)


# Patterns of all addresses that are read, with their endpoints.
_PATTERNS = [
    (route.endpoint, re.compile(re.sub("<.+?>", r"\\d+", route.path)))
    for route in ROUTES
    if route.method == "GET"
]

# A browser shows their texts apart from the rest.
CONTROLS = ("option", "textarea")


def check_isolation(tags: Tags) -> None:
    """A typed text is isolated wherever it is shown, so that it turns nothing around: by <bdi>, or in a title
    or an attribute by Unicode's own signs."""
    for tag, attrs in tags:
        if tag.name not in ("bdi", *CONTROLS) and tag.find_parent("bdi") is None:
            for words in tag.own_texts:
                assert tag.name == "title" or not SIGNS.search(words), f"no <bdi>, but its sign: {words!r}"
                assert TURNING not in ISOLATED.sub("", words), f"not isolated in <{tag.name}>: {words!r}"
        elif tag.name not in CONTROLS:
            _check_isolated(tag, "".join(tag.own_texts))
        for name in attrs.keys() - AS_TYPED:
            assert TURNING not in ISOLATED.sub("", attrs[name]), f"not isolated in {name}: {attrs[name]!r}"


def _check_isolated(tag: Element, words: str) -> None:
    """Nothing else is in the same <bdi>: a typed text begins with U+202E, and one with two ends so, too."""
    assert not SIGNS.search(words), f"ends its isolation: {tag}"
    before, *between, after = words.split(TURNING) if TURNING in words else ("", "")
    assert not LETTER.search(before), f"words of ours before a typed text: {tag}"
    assert not (between and LETTER.search(after)), f"words of ours after a typed text: {tag}"


def _check_live_region(tags: Tags) -> None:
    """A live region must not be swapped out."""
    found = [(tag, attrs) for tag, attrs in tags if attrs.get("id") == "announcer"]
    assert found, "a page has a live region"
    announcer, attrs = found[0]
    assert attrs.get("role") == "status", "the live region is a status"
    targets = {attrs.get("hx-target") for _, attrs in tags}
    for place in announcer.parents:
        swapped = place.get("hx-target") == "this" or (place.get("id") and f"#{place['id']}" in targets)
        assert not swapped, f"the live region stands in {place.name} #{place.get('id')}, which is swapped"


def _check_field(field: Element, attrs: dict[str, str], labels: set[str]) -> None:
    if attrs.get("type") in ("hidden", "submit", "button"):
        return
    labelled = (
        attrs.get("aria-label")
        or attrs.get("aria-labelledby")
        or attrs.get("id") in labels
        or field.find_parent("label")
    )
    assert labelled, f"no label: {field}"


def _check_form(form: Element, attrs: dict[str, str]) -> None:
    method = attrs.get("method", "get").lower()
    has_token = form.select_one("input[name=csrf_token]") is not None
    # The links in messages carry their permission in the address (webapp/views/links.py).
    if attrs.get("action", "").startswith(("/u/", "/c/")):
        assert not has_token, "a session would take part"
    elif method == "post":
        assert has_token, f"a POST without its token: {attrs.get('action')}"
    elif method == "get":
        assert not has_token, "a token must not get into an address"


def _check_whose(form: Element) -> None:
    if form.select_one("input[type=password]"):
        assert form.select_one("input[autocomplete=username]"), f"whose password it is: {form.get('action')}"


def _check_htmx(kind: str, attrs: dict[str, str]) -> None:
    """htmx inherits nothing here, so each element names its target and swap."""
    assert attrs.get("hx-target"), f"an htmx element without a target: {kind}"
    swap = attrs.get("hx-swap", "").partition(" ")[0]
    assert swap in SWAPS, f"another way of swapping than the ones we use: {attrs.get('hx-swap')!r}"
    if kind == "a":
        assert attrs.get("href"), f"an htmx link without an address: {attrs}"
    if ASKS_BY_ITSELF.search(attrs.get("hx-trigger", "")):
        _check_polling(attrs)


def _check_polling(attrs: dict[str, str]) -> None:
    """What a page requests by itself is no use of the session: the URL table names the element."""
    path = urlsplit(attrs["hx-get"]).path
    endpoints = [endpoint for endpoint, pattern in _PATTERNS if pattern.fullmatch(path)]
    polled_by = {POLLED_BY.get(endpoint) for endpoint in endpoints}
    assert polled_by == {attrs["id"]}, f"POLLED_BY in webapp/urls does not name it: {attrs}"
