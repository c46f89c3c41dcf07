"""The status of a contact on a list that a row names: of what the file says, what is stored and what is
suppressed, the strictest (docs/rules.md, rule 9; docs/adr/0030).

An import can make a status stricter, and never weaker.
"""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.database import one_of
from webapp.marketing.consent import FINAL, STRICTNESS, address_hash
from webapp.marketing.refusals import STATUS
from webapp.models import Suppression
from webapp.models.mailing_list import SubscriptionStatus

# What ends consent. Unconfirmed does not: a confirmation of the person's own is worth more than a file.
REFUSALS = (SubscriptionStatus.UNSUBSCRIBED, SubscriptionStatus.BOUNCED)


def of_a_new_place(
    said: SubscriptionStatus, suppressed: SubscriptionStatus | None, *, agreed: bool
) -> SubscriptionStatus:
    """The status of a contact that comes onto a list. `said` is what the file says, `suppressed` what a
    suppression of its address stands for; `agreed`: the people of the file have agreed to messages."""
    if said is SubscriptionStatus.SUBSCRIBED and not agreed:
        said = SubscriptionStatus.UNCONFIRMED
    if suppressed is not None and STRICTNESS[suppressed] > STRICTNESS[said]:
        return suppressed
    return said


def of_a_known_place(stored: SubscriptionStatus, said: SubscriptionStatus) -> SubscriptionStatus:
    """The status of a contact that is on the list already: as it is stored, unless the file has a refusal and
    that is stricter."""
    return said if said in REFUSALS and STRICTNESS[said] > STRICTNESS[stored] else stored


class Suppressions:
    """The suppressions of some addresses in a workspace."""

    def __init__(self, session: Session, workspace_id: int, email_keys: Iterable[str | None]) -> None:
        self._found: dict[tuple[str, int | None], SubscriptionStatus] = {}
        here = select(Suppression.id).where(Suppression.workspace_id == workspace_id)
        if session.scalar(here.limit(1)) is None:
            return
        hashes = {address_hash(key): key for key in email_keys if key is not None}
        if not hashes:
            return
        rows = session.execute(
            select(Suppression.address_hash, Suppression.list_id, Suppression.reason)
            .where(
                Suppression.workspace_id == workspace_id,
                one_of(session, Suppression.address_hash, hashes),
            )
            # The one that decides comes last: a final one, and of these the latest.
            .order_by(Suppression.reason.in_(FINAL), Suppression.id)
        )
        for hashed, list_id, reason in rows:
            self._found[hashes[hashed], list_id] = STATUS[reason]

    def status(self, email_key: str | None, list_id: int) -> SubscriptionStatus | None:
        """The status that the suppression of the address for this list, or for all lists, stands for."""
        if email_key is None or not self._found:
            return None
        return self._found.get((email_key, None)) or self._found.get((email_key, list_id))
