"""The ways to delete contacts, as the filter and the address name them: "page", "import", "command".

A way is the source of its deletions, but for the one page that deletes.
"""

_WAYS = {"overview": "page"}
_SOURCES = {way: source for source, way in _WAYS.items()}


def way_of(source: str) -> str:
    """The way of a deletion with this source."""
    return _WAYS.get(source, source)


def source_of(way: str) -> str:
    """The source of the deletions that were made this way."""
    return _SOURCES.get(way, way)
