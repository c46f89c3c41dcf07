"""What must hold of every page and every fragment that a test opens."""

from collections import Counter

from bs4 import BeautifulSoup, Tag

HTMX_VERBS = ("hx-get", "hx-post", "hx-put", "hx-patch", "hx-delete")
FIELDS = "input:not([type=hidden]):not([type=submit]):not([type=button]), select, textarea"


def check_page(html: str) -> BeautifulSoup:
    """Check a whole page and return it. Raises AssertionError with what is wrong."""
    soup = BeautifulSoup(html, "html.parser")
    assert len(soup.select("h1")) == 1, f"a page has one h1, this one {len(soup.select('h1'))}"
    assert soup.select("title:not(:empty)"), "a page has a title"
    assert soup.select("html[lang]"), "a page says its language"
    for element in soup.select("[hx-target]"):
        target = str(element["hx-target"])
        if target.startswith("#"):
            assert soup.select(target), f"htmx target {target} is not on the page"
    for label in soup.select("label[for]"):
        assert soup.find(id=str(label["for"])), f"label for {label['for']} labels nothing"
    for element in soup.select("[aria-describedby], [aria-labelledby], [aria-controls], [popovertarget]"):
        for name in ("aria-describedby", "aria-labelledby", "aria-controls", "popovertarget"):
            for wanted in str(element.get(name) or "").split():
                assert soup.find(id=wanted), f"{name} names {wanted}, which is not on the page"
    _check_everywhere(soup)
    return soup


def check_fragment(html: str) -> BeautifulSoup:
    """Check a fragment that htmx swaps in, and return it."""
    soup = BeautifulSoup(html, "html.parser")
    roots = [child for child in soup.children if isinstance(child, Tag)]
    assert len(roots) == 1, f"a fragment has one root, this one {len(roots)}"
    assert roots[0].get("id"), "a fragment's root has an id"
    assert not soup.select("h1, html, head"), "a fragment is no page"
    _check_everywhere(soup)
    return soup


def _check_everywhere(soup: BeautifulSoup) -> None:
    doubled = [
        name for name, count in Counter(str(e["id"]) for e in soup.select("[id]")).items() if count > 1
    ]
    assert not doubled, f"ids used twice: {doubled}"
    for field in soup.select(FIELDS):
        labelled = (
            field.get("aria-label")
            or field.get("aria-labelledby")
            or field.find_parent("label")
            or (field.get("id") and soup.select_one(f'label[for="{field["id"]}"]'))
        )
        assert labelled, f"no label: {field}"
    for element in soup.select("a, button"):
        name = element.get("aria-label") or element.get_text(strip=True)
        assert name, f"no accessible name: {element}"
    for element in soup.select("a[hx-get]"):
        assert element.get("href"), f"an htmx link without an address: {element}"
    for form in soup.select("form"):
        method = str(form.get("method", "get")).lower()
        if method == "post":
            assert form.select_one("input[name=csrf_token]"), (
                f"a POST without its token: {form.get('action')}"
            )
        elif method == "get":
            assert not form.select_one("input[name=csrf_token]"), "a token must not get into an address"
    for element in soup.select(", ".join(f"[{verb}]" for verb in HTMX_VERBS)):
        assert element.get("hx-target"), f"htmx inherits nothing here, so it needs a target: {element.name}"
    assert not soup.select("[style]"), "inline style is blocked by the CSP"
    assert not soup.select("script:not([src])"), "an inline script is blocked by the CSP"
    assert not soup.select("[onclick], [onchange], [onsubmit], [hx-on]"), (
        "inline handlers are blocked by the CSP"
    )
