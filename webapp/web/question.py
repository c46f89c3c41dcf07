"""A question before an action: a dialog for htmx, without JavaScript a page of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Response

from webapp.web.dialogs import show_dialog


@dataclass(frozen=True)
class Question:
    """`action` is the address that `button` posts the `fields` to, `back` the target of Cancel, `here` the
    entry in the navigation. Each of the `lines` is a sentence of `webapp.words`. With `refused`, a sentence
    that says why, the action is not offered, and the answer is 409: a POST may answer so, too."""

    title: str
    lines: list[str]
    action: str
    button: str
    back: str
    here: str
    fields: Mapping[str, str] = field(default_factory=dict)
    is_dangerous: bool = False
    refused: str = ""


def ask(question: Question) -> Response:
    """The dialog, or its page."""
    return show_dialog(
        "_question.html",
        here=question.here,
        status=409 if question.refused else 200,
        title=question.title,
        question=question,
    )
