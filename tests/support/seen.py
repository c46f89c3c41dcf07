"""A response as a user sees it."""

from dataclasses import dataclass, field

from werkzeug.datastructures import Headers

from tests.support.element import Document, Element
from tests.support.page import check_document, check_fragment, check_page

Fields = list[tuple[str, str]]


@dataclass
class Seen:
    status: int
    headers: Headers
    document: Document
    path: str
    query: dict[str, str] = field(default_factory=dict)
    # With scripts: the last response, before it was put into the page.
    part: "Seen | None" = None

    @classmethod
    def of(
        cls,
        status: int,
        headers: Headers,
        html: str,
        *,
        path: str,
        query: dict[str, str],
        htmx: bool,
    ) -> "Seen":
        if not html or 300 <= status < 400:
            document = Document(html)
        else:
            document = check_fragment(html) if htmx else check_page(html)
            # It only sets the direction of a name; visually the words around it are one sentence.
            document.unwrap("bdi")
        return cls(status, headers, document, path, query)

    @property
    def text(self) -> str:
        return " ".join(self.document.get_text(" ").split())

    def one(self, selector: str) -> Element:
        found = self.document.select(selector)
        assert len(found) == 1, f"{len(found)} × {selector} in: {self.text[:600]}"
        return found[0]

    def first(self, selector: str) -> Element:
        found = self.document.select_one(selector)
        assert found is not None, f"no {selector} in: {self.text[:600]}"
        return found

    def all(self, selector: str) -> list[Element]:
        return self.document.select(selector)

    def words(self, selector: str) -> str:
        """The text of the one element at `selector`."""
        return " ".join(self.one(selector).get_text(" ").split())

    def button(self, text: str) -> Element:
        """The button or link whose text begins with `text`, or that is labelled so; the exact one first."""
        named = [
            (" ".join(element.get_text(" ").split()), element)
            for element in self.document.select("button, a, input[type=submit]")
        ]
        for words, element in named:
            if words == text or element.get("aria-label") == text:
                return element
        for words, element in named:
            if words.startswith(text):
                return element
        raise AssertionError(f"no button {text!r} in: {self.text[:600]}")

    def has_button(self, text: str) -> bool:
        return any(
            " ".join(element.get_text(" ").split()).startswith(text)
            for element in self.document.select("button, a")
        )

    @property
    def complaint(self) -> str:
        """The text of an error: on its page, beside a field, in the bar or in a notice."""
        found = self.document.select(".lead, .field-error, .bar-message, .notice p")
        return " ".join(" ".join(element.get_text(" ").split()) for element in found)

    @property
    def names(self) -> list[str]:
        """The contacts in the table, by name, from the top."""
        return [element.get_text(strip=True) for element in self.document.select("tbody [id^=name-]")]

    @property
    def ids(self) -> list[int]:
        """The contacts in the table, by id, from the top."""
        return [int(e["id"].removeprefix("name-")) for e in self.document.select("tbody [id^=name-]")]

    @property
    def selected(self) -> list[int]:
        """The ids that the page would send as ticked, wherever they are kept; sorted."""
        fields = form_fields(self.document, self.one("#browse"))
        return sorted(int(value) for name, value in fields if name == "selected")

    def with_part(self, part: "Seen", element: Element) -> "Seen":
        """This page after htmx has put `part`, the response to `element`, in its place; checked again."""
        page = self.document.copy()
        selector = part.headers.get("HX-Retarget") or element["hx-target"]
        how = (part.headers.get("HX-Reswap") or element["hx-swap"]).split()[0]
        target = page.select_one(f"#{element['id']}" if selector == "this" else selector)
        assert target is not None, f"nothing to put the part into: {selector}"
        root = part.document.roots[0]
        if how == "outerHTML":
            target.replace_with(root)
        else:
            assert how == "innerHTML", f"another way of swapping than the ones we use: {how}"
            target.fill_with(root)
        check_document(page)
        return Seen(part.status, part.headers, page, self.path, self.query, part)


def form_fields(document: Document, form: Element) -> Fields:
    """What a browser would send for `form`, buttons apart."""
    fields: Fields = []
    elements = form.select("input, select, textarea")
    if form.get("id"):
        elements += [e for e in document.select(f'[form="{form["id"]}"]') if e.name != "button"]
    for element in elements:
        name = element.get("name")
        if not name or element.has_attr("disabled"):
            continue
        kind = element.get("type", "text")
        if element.name == "select":
            chosen = element.select_one("option[selected]") or element.select_one("option")
            fields.append((name, chosen.get("value") or "" if chosen else ""))
        elif element.name == "textarea":
            # What a test has typed is its attribute `value`, which no page sets.
            fields.append((name, element.get("value") or element.get_text()))
        elif kind in ("checkbox", "radio"):
            if element.has_attr("checked"):
                fields.append((name, element.attrs.get("value", "on")))
        elif kind not in ("submit", "button"):
            fields.append((name, element.attrs.get("value", "")))
    return fields
