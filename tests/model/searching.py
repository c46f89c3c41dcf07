"""Finding a contact by the words of a search, for the characters that the model's names have."""

from tests.model.things import Details

FOLDS = str.maketrans({"é": "e", "ß": "ss", "’": "'", "–": "-"})
IDEOGRAPHS = set("小明王")
# A shorter word is found where a word begins, or a part of one after a hyphen or an apostrophe.
ANYWHERE_FROM = 3


def folded(text: str) -> str:
    return text.lower().translate(FOLDS)


def is_found(word: str, details: Details) -> bool:
    """Whether the folded `word` of a search finds the contact. A word of ideographs may continue from one
    name into the other, in both orders."""
    first, last = folded(details.first_name), folded(details.last_name)
    names = [first, last, *folded(details.email or "").split()]
    if IDEOGRAPHS & set(word):
        return any(word in text for text in (*names, _run_on(first, last), _run_on(last, first)))
    if len(word) >= ANYWHERE_FROM:
        return any(word in name for name in names)
    return any(part.startswith(word) for name in names for part in _parts(name))


def _run_on(name: str, other: str) -> str:
    """The two names without a space, where ideographs meet."""
    return name + other if {name[-1:], other[:1]} <= IDEOGRAPHS else ""


def _parts(name: str) -> list[str]:
    begins = [0, *(place + 1 for place, letter in enumerate(name) if letter in "'-")]
    return [name[begin:] for begin in begins]
