"""What an act refuses, compared with what the model refuses."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from webapp.database import write_transaction
from webapp.marketing.drafting import NotWritten


def refusal(session: Session, verb: Callable[[], Any], *kinds: type[Exception]) -> str | None:
    """Carry the verb out in a transaction of its own. Returns why it was refused, if it was: the code of a
    NotWritten, or the name of the exception, which is one of these kinds."""
    try:
        with write_transaction(session):
            verb()
    except NotWritten as refused:
        return refused.code
    except kinds as refused:
        return type(refused).__name__
    return None
