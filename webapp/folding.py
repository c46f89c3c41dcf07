"""The folded form in which names and addresses are searched: however a word is typed, it is one form.

Folded are case, compatibility forms, accents, strokes, the kinds of apostrophe and hyphen, and invisible
characters. Nothing is transliterated: 明 is not Ming (docs/adr/0014). The same function folds what is stored
and what is searched for, because the two databases fold differently.
"""

import unicodedata
from functools import lru_cache

import regex
from anyascii import anyascii

from webapp.characters import without_invisible

# The version of the folded form. Raise it with every change to what `words` returns, the pinned libraries'
# data included: the worker then folds again what is stored (webapp/contacts/mend.py). The titles of deals are
# folded again when a migration sets their `searched_version` to 0.
FOLDING = 1

# A word of three characters is found anywhere, a shorter one where a word begins: a trigram index finds no
# shorter text, and almost every name contains any two letters. In these scripts one character can be a word.
ANYWHERE_FROM = 3
_WORD_IN_ITSELF = regex.compile(
    r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Bopomofo}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}]"
)

_APOSTROPHE = regex.compile("[’‘‛ʼʻʹʾʿ`´′＇]")
_HYPHEN = regex.compile(r"[\p{Pd}−]")
# What stands around a word that is quoted or listed. Apostrophes are folded to one.
_AROUND_A_WORD = "\"“”„«»<>()[]{}',;: "
# Of ASCII, what is more than lower-cased.
_FOLDED_IN_ASCII = frozenset("'-`")
_JOINT = regex.compile("['-]")
_SPACES = regex.compile(" {2,}")
_CONTROL = regex.compile(r"[\p{Cc}\p{Cs}]")
_LATIN = regex.compile(r"[^\p{ASCII}\P{Latin}]")
_STROKE = " WITH STROKE"

# Combining classes of marks that are letters or parts of one, and stay: the voicing of Kana (が is not か),
# the virama, and the vowels and tones of Hebrew's eastern neighbours, from Telugu to Tibetan.
_KANA_VOICING, _VIRAMA, _VOWELS = 8, 9, range(84, 133)


def words(text: str) -> list[str]:
    """The folded words of `text`, without those that fold to nothing.

    In a word a space follows each apostrophe and hyphen, and is on both sides of each character that can be
    a word by itself: a part of a name begins there.
    """
    return [
        # Most words are of this kind, and are as they are.
        word
        if word.isascii() and "'" not in word and "-" not in word
        else _SPACES.sub(" ", _JOINT.sub(r"\g<0> ", _space_out(word)))
        for word in _fold(text).split()
    ]


def folded(first_name: str, last_name: str, email: str | None) -> str:
    """The folded form of a contact: a space is before each place where a word begins, and at the end.

    A name in a script without spaces is in it twice, because it is also typed with the last name first and in
    one piece: 王小明. Two spaces separate the second one, so that no search finds the end of one and the
    beginning of the other.
    """
    text = f"{first_name} {last_name} {email or ''}"
    if text.isascii() and text.isprintable() and not _FOLDED_IN_ASCII.intersection(text):
        # Most contacts are of this kind.
        return f" {found} " if (found := " ".join(text.lower().split())) else " "
    form = _line_up(text)
    if first_name and last_name and _WORD_IN_ITSELF.search(form):
        form += _line_up(f"{last_name} {first_name}")
    return form


def folded_title(title: str) -> str:
    """The folded form of a title, in the same way."""
    return _line_up(title)


def _line_up(text: str) -> str:
    return _SPACES.sub(" ", f" {' '.join(words(text))} ")


def wanted(text: str) -> list[str]:
    """What the folded form of a contact must contain, all of it, to be found by `text`; [] for no words."""
    parts = dict.fromkeys(_anchored(word) for word in words(text))
    # "ann anne" asks for nothing more than "anne".
    return [part for part in parts if not any(part != other and part in other for other in parts)]


def _anchored(word: str) -> str:
    inner = word.strip(_AROUND_A_WORD)
    if _is_found_anywhere(inner):
        # "Vian, Boris" and "<ann@x.example>" are ways to type the words inside.
        return word if inner == word.strip() else inner
    return word if _is_found_anywhere(word) else f" {word}"


def _is_found_anywhere(word: str) -> bool:
    return len(word.replace(" ", "")) >= ANYWHERE_FROM or bool(_WORD_IN_ITSELF.search(word))


def _fold(text: str) -> str:
    if text.isascii():
        return _CONTROL.sub(" ", text).lower().replace("`", "'")
    text = _alike(_decompose(_alike(_CONTROL.sub(" ", unicodedata.normalize("NFC", text)))))
    # Without accents before the case is folded: that makes a letter of the Greek iota subscript.
    text = _decompose(_without_accents(text).casefold())
    text = "".join(map(_without_stroke, _without_accents(text)))
    return unicodedata.normalize("NFC", text)


def _alike(text: str) -> str:
    """The text with one apostrophe and one hyphen for all kinds of them."""
    return _HYPHEN.sub("-", _APOSTROPHE.sub("'", text))


def _decompose(text: str) -> str:
    return without_invisible(unicodedata.normalize("NFKD", text))


def _without_accents(text: str) -> str:
    return "".join(character for character in text if not _is_accent(character))


def _is_accent(character: str) -> bool:
    place = unicodedata.combining(character)
    return place not in (0, _KANA_VOICING, _VIRAMA) and place not in _VOWELS


@lru_cache(maxsize=4096)
def _without_stroke(letter: str) -> str:
    """The letter without its stroke: ł is l. Of the Latin ones also æ as ae, ı as i and so on."""
    if letter.isascii():
        return letter
    if _LATIN.match(letter):
        plain = anyascii(letter).lower()
        return plain if plain.isalnum() else letter
    name, stroke, rest = unicodedata.name(letter, "").partition(_STROKE)
    if not stroke or rest:
        return letter
    try:
        return unicodedata.lookup(name)
    except KeyError:
        return letter


def _space_out(word: str) -> str:
    return word if word.isascii() else _WORD_IN_ITSELF.sub(r" \g<0> ", word)
