"""The plan: what a restore would do. The dialog shows it, and the job does it with the same code."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import CTE, FromClause, Select, and_, func, literal, select, union_all
from sqlalchemy.orm import Session

from webapp.database import compare_whole_tables
from webapp.models import Contact, Deal, Deletion
from webapp.models.base import filter_only
from webapp.models.restore_link import LinkEffect, LinkKind
from webapp.models.restore_outcome import Outcome, Reason
from webapp.restoring import links
from webapp.restoring.links import LinkCount, read_links
from webapp.restoring.scope import Scope
from webapp.restoring.verdict import JUDGED, Verdict, contacts_of, judge, verdicts

# From so many contacts on, whole tables are compared.
MANY = 20_000
# The plan names so many of the contacts that do not simply come back.
EXAMPLES = 5
GONE = (Reason.NO_LONGER_DELETED, Reason.DELETED_AGAIN, Reason.NO_LONGER_ELIGIBLE, Reason.EXPIRED)
STAYS = [str(reason) for reason, (outcome, _) in JUDGED.items() if outcome != Outcome.RESTORED]


@dataclass(frozen=True)
class Example:
    """A contact that does not simply come back: why, and the contact with its address."""

    contact_id: int
    reason: Reason
    other_contact_id: int | None

    @property
    def outcome(self) -> Outcome:
        return JUDGED[self.reason][0]


@dataclass(frozen=True)
class Plan:
    """What a scope's restore would do.

    `counts` says of how many contacts: by reason, and by None for those that simply come back. `links` says
    what does not come back with them, which deals could, and for which lists they are mailable.
    """

    counts: Mapping[Reason | None, int]
    links: tuple[LinkCount, ...] = ()
    examples: tuple[Example, ...] = field(default=())

    @property
    def restored(self) -> int:
        """How many come back as contacts of their own."""
        return self.counts.get(None, 0) + self.counts.get(Reason.WITHOUT_ADDRESS, 0)

    @property
    def merged(self) -> int:
        return self.counts.get(Reason.MERGED, 0)

    @property
    def conflicts(self) -> int:
        """How many have an address that another contact has."""
        return sum(
            number for reason, number in self.counts.items() if reason is not None and reason not in GONE
        )

    @property
    def all_exist_again(self) -> bool:
        """Whether each one's address is a live contact's: probably they were imported again."""
        taken = self.counts.get(Reason.EMAIL_TAKEN, 0)
        return taken > 0 and taken == sum(self.counts.values())

    def of(self, effect: LinkEffect, kind: LinkKind | None = None) -> list[LinkCount]:
        """The links with this effect, of one kind or of all."""
        return [link for link in self.links if link.effect == effect and kind in (None, link.kind)]


def foresee(session: Session, scope: Scope) -> Plan:
    """The plan of `scope` in numbers, in one statement however many contacts it means.

    Of many only those in conflict are judged, and what is counted for all is corrected by them.
    """
    there_is = links.what_exists(session, scope.workspace_id)
    is_large = scope.expected >= MANY
    if is_large:
        compare_whole_tables(session)
    everyone = contacts_of(scope).subquery("everyone")
    size = select(func.count().label("contacts"), func.count(everyone.c.email_key).label("addressed")).cte(
        "size"
    )
    judged = verdicts(scope, only_conflicts=is_large).cte("verdict")
    stays = select(judged.c.contact_id).where(judged.c.reason.in_(STAYS))
    back = select(everyone).where(everyone.c.contact_id.not_in(stays)).subquery("back")
    rescued = links.rescued_deals(back)
    is_rescued = Deal.id.in_(select(rescued.subquery().c.item_id)) if scope.rescue else None
    queries = [
        *(links.largest(query) for query in links.lost(back, there_is, rescued=is_rescued)),
        links.largest(rescued),
        links.largest(_mailable(everyone, size, judged, there_is, is_large=is_large)),
    ]
    counts: dict[Reason | None, int] = {}
    examples: list[Example] = []
    rows = session.execute(union_all(*_counted(size, judged), *queries)).all()
    for effect, kind, item_id, contacts, *_ in rows:
        if effect == "verdict":
            counts[Reason(kind) if kind else None] = contacts
        elif effect == "example":
            examples.append(Example(item_id, Reason(kind), contacts))
    # All were counted as without a reason.
    counts[None] -= sum(counts.values()) - counts[None]
    if not counts[None]:
        del counts[None]
    found = read_links(row for row in rows if row[0] in set(LinkEffect))
    counts |= _gone(session, scope, sum(counts.values()))
    return Plan(counts, tuple(found), tuple(examples))


def _counted(size: CTE, judged: CTE) -> tuple[Select[*tuple[Any, ...]], ...]:
    """How many there are of each reason and in all, and the examples, with the columns of links."""
    nothing = literal(None, Contact.id.type)
    of_reason = (
        select(
            literal("verdict").label("effect"),
            judged.c.reason.label("kind"),
            nothing.label("item_id"),
            func.count().label("contacts"),
            nothing.label("items"),
            nothing.label("total"),
        )
        .where(judged.c.reason.is_not(None))
        .group_by(judged.c.reason)
    )
    of_all = select(literal("verdict"), literal(""), nothing, size.c.contacts, nothing, nothing)
    examples = (
        select(
            literal("example"),
            judged.c.reason,
            judged.c.contact_id,
            judged.c.other_contact_id,
            nothing,
            nothing,
        )
        .where(judged.c.reason.is_not(None))
        .order_by(judged.c.deleted_at.desc(), judged.c.contact_id.desc())
        .limit(EXAMPLES)
        .subquery()
    )
    return of_reason, of_all, select(examples)


def _mailable(
    everyone: FromClause, size: CTE, judged: CTE, there_is: Collection[str], *, is_large: bool
) -> Select[*tuple[Any, ...]]:
    """For which lists those are mailable that simply come back."""
    addressed = select(everyone.c.contact_id, everyone.c.deleted_at).where(everyone.c.email_key.is_not(None))
    with_reason = select(judged.c.contact_id).where(judged.c.reason.is_not(None), judged.c.has_address)
    if not is_large:
        simply = addressed.where(everyone.c.contact_id.not_in(with_reason))
        return links.mailable(simply.subquery(), there_is)
    # Where none simply comes back, nothing need be counted.
    others = with_reason.with_only_columns(func.count()).scalar_subquery()
    counted = addressed.where(select(size.c.addressed).scalar_subquery() > others)
    return links.mailable_of_many(counted.subquery(), with_reason, there_is)


def _gone(session: Session, scope: Scope, judged: int) -> dict[Reason | None, int]:
    """How many contacts the dialog spoke of that are no longer among the deleted ones that it means."""
    if not scope.is_by_ids:
        # No list was made of them.
        return {Reason.NO_LONGER_ELIGIBLE: scope.expected - judged} if scope.expected > judged else {}
    if judged == len(scope.ids):
        return {}
    met = {verdict.contact_id for verdict in judge(session, scope, limit=len(scope.ids))}
    reasons = [verdict.reason for verdict in missing(session, scope, set(scope.ids) - met)]
    return {reason: reasons.count(reason) for reason in set(reasons)}


def missing(session: Session, scope: Scope, ids: Collection[int]) -> list[Verdict]:
    """Verdicts for `ids`, which the scope names and the walk has not met: each is skipped, with the reason
    why.
    """
    if not ids:
        return []
    again = set(
        session.scalars(
            select(Contact.id)
            .join(Deletion, Deletion.id == Contact.deletion_id)
            .where(
                Contact.id.in_(ids),
                filter_only(
                    and_(
                        Contact.workspace_id == scope.workspace_id,
                        Contact.deleted_at.is_not(None),
                        Deletion.number > scope.through_number,
                    )
                ),
            )
        )
    )
    return [
        Verdict(
            contact_id,
            None,
            None,
            Outcome.SKIPPED,
            Reason.DELETED_AGAIN if contact_id in again else Reason.NO_LONGER_DELETED,
        )
        for contact_id in sorted(ids)
    ]


def plan_selection(session: Session, scope: Scope) -> list[Verdict]:
    """The whole plan of a scope by ids."""
    verdicts = judge(session, scope, limit=len(scope.ids))
    return verdicts + missing(session, scope, set(scope.ids) - {verdict.contact_id for verdict in verdicts})


def digest(verdicts: Iterable[Verdict]) -> str:
    """The same for two plans exactly if they do the same to the same contacts."""
    lines = sorted(f"{v.contact_id}:{v.outcome}:{v.reason}:{v.other_contact_id}" for v in verdicts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
