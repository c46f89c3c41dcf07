"""The queries of the pages of campaigns and automations."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from webapp.characters import name_key
from webapp.models import Automation, AutomationRun, Campaign, CampaignSend, Contact, MailingList, Tag
from webapp.models.base import filter_only
from webapp.models.campaign import MessageKind, SendState

# An account has a few dozen campaigns and automations. So many are looked through for a name.
LOOKED_THROUGH = 5000
# Runs and messages of one campaign or automation are counted so far, then "over".
COUNTED = 10_000


def campaigns(workspace_id: int) -> Select[Campaign, str | None]:
    """The live campaigns of their own, each with the name of its list, if that is live."""
    return (
        select(Campaign, MailingList.name)
        .outerjoin(MailingList, (MailingList.id == Campaign.list_id) & MailingList.deleted_at.is_(None))
        .where(
            Campaign.workspace_id == workspace_id,
            Campaign.deleted_at.is_(None),
            Campaign.automation_id.is_(None),
        )
    )


def automations(workspace_id: int) -> Select[Automation, str | None, str | None]:
    """The live automations, each with the names of its list and its tag, if these are live."""
    return (
        select(Automation, MailingList.name, Tag.name)
        .outerjoin(MailingList, (MailingList.id == Automation.list_id) & MailingList.deleted_at.is_(None))
        .outerjoin(Tag, (Tag.id == Automation.tag_id) & Tag.deleted_at.is_(None))
        .where(Automation.workspace_id == workspace_id, Automation.deleted_at.is_(None))
    )


def count_active_automations(session: Session, workspace_id: int) -> int:
    """How many live automations are on."""
    active = select(func.count()).where(
        Automation.workspace_id == workspace_id, Automation.deleted_at.is_(None), Automation.is_active
    )
    return session.scalar(active) or 0


def ids_called(session: Session, query: Select[*tuple[Any, ...]], q: str) -> list[int]:
    """The ids of the rows of such a query whose names contain `q`, in whatever spelling."""
    model = query.column_descriptions[0]["entity"]
    names = query.with_only_columns(model.id, model.name).order_by(model.id.desc()).limit(LOOKED_THROUGH)
    wanted = name_key(q)
    return [row_id for row_id, name in session.execute(names) if wanted in name_key(name)]


def count_messages(session: Session, campaign_id: int) -> dict[SendState, int]:
    """The numbers of the campaign's messages by their state, each up to COUNTED + 1; tests do not count."""
    counts = {}
    for state in SendState:
        some = (
            select(CampaignSend.id)
            .where(
                CampaignSend.campaign_id == campaign_id,
                CampaignSend.state == state,
                CampaignSend.kind != MessageKind.TEST,
            )
            .limit(COUNTED + 1)
        )
        counts[state] = session.scalar(select(func.count()).select_from(some.subquery())) or 0
    return counts


def runs(automation_id: int) -> Select[AutomationRun, Contact, str | None]:
    """The automation's runs, each with its contact and the name of the automation that has woken it. Those of
    deleted contacts are left out."""
    cause = select(Automation.name).where(Automation.id == AutomationRun.caused_by_id).scalar_subquery()
    return (
        select(AutomationRun, Contact, cause)
        .join(Contact, Contact.id == AutomationRun.contact_id)
        .where(AutomationRun.automation_id == automation_id, Contact.deleted_at.is_(None))
    )


def run_ids(automation_id: int) -> Select[int]:
    """The ids of these runs. Each contact is looked up beside, so that the runs are read in their order."""
    live = select(Contact.id).where(Contact.id == AutomationRun.contact_id, Contact.deleted_at.is_(None))
    return select(AutomationRun.id).where(
        AutomationRun.automation_id == automation_id, filter_only(live.exists())
    )


def steps_named(
    session: Session, steps: Iterable[Mapping[str, Any]], workspace_id: int
) -> dict[tuple[str, int | None], Any]:
    """What the steps refer to, by the step's field and its id: the names of live lists and tags, and the
    texts of messages."""
    ids: dict[str, set[int]] = {"list": set(), "tag": set(), "campaign": set()}
    for step in steps:
        for field, found in ids.items():
            if isinstance(step.get(field), int):
                found.add(step[field])
    named: dict[tuple[str, int | None], Any] = {}
    models: dict[str, Any] = {"list": MailingList, "tag": Tag, "campaign": Campaign}
    for field, model in models.items():
        if ids[field]:
            rows = select(model).where(
                model.id.in_(ids[field]), model.workspace_id == workspace_id, model.deleted_at.is_(None)
            )
            for row in session.scalars(rows):
                named[field, row.id] = row if field == "campaign" else row.name
    return named
