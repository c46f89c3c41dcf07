"""What must hold of every page and every fragment that a test opens.

Tests open thousands of them, so each is walked once, in plain Python: a CSS selector a question took most
of the suite's time.
"""

from collections import Counter

from bs4 import BeautifulSoup, Tag

HTMX_VERBS = {"hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete"}
INLINE = {"style", "onclick", "onchange", "onsubmit", "oninput", "onload", "hx-on"}
NAMING = ("aria-describedby", "aria-labelledby", "aria-controls", "popovertarget")
SWAPS = {"innerHTML", "outerHTML"}


def check_page(html: str) -> BeautifulSoup:
    """Check a whole page and return it. Raises AssertionError with what is wrong."""
    soup, tags = _parse(html)
    ids = {str(tag["id"]) for tag in tags if tag.has_attr("id")}
    headings = [tag for tag in tags if tag.name == "h1"]
    assert len(headings) == 1, f"a page has one h1, this one {len(headings)}"
    assert headings[0].get_text(strip=True), "a page's h1 says something"
    title = soup.find("title")
    assert title is not None, "a page has a title"
    assert title.get_text(strip=True), "a page's title says something"
    assert any(tag.name == "html" and tag.get("lang") for tag in tags), "a page says its language"
    for tag in tags:
        target = str(tag.get("hx-target", ""))
        assert not target.startswith("#") or target[1:] in ids, f"htmx target {target} is not on the page"
        if tag.name == "label" and tag.get("for"):
            assert tag["for"] in ids, f"label for {tag['for']} labels nothing"
        for name in NAMING:
            for wanted in str(tag.get(name) or "").split():
                assert wanted in ids, f"{name} names {wanted}, which is not on the page"
    _check_live_region(soup)
    _check_everywhere(tags)
    return soup


def check_fragment(html: str) -> BeautifulSoup:
    """Check a fragment that htmx swaps in, and return it."""
    soup, tags = _parse(html)
    roots = [child for child in soup.children if isinstance(child, Tag)]
    assert len(roots) == 1, f"a fragment has one root, this one {len(roots)}"
    assert roots[0].get("id"), "a fragment's root has an id"
    assert not any(tag.name in ("h1", "html", "head") for tag in tags), "a fragment is no page"
    _check_everywhere(tags)
    return soup


def _parse(html: str) -> tuple[BeautifulSoup, list[Tag]]:
    soup = BeautifulSoup(html, "html.parser", multi_valued_attributes=None)
    return soup, soup.find_all(True)


def _check_everywhere(tags: list[Tag]) -> None:
    doubled = [
        name
        for name, count in Counter(str(tag["id"]) for tag in tags if tag.has_attr("id")).items()
        if count > 1
    ]
    assert not doubled, f"ids used twice: {doubled}"
    labels = {str(tag["for"]) for tag in tags if tag.name == "label" and tag.get("for")}
    for tag in tags:
        if tag.name in ("input", "select", "textarea"):
            _check_field(tag, labels)
        elif tag.name in ("a", "button"):
            name = tag.get("aria-label") or tag.get_text(strip=True)
            assert name, f"no accessible name: {tag}"
        elif tag.name == "form":
            _check_form(tag)
        elif tag.name == "script":
            assert tag.get("src"), "an inline script is blocked by the CSP"
        inline = INLINE & tag.attrs.keys()
        assert not inline, f"{inline} is blocked by the CSP: {tag}"
        if HTMX_VERBS & tag.attrs.keys():
            _check_htmx(tag)


def _check_live_region(soup: BeautifulSoup) -> None:
    """What speaks must not be swapped away while it speaks."""
    announcer = soup.find(id="announcer")
    assert announcer is not None, "a page has a live region"
    assert announcer.get("role") == "status", "the live region is a status"
    for place in announcer.find_parents(True):
        swapped = place.get("hx-target") == "this" or (
            place.get("id") and soup.find(attrs={"hx-target": f"#{place['id']}"}) is not None
        )
        assert not swapped, f"the live region stands in {place.name} #{place.get('id')}, which is swapped"


def _check_field(field: Tag, labels: set[str]) -> None:
    if field.get("type") in ("hidden", "submit", "button"):
        return
    labelled = (
        field.get("aria-label")
        or field.get("aria-labelledby")
        or str(field.get("id")) in labels
        or field.find_parent("label")
    )
    assert labelled, f"no label: {field}"


def _check_form(form: Tag) -> None:
    method = str(form.get("method", "get")).lower()
    has_token = form.find("input", attrs={"name": "csrf_token"}) is not None
    if method == "post":
        assert has_token, f"a POST without its token: {form.get('action')}"
    elif method == "get":
        assert not has_token, "a token must not get into an address"


def _check_htmx(tag: Tag) -> None:
    """htmx inherits nothing here, so each element says where its answer goes and how."""
    assert tag.get("hx-target"), f"an htmx element without a target: {tag.name}"
    swap = str(tag.get("hx-swap", "")).partition(" ")[0]
    assert swap in SWAPS, f"another way of swapping than the ones we use: {tag.get('hx-swap')!r}"
    if tag.name == "a":
        assert tag.get("href"), f"an htmx link without an address: {tag}"
