"""The stages of deals: those that are offered, and any other text that a stored deal has.

An open deal is in a stage; a deal that is won or lost is closed. On the board and in forms both are one
choice, a position.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from webapp.models import Deal
from webapp.models.deal import DealStatus

STAGES = ("To contact", "In contact", "Proposal sent", "Negotiation")
CLOSED = "Closed"
# So many other stages are offered and have a column. The deals of all others are on the page of all deals.
MOST_OTHERS = 12


@dataclass(frozen=True)
class Position:
    """Where a deal is: its stage, and whether it is open, won or lost."""

    stage: str
    status: DealStatus = DealStatus.OPEN

    @property
    def is_closed(self) -> bool:
        return self.stage == CLOSED and self.status != DealStatus.OPEN


WON, LOST = Position(CLOSED, DealStatus.WON), Position(CLOSED, DealStatus.LOST)


def positions(others: Sequence[str] = ()) -> list[Position]:
    """The positions that a deal can be moved to: the offered stages, the `others`, won and lost."""
    return [*(Position(stage) for stage in (*STAGES, *others)), WON, LOST]


def other_stages(session: Session, workspace_id: int) -> list[str]:
    """The stages of the workspace's stored deals that are not offered, the first MOST_OTHERS of them."""
    # From one stage to the next in the index, because reading all deals for a few texts takes too long.
    first = _next_stage(workspace_id).scalar_subquery()
    walk = select(first.label("stage")).cte("walk", recursive=True)
    after = _next_stage(workspace_id).where(Deal.stage > walk.c.stage).correlate(walk).scalar_subquery()
    walk = walk.union_all(select(after).where(walk.c.stage.is_not(None)))
    most = len(STAGES) + 1 + MOST_OTHERS
    found = session.scalars(select(walk.c.stage).where(walk.c.stage.is_not(None)).limit(most))
    return [stage for stage in found if stage not in (*STAGES, CLOSED)][:MOST_OTHERS]


def _next_stage(workspace_id: int) -> Select[str]:
    return select(func.min(Deal.stage)).where(Deal.workspace_id == workspace_id)
