"""Deals in words: where a deal is, and the code of that in a form."""

import json

from webapp.catalogue.stages import Position
from webapp.models.deal import DealStatus

STATUS_WORDS = {DealStatus.OPEN: "Open", DealStatus.WON: "Won", DealStatus.LOST: "Lost"}
NO_STAGE = "No stage"


def position_words(position: Position) -> str:
    """ "Negotiation", or "Won"."""
    if position.is_closed:
        return STATUS_WORDS[position.status]
    stage = position.stage or NO_STAGE
    return (
        stage if position.status == DealStatus.OPEN else f"{stage}, {STATUS_WORDS[position.status].lower()}"
    )


def code_of(position: Position) -> str:
    """The value of a position in a form: `read_code` reads it."""
    return json.dumps([position.stage, str(position.status)], ensure_ascii=False)


def read_code(code: str) -> Position | None:
    """The position that `code_of` wrote; None for another text."""
    try:
        stage, status = json.loads(code)
        position = Position(stage, DealStatus(status))
    except (ValueError, TypeError, RecursionError):
        return None
    return position if isinstance(stage, str) and code_of(position) == code else None
