"""What a message says: the text that a user wrote with the contact's name in it, and what stands below it."""

import re
from dataclasses import dataclass

from webapp.marketing.transport import Letter
from webapp.models.campaign import MessageKind

# A name takes the space before it along, so that "Dear {first_name}," without a name is "Dear,".
_PLACEHOLDER = re.compile(r"( ?)\{(first_name|last_name|name)(?:\|([^{}\n]*))?\}")


@dataclass(frozen=True)
class Text:
    """The subject and the body of a message."""

    subject: str
    body: str


def filled_in(text: str, first_name: str, last_name: str) -> str:
    """`text` with the contact's name for {first_name}, {last_name} and {name}; other braces stay as they are.

    {first_name|friend} is "friend" for a contact without a first name. Without such a word nothing takes its
    place, nor that of the space before it.
    """
    first, last = _on_one_line(first_name), _on_one_line(last_name)
    values = {"first_name": first, "last_name": last, "name": f"{first} {last}".strip()}

    def replace(found: re.Match[str]) -> str:
        word = values[found[2]] or found[3] or ""
        return found[1] + word if word else ""

    return _PLACEHOLDER.sub(replace, text)


def subject_of(kind: str, subject: str, list_name: str, first_name: str, last_name: str) -> str:
    """The subject of a message of this kind; `list_name` is of a confirmation, `subject` of all others."""
    if kind == MessageKind.CONFIRMATION:
        return f"Please confirm: {list_name}"
    filled = filled_in(subject, first_name, last_name)
    return f"[Test] {filled}" if kind == MessageKind.TEST else filled


def text_of(letter: Letter, *, unsubscribe_url: str | None, confirm_url: str | None) -> Text:
    """The message that a letter becomes."""
    sender = letter.sender
    if confirm_url is not None:
        greeting = filled_in("Hello {first_name},", letter.first_name, letter.last_name)
        body = (
            f"{greeting}\n\n"
            f"{sender.name} would like to send you messages of the list “{letter.list_name}”.\n\n"
            f"If you want them, open this address and press the button:\n{confirm_url}\n\n"
            "If you do not, there is nothing to do."
        )
    else:
        body = filled_in(letter.body, letter.first_name, letter.last_name)
    if letter.kind == MessageKind.TEST:
        body = f"This is a test. Only you get it.\n\n{body}"
    subject = subject_of(letter.kind, letter.subject, letter.list_name, letter.first_name, letter.last_name)
    return Text(subject, f"{body.rstrip()}\n\n{_footer(letter, unsubscribe_url)}\n")


def _footer(letter: Letter, unsubscribe_url: str | None) -> str:
    # A line of two dashes and a space begins a signature, which mail programs set apart.
    lines = ["-- ", letter.sender.name, letter.sender.postal_line.strip()]
    if letter.kind == MessageKind.TEST:
        lines.append("Each contact has a link of its own here, which unsubscribes it.")
    elif unsubscribe_url is not None:
        lines.append(f"Unsubscribe: {unsubscribe_url}")
    return "\n".join(lines)


def _on_one_line(name: str) -> str:
    return " ".join(name.split())
