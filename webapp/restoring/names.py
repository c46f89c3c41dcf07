"""The names of lists, tags, accounts and deals, for plans and reports, which hold ids."""

from collections.abc import Iterable

from sqlalchemy import literal, select, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from webapp.models import Account, Deal, MailingList, Tag
from webapp.models.base import filter_only
from webapp.models.restore_link import LinkKind
from webapp.restoring.links import LinkCount

NAMED: dict[LinkKind, tuple[type[MailingList | Tag | Account | Deal], InstrumentedAttribute[str]]] = {
    LinkKind.LIST: (MailingList, MailingList.name),
    LinkKind.TAG: (Tag, Tag.name),
    LinkKind.ACCOUNT: (Account, Account.name),
    LinkKind.DEAL: (Deal, Deal.title),
}

Names = dict[tuple[LinkKind, int], str]


def names_of(session: Session, workspace_id: int, links: Iterable[LinkCount]) -> Names:
    """The name of each list, tag, account and deal of `links`, deleted or not; a purged one has none."""
    wanted: dict[LinkKind, set[int]] = {}
    for link in links:
        wanted.setdefault(link.kind, set()).add(link.item_id)
    if not wanted:
        return {}
    queries = []
    for kind, ids in wanted.items():
        model, name = NAMED[kind]
        named = select(literal(kind.value), model.id, name)
        queries.append(named.where(model.id.in_(ids), filter_only(model.workspace_id == workspace_id)))
    return {(LinkKind(kind), item_id): name for kind, item_id, name in session.execute(union_all(*queries))}
