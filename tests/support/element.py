"""HTML as a browser reads it: parsed by the HTML standard, elements found by CSS selectors.

The parser is written in C: with one in Python, half of the time of every page test went into parsing.
"""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode


class Element:
    """An element of a document. Setting and deleting attributes changes the document."""

    __slots__ = ("node",)

    def __init__(self, node: LexborNode) -> None:
        self.node = node

    def __str__(self) -> str:
        return self.node.html or ""

    __repr__ = __str__

    @property
    def name(self) -> str:
        return self.node.tag or ""

    @property
    def attrs(self) -> dict[str, str]:
        """A copy of the attributes; one without a value has an empty one."""
        return {name: value or "" for name, value in self.node.attributes.items()}

    def __getitem__(self, name: str) -> str:
        return self.attrs[name]

    def __setitem__(self, name: str, value: str) -> None:
        self.node.attrs[name] = value

    def __delitem__(self, name: str) -> None:
        if name in self.node.attrs:
            del self.node.attrs[name]

    def get(self, name: str, default: str | None = None) -> str | None:
        return self.attrs.get(name, default)

    def has_attr(self, name: str) -> bool:
        return name in self.node.attrs

    def get_text(self, separator: str = "", *, strip: bool = False) -> str:
        """The texts within, joined by `separator`; with `strip`, each without the spaces around it."""
        return self.node.text(separator=separator, strip=strip, skip_empty=strip)

    @property
    def own_texts(self) -> list[str]:
        """The texts that stand directly in this element."""
        return [
            child.text_content or ""
            for child in self.node.iter(include_text=True, skip_empty=True)
            if child.is_text_node
        ]

    def select(self, selector: str) -> list["Element"]:
        """The elements within that match `selector`, each once, in the order of the document."""
        # The parser finds an element once for each part of a list of selectors, and the element itself.
        found = dict.fromkeys(self.node.css(selector))
        return [Element(node) for node in found if node != self.node]

    def select_one(self, selector: str) -> "Element | None":
        return next(iter(self.select(selector)), None)

    @property
    def parents(self) -> Iterator["Element"]:
        """The elements around this one, the nearest first."""
        node = self.node.parent
        while node is not None and node.is_element_node:
            yield Element(node)
            node = node.parent

    def find_parent(self, name: str) -> "Element | None":
        """The nearest element around this one that is called `name`."""
        return next((parent for parent in self.parents if parent.name == name), None)

    def replace_with(self, other: "Element") -> None:
        """Put a copy of `other` in this element's place."""
        self.node.replace_with(other.node)

    def fill_with(self, other: "Element") -> None:
        """Put a copy of `other` in place of all that this element holds."""
        for child in list(self.node.iter(include_text=True)):
            child.decompose()
        self.node.insert_child(other.node)


class Document:
    """A whole page, or the elements of a fragment."""

    def __init__(self, html: str, *, is_fragment: bool = False) -> None:
        self._is_fragment = is_fragment
        self._parser = LexborHTMLParser(html, is_fragment=is_fragment)

    def __str__(self) -> str:
        return self._parser.html or ""

    def copy(self) -> "Document":
        """The same once more. (The parser's own `clone` leaves out what a <template> holds.)"""
        return Document(str(self), is_fragment=self._is_fragment)

    @property
    def everything(self) -> list[Element]:
        """Each element, those in a <template> included."""
        nodes = self._parser.css("*")
        nodes += [node for held in self._parser.template_fragments() for node in held.css("*")]
        return [Element(node) for node in nodes]

    @property
    def roots(self) -> list[Element]:
        """The outermost elements: <html>, or those of a fragment."""
        return [
            Element(node)
            for node in self._parser.css("*")
            if node.parent is None or not node.parent.is_element_node
        ]

    def select(self, selector: str) -> list[Element]:
        """The elements that match `selector`, each once, in the order of the document."""
        return [Element(node) for node in dict.fromkeys(self._parser.css(selector))]

    def select_one(self, selector: str) -> Element | None:
        return next(iter(self.select(selector)), None)

    def get_text(self, separator: str = "") -> str:
        return self._parser.text(separator=separator)

    def unwrap(self, name: str) -> None:
        """Replace each element of this name by what it holds; texts side by side become one."""
        self._parser.unwrap_tags([name])
        self._parser.merge_text_nodes()
