"""What the overview tells an admin about deletions: the latest one to know of, and one that expires.

A bundle of 50 contacts or more is told for three days, a smaller one for a few minutes, to the admin who
deleted them as well. A bundle of as many that can be restored for less than 48 hours is told once. What an
admin has dismissed is not told again, until the bundle grows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp.database import write_transaction
from webapp.models import WINDOW, Contact, Deletion, NoticeSeen, User
from webapp.models.contact import holder_of_its_address
from webapp.models.notice_seen import NoticeKind
from webapp.restoring.bin_window import BinWindow
from webapp.restoring.bundles import Bundle, read_bundles
from webapp.restoring.filters import SOON_IS

# A page of the overview: so many were probably not selected contact by contact.
LARGE = 50
# A deletion of Friday evening is still shown on Monday morning.
LARGE_SHOWN_FOR = timedelta(days=3)
SMALL_SHOWN_FOR = timedelta(minutes=10)
# Of so few contacts each is looked at, whether it can come back, and of the latest bundles only: this number
# of a page's notice must be exact where a restore has left some, and may cost little.
LOOKED_AT, LATEST = 500, 3


@dataclass(frozen=True)
class Notice:
    """A bundle to tell about, and how many of its contacts can come back."""

    kind: NoticeKind
    bundle: Bundle
    count: int


def notices(session: Session, workspace_id: int, *, reader: int, now: datetime) -> list[Notice]:
    """The notices for the admin `reader`, at most one of a bundle that expires and one of a recent one."""
    expiring = now - WINDOW, now - WINDOW + SOON_IS
    recent = now - LARGE_SHOWN_FOR, now
    bundles = read_bundles(session, workspace_id, now, recent, expiring)
    if not bundles:
        return []
    seen = _seen(session, reader, [bundle.number for bundle in bundles])
    ending = [
        bundle
        for bundle in bundles
        if bundle.in_bin >= LARGE
        and bundle.first_at < expiring[1]
        and (NoticeKind.EXPIRY, bundle.number) not in seen
    ]
    told = [Notice(NoticeKind.EXPIRY, bundle, bundle.in_bin) for bundle in ending[-1:]]
    news = [
        bundle
        for bundle in bundles
        if now - bundle.last_at <= (LARGE_SHOWN_FOR if bundle.contact_count >= LARGE else SMALL_SHOWN_FOR)
        and (NoticeKind.DELETION, bundle.number) not in seen
    ]
    # What the reader has just done comes first, because it is the way to undo it.
    news.sort(key=lambda b: b.user_id == reader and now - b.last_at <= SMALL_SHOWN_FOR, reverse=True)
    counts = _restorable(session, workspace_id, now, news[:LATEST])
    latest = next((pair for pair in zip(news, counts, strict=False) if pair[1]), None)
    return told + ([Notice(NoticeKind.DELETION, *latest)] if latest else [])


def _seen(session: Session, reader: int, numbers: Sequence[int]) -> set[tuple[str, int]]:
    return {
        (kind, number)
        for kind, number in session.execute(
            select(NoticeSeen.kind, NoticeSeen.subject_id).where(
                NoticeSeen.user_id == reader,
                NoticeSeen.kind.in_([NoticeKind.DELETION, NoticeKind.EXPIRY]),
                NoticeSeen.subject_id.in_(numbers),
            )
        )
    }


def _restorable(session: Session, workspace_id: int, now: datetime, bundles: Sequence[Bundle]) -> list[int]:
    """How many contacts of each bundle can come back. A contact whose address a live one uses cannot: after a
    restore these are what is left, and nothing is to be done about them here."""
    few = [bundle for bundle in bundles if bundle.in_bin <= LOOKED_AT]
    free: dict[int | None, int] = {}
    if few:
        of_deletion = select(Deletion.number).where(Deletion.id == Contact.deletion_id).scalar_subquery()
        window = BinWindow(workspace_id, now)
        moments = [part.at for bundle in few for part in bundle.left]
        # The holder is looked up for each contact: of an EXISTS PostgreSQL may read all live addresses first.
        count = (
            select(of_deletion.label("number"), func.count())
            .where(window.at_moments(moments), holder_of_its_address().is_(None))
            .group_by("number")
        )
        free = dict(session.execute(count).all())
    return [
        sum(free.get(number, 0) for number in bundle.numbers) if bundle in few else bundle.in_bin
        for bundle in bundles
    ]


def mark_seen(
    session: Session, *, user_id: int, workspace_id: int, kind: NoticeKind, number: int, now: datetime
) -> bool:
    """Remember that the user has dismissed this notice; False if no deletion has this number.

    In a transaction of its own. A second time it changes nothing.
    """
    with write_transaction(session):
        # The lock makes a second click wait for the first.
        session.execute(select(User.id).where(User.id == user_id).with_for_update())
        known = select(Deletion.id).where(Deletion.workspace_id == workspace_id, Deletion.number == number)
        if session.scalar(known) is None:
            return False
        if session.get(NoticeSeen, (user_id, kind, number)) is None:
            session.add(NoticeSeen(user_id=user_id, kind=kind, subject_id=number, at=now))
        return True
