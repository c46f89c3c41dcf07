"""The lists, tags and accounts that options of commands name."""

from collections.abc import Mapping

from sqlalchemy.orm import Session

from webapp.catalogue.lookup import Found, find_named
from webapp.catalogue.names import Named
from webapp.cli.confirming import UNCHANGED
from webapp.cli.database import Refusal, shown
from webapp.models import Account, MailingList, Tag

KINDS: Mapping[str, Named] = {"list": MailingList, "tag": Tag, "account": Account}


def named(session: Session, workspace_id: int, noun: str, name: str, unchanged: str = UNCHANGED) -> Found:
    """The workspace's live list, tag or account (`noun`) with this name, in whatever spelling.

    Raises Refusal if there is none; its message ends with the sentence `unchanged`.
    """
    found = find_named(session, KINDS[noun], workspace_id, name) if name.isprintable() else None
    if found is None:
        raise Refusal(f"There is no {noun} “{shown(name)}”. {unchanged}")
    return found
