"""The deletions of the demo, and who has come again since.

The story: two people have tidied up a little every few days, and some hours ago one of them deleted
everything that came from a trade fair. A list, a tag and an account were deleted too, some addresses were
put in anew, and some of those were deleted once more.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.delete import delete_contacts
from webapp.contacts.load import NewContact, add_contacts
from webapp.database import lock_workspace
from webapp.demo.amounts import SMALL_TOTAL, Amounts
from webapp.demo.names import FAIR_TAG
from webapp.demo.people import Catalogue
from webapp.models import WINDOW, Account, Contact, ContactTag, Deletion, MailingList, Tag, User

# The small deletions, the oldest first: how many days ago, and how many contacts.
SMALL = ((28.5, 3), (27.5, 12), (24.2, 1), (19.7, 25), (14.4, 7), (11.1, 2), (6.3, 18), (2.2, 5), (0.5, 1))
# The others: how many days ago.
TAG_DELETED, FAIR_DELETED, LIST_DELETED, ACCOUNT_DELETED = 12.0, 0.15, 0.06, 0.05


class Moments:
    """The time between the workspace's last deletion, if that lies within the window, and now.

    A deletion's number tells its place in time, so none may be dated before one that has its number.
    """

    def __init__(self, session: Session, workspace_id: int) -> None:
        self._now = read_clock(session)
        last = session.scalar(
            select(func.max(Deletion.created_at)).where(Deletion.workspace_id == workspace_id)
        )
        self._span = max(timedelta(0), min(WINDOW, self._now - last) if last else WINDOW)

    def ago(self, days: float) -> datetime:
        """The moment so many days ago; where there is less time than the window, in proportion."""
        return self._now - self._span * (timedelta(days=days) / WINDOW)


def delete_in_turn(
    session: Session,
    workspace_id: int,
    *,
    random: Random,
    catalogue: Catalogue,
    amounts: Amounts,
    remembered: Sequence[tuple[int, NewContact]],
    first_id: int,
) -> None:
    """Delete what a load meant to be deleted and let some come again, in the caller's transaction.

    `remembered` are those of the small deletions and those whose address is taken, in the order of their
    ranks; the others are known by carrying the fair's tag with an id from `first_id` on.
    """
    lock_workspace(session, workspace_id)
    moments = Moments(session, workspace_id)
    admin, member = _deleters(session, workspace_id)

    small = [contact_id for contact_id, _ in remembered[: amounts.small]]
    random.shuffle(small)
    reached = 0
    for turn, (days, size) in enumerate(SMALL):
        before, reached = reached, reached + size
        ids = small[before * len(small) // SMALL_TOTAL : reached * len(small) // SMALL_TOTAL]
        delete_contacts(
            session,
            workspace_id=workspace_id,
            which=select(Contact.id).where(Contact.id.in_(ids)),
            by=admin if turn % 2 else member,
            now=moments.ago(days),
            source="overview",
        )

    def come_again(those: slice, since: float, until: float) -> None:
        first, last = moments.ago(since), moments.ago(until)
        again = [
            replace(
                contact,
                created_at=first + random.random() * (last - first),
                account_id=None,
                lists=contact.lists[:1],
                tags=[catalogue.fair_tag] if until == FAIR_DELETED else [],
            )
            for _, contact in remembered[those]
        ]
        add_contacts(session, workspace_id, again)

    come_again(slice(amounts.twins), since=SMALL[-1][0], until=FAIR_DELETED)
    delete_contacts(
        session,
        workspace_id=workspace_id,
        which=select(ContactTag.contact_id).where(
            ContactTag.tag_id == catalogue.fair_tag, ContactTag.contact_id >= first_id
        ),
        by=member,
        now=moments.ago(FAIR_DELETED),
        source="overview",
        description=f"Tag “{FAIR_TAG}”",
    )
    come_again(amounts.met_again, since=FAIR_DELETED, until=0)

    if amounts.deleted:
        for kind, gone, days in (
            (Tag, catalogue.gone_tag, TAG_DELETED),
            (MailingList, catalogue.gone_list, LIST_DELETED),
            (Account, catalogue.gone_account, ACCOUNT_DELETED),
        ):
            session.execute(update(kind).where(kind.id == gone).values(deleted_at=moments.ago(days)))


def _deleters(session: Session, workspace_id: int) -> tuple[int | None, int | None]:
    """Who may restore and who may not, if the workspace has such users, else anybody it has."""
    users = session.scalars(select(User).where(User.workspace_id == workspace_id).order_by(User.id)).all()
    admin = next((user for user in users if user.may_restore), None)
    member = next((user for user in users if not user.may_restore), admin)
    admin = admin or member
    return (admin.id if admin else None), (member.id if member else None)
