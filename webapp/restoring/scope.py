"""The scope: which deleted contacts are meant, frozen when the dialog opens.

Confirming starts exactly that, even an hour of deletions later (docs/rules.md, rule 6). The web signs what
`to_dict` returns, and a job keeps it as its request (`request`); this module only says what is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from webapp.contacts.matching import LITERAL
from webapp.folding import ANYWHERE_FROM
from webapp.restoring.filters import ERASED, Filters

# "This selection allows you to restore up to 100 contacts at a time" (article).
LARGEST_SELECTION = 100
# How long a dialog may stay open before its question is asked again.
GOOD_FOR = timedelta(minutes=30)
# A number that no deletion has.
NO_DELETION = 0


class Conflicts(StrEnum):
    """What becomes of a contact whose address a live contact uses, or a twin that is restored before it."""

    SKIP = "skip"
    # It fills the gaps of the live contact and leaves the bin. Twins are skipped.
    MERGE = "merge"
    # It is restored, and its address becomes a note. So are twins.
    WITHOUT_ADDRESS = "without_address"


@dataclass(frozen=True)
class Scope:
    """One confirmation's meaning. Raises ValueError where more contacts are selected than allowed."""

    workspace_id: int
    # Deleted within 30 days before this moment …
    as_of: datetime
    # … and in a deletion numbered at most this.
    through_number: int
    # The idempotency key: one confirmation, one job.
    key: str
    # How many contacts the dialog spoke of.
    expected: int
    ids: tuple[int, ...] = ()
    filters: Filters | None = None
    # By ids: the digest of the plan that the dialog showed.
    plan_digest: str = ""
    # Whether it asks about what another job has left: then `through_number` is that job's, and stays.
    continues: bool = False
    conflicts: Conflicts = Conflicts.SKIP
    # Whether the deals that were deleted with these contacts come back.
    rescue: bool = False
    # When it was frozen, if it has waited in line since and `as_of` is its promotion. Never written.
    confirmed_at: datetime | None = None

    def __post_init__(self) -> None:
        # The job would restore them all, although no dialog can have offered it.
        if len(self.ids) > LARGEST_SELECTION:
            raise ValueError(f"{len(self.ids)} contacts selected, {LARGEST_SELECTION} are the most")

    @property
    def is_by_ids(self) -> bool:
        """Whether it means contacts that were ticked, and not all that match."""
        return self.filters is None

    @property
    def is_selective(self) -> bool:
        """Whether it picks single contacts, such as those in which a text is found."""
        return self.filters is not None and self.filters.is_selective

    @property
    def is_forgotten(self) -> bool:
        """Whether the words of its search are no longer kept (webapp/restoring/request.py)."""
        return self.filters is not None and self.filters.is_forgotten

    def is_old(self, now: datetime) -> bool:
        """Whether its dialog has been open for more than 30 minutes at `now`, a reading of the same clock."""
        return now - self.as_of > GOOD_FOR

    def to_dict(self) -> dict[str, Any]:
        """The scope as plain JSON values."""
        return {
            "workspace_id": self.workspace_id,
            "as_of": self.as_of.isoformat(),
            "through_number": self.through_number,
            "key": self.key,
            "expected": self.expected,
            "ids": list(self.ids),
            "filters": _for_previous_release(self.filters) if self.filters else None,
            # Beside the filters, of which the release before knows no others and understands `q` in its way.
            "search": [self.filters.q, self.filters.folding] if self.filters else None,
            "plan_digest": self.plan_digest,
            "continues": self.continues,
            "conflicts": str(self.conflicts),
            "rescue": self.rescue,
            # The release before reads it.
            "skips": {},
        } | ({"narrowed": _narrowed(self.filters)} if self.filters and _is_new(self.filters) else {})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Scope":
        """The scope that `to_dict` wrote. The signature has vouched for it, so nothing is checked again.

        One that the release before wrote has sentences in it as well, which are left out.
        """
        return cls(
            workspace_id=data["workspace_id"],
            as_of=datetime.fromisoformat(data["as_of"]),
            through_number=data["through_number"],
            key=data["key"],
            expected=data["expected"],
            ids=tuple(data["ids"]),
            filters=_filters(data),
            plan_digest=data["plan_digest"],
            continues=data.get("continues", False),
            conflicts=Conflicts(data.get("conflicts", Conflicts.SKIP)),
            rescue=data.get("rescue", False),
        )


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _filters(data: Mapping[str, Any]) -> Filters | None:
    """The filters in what `to_dict` wrote."""
    old = data["filters"]
    if old is None:
        return None
    # The release before wrote only these: `q` is a literal text, `deletion` one number.
    q, folding = data.get("search") or (old["q"], LITERAL)
    filters = Filters(
        q=q,
        since=_moment(old["since"]),
        before=_moment(old["before"]),
        deleted_by=old["deleted_by"],
        deletion=() if old["deletion"] is None else (old["deletion"],),
        folding=folding,
    )
    new = data.get("narrowed")
    if new is None:
        return filters
    return replace(
        filters,
        before=_moment(new["before"]),
        how=new["how"],
        deletion=tuple(new["deletion"]),
        expires=_moment(new["expires"]),
        skipped_by=new["skipped_by"],
    )


def _is_new(filters: Filters) -> bool:
    """Whether the filters say what the release before cannot read."""
    return bool(filters.how or filters.expires or len(filters.deletion) > 1 or filters.skipped_by is not None)


def _narrowed(filters: Filters) -> dict[str, Any]:
    return {
        "before": _iso(filters.before),
        "how": filters.how,
        "deletion": list(filters.deletion),
        "expires": _iso(filters.expires),
        "skipped_by": filters.skipped_by,
    }


def _for_previous_release(filters: Filters) -> dict[str, Any]:
    """The filters for the release before, which can continue a job after a rollback.

    By them it must find nothing that is not meant. It knows one deletion, so of several it finds none; and it
    knows no way and no outcome, so by these it finds nothing either.
    """
    deletion = filters.deletion[0] if filters.deletion else None
    if filters.how or len(filters.deletion) > 1 or filters.skipped_by is not None:
        deletion = NO_DELETION
    return {
        "q": _literal(filters.q),
        "since": _iso(filters.since),
        "before": _iso(filters.until),
        "deleted_by": filters.deleted_by,
        "deletion": deletion,
    }


def _literal(q: str) -> str:
    """The search for the release before the last, which reads a literal text.

    It must find nothing that the words do not find. So the longest word comes first: a short one must begin
    a word, which a literal text does not ask of its own beginning.
    """
    words = sorted(q.split(), key=len, reverse=True)
    if len(words) > 1 and len(words[0]) < ANYWHERE_FROM:
        words.append(ERASED)
    return " ".join(words)
