"""Pages and batches reach each table by the index they are meant to use, whatever the statistics say.

Right after a mass deletion, when a restore is needed, the planner still has the old statistics. Each
statement is planned here on the rows of a large bin with the statistics of a small one, with none, and with
those of many accounts of two contacts each.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextvars import Context
from dataclasses import dataclass

import pytest
from flask_migrate import upgrade
from sqlalchemy import Engine, Select, func, select, text
from sqlalchemy.orm import Session

from benchmarks.fill import Size, fill
from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from tests.support.exporting import Exporting
from tests.support.plans import KEY, Plan, plans
from tests.support.restoring import Restoring
from tests.support.schema import app_on_a_new_database
from webapp.catalogue import pick
from webapp.clock import read_clock
from webapp.contacts import by_account, find, search
from webapp.contacts.delete import delete_contacts
from webapp.extensions import db
from webapp.marketing.consent import address_hash
from webapp.marketing.refusals import Refused, contacts_of
from webapp.models import Account, Contact, Deal, MailingList, Tag, live
from webapp.restoring import recycle_bin
from webapp.restoring.question import about_other_choice
from webapp.restoring.scope import Conflicts
from webapp.web.paging import to_cursor
from webapp.worker.redis_lock import RedisLock

# The tables with a row, or several, for each contact.
LARGE = {
    "contact",
    "contact_search",
    "subscription",
    "contact_tag",
    "deal_contact",
    "deal",
    "deal_search",
    "restore_outcome",
}
# Before and after the accident.
LIVE, BINNED, STILL_LIVE = 3000, 60, 600

SMALL, NONE, SMALL_ACCOUNTS = "small bin", "none", "small accounts"
# On PostgreSQL rows lie as far apart as if there were ten times as many: few pages are rightly read whole.
SPARSE = "ALTER TABLE {} SET (fillfactor = 10, autovacuum_enabled = false)"
POSTGRESQL_FORGETS = (
    "DELETE FROM pg_statistic WHERE starelid::regclass::text IN (SELECT tablename FROM pg_tables "
    "WHERE schemaname = 'public')",
    "UPDATE pg_class SET reltuples = -1, relpages = 0 "
    "WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace",
)

# The bench gives deals to the deleted only.
DEALS = (
    "INSERT INTO deal (id, workspace_id, title, value, currency, stage, status, searched_version) "
    "SELECT 100000 + id, workspace_id, 'Deal', 1, 'EUR', '', 'open', 1 FROM contact WHERE deleted_at IS NULL",
    "INSERT INTO deal_search (deal_id, workspace_id, folded) "
    "SELECT id, workspace_id, ' deal ' FROM deal WHERE id > 100000",
    "INSERT INTO deal_contact (deal_id, contact_id, is_primary, attached_at) "
    "SELECT deal.id, contact.id, contact.id = deal.id - 100000, contact.created_at FROM deal "
    "JOIN contact ON contact.id IN (deal.id - 100000, deal.id - 100001) WHERE deal.id > 100000",
    "ANALYZE",
)

COUNTS = "SELECT count(*) AS count_1 \nFROM (SELECT contact.id AS id"

FILTERED = (
    "list={list_name}",
    "list={list_name}&status=bounced",
    "tag={tag_name}",
    "account={account_name}",
    "tag={tag_name}&q=ann",
    "account={account_name}&q=ann",
)
PAGES = (
    *(
        "/contacts?",
        "/contacts?q=ann",
        "/contacts?q=zyx",
        "/contacts?after={live}",
        "/contacts?before={live}",
    ),
    *(f"/contacts?sort={sort}&{filters}" for sort in ("", "name") for filters in FILTERED),
    *(
        "/contacts?sort=name-z",
        "/contacts?sort=name&after={named}",
        "/contacts?sort=oldest",
        "/contacts?sort=account",
        "/contacts?sort=account-z",
        "/contacts?sort=account&account={account_name}",
        "/contacts?sort=account-z&account={account_name}&tag={tag_name}",
    ),
    *("/contacts?{ticked_live}", "/contacts?show=selected&{ticked_live}", "/contacts?q=ann&{ticked_live}"),
    *("/contacts/selection?q=ann&{ticked_live}", "/contacts/count?"),
    "/contacts/delete?{ticked_live}",
    *("/contacts/restore?", "/contacts/restore?after={binned}", "/contacts/restore?before={binned}"),
    *("/contacts/restore?q=ann", "/contacts/restore?q=zyx", "/contacts/restore?q=ann&after={binned}"),
    *("/contacts/restore?from={today}", "/contacts/restore?to={today}", "/contacts/restore?deleted_by={by}"),
    *(
        "/contacts/restore?deletion=3",
        "/contacts/restore?deletion={accident}",
        "/contacts/restore?deletion=3&q=a",
    ),
    *(
        "/contacts/restore?deletion=3,5-7",
        "/contacts/restore?deletion=3,5,{accident}",
        "/contacts/restore?how=bench",
    ),
    *("/contacts/restore?deletion=3,5,{accident}&q=a", "/contacts/restore?expires=soon&how=bench&q=ann"),
    *("/contacts/restore/deletions", "/contacts/restore/confirm-all?deletion=3,5,{accident}&q=a"),
    *("/contacts/restore?{ticked}", "/contacts/restore?show=selected&{ticked}"),
    *("/contacts/restore/selection?q=ann&{ticked}", "/contacts/restore/selection?{ticked}"),
    *(
        "/contacts/restore/confirm?{ticked}",
        "/contacts/restore/confirm-all",
        "/contacts/restore/confirm-all?q=a",
    ),
    *("/contacts/count?q=ann", "/contacts/restore/count?q=ann"),
    *("/lists?q=e", "/lists/{list}", "/lists/{list}?status=bounced", "/lists/{list}?after={member}"),
    *("/lists/{list}/delete", "/tags", "/tags/{tag}", "/accounts", "/accounts/{account}"),
    *("/deals", "/deals?after={deal_place}", "/deals?q=deal&stage=To+contact&status=open", "/deals/board"),
    *("/deals?q=deal", "/deals?q=zyx", "/deals?q=deal&status=won", "/deals/count?q=deal"),
    *("/deals/{deal}", "/deals/{deal}?find=ann"),
    *("/contacts/deleted/{gone}", "/audit?", "/audit?who={by}", "/audit?action=contacts.deleted"),
)
AFTERWARDS = (
    "/restores/{job}",
    "/contacts?restored_by={job}",
    "/contacts?restored_by={job}&q=ann",
    "/restores",
    *("/contacts/{one}", "/contacts/{one}/lists?find=a", "/contacts/{one}/deals?find=a"),
)

# A statement that has the ids of its contacts; one that walks contacts in their order; and one that meets few
# contacts, so that it may sort them.
HAS_IDS = re.compile(r"\bcontact\.id (IN|=) ")
WALK = re.compile(
    r"ORDER BY contact\.\w+_(?:at|name) (DESC|ASC), (?:contact\.last_name \w+, )?contact\.id (DESC|ASC)"
    r"\s+LIMIT [^)]*$"
)
# Deals in an order of theirs, the columns of the board included: by the index that has this order.
DEALS_IN_ORDER = re.compile(r"(?s)\(deal\.workspace_id, (deal\.stage, )?deal\.id\) > .*ORDER BY deal\.")
FEW = re.compile(r"contact\.deleted_at IN \(|(?<!CASE WHEN \()contact\.restore_job_id = ")
# One step at the end of the key's index, which both databases call a read of all of it.
LAST = "SELECT max(contact.id)"
# An outcome is looked up by its job and its contact.
BY_JOB_ALONE = re.compile(r"\(job_id ?=(?!.*contact_id)")


@dataclass
class Scene:
    """A workspace that has just lost most of its contacts, in a database with stale statistics."""

    engine: Engine
    world: World
    admin: Browser
    # Without statistics PostgreSQL expects two deals in a column of the board, and may sort them.
    expects_rows: bool

    def addresses(self) -> list[str]:
        """The pages, with the values for the names in braces."""
        with Session(self.engine) as session:
            values = _values(session, self.world)
        return [page.format(**values) for page in PAGES]

    def read(self, *addresses: str) -> list[Plan]:
        """The plans of the statements behind these pages, opened by the admin."""
        with plans(self.engine) as read:
            for address in addresses:
                headers = HTMX if "/selection" in address else {}
                # Outside the context that the fixture holds: each request makes its own, as in a server.
                answer = Context().run(self.admin.client.get, address, headers=headers)
                assert answer.status_code == 200, address
        return read


@pytest.fixture(params=[SMALL, NONE, SMALL_ACCOUNTS])
def scene(environ: dict[str, str], request: pytest.FixtureRequest) -> Iterator[Scene]:
    with app_on_a_new_database(environ) as app:
        upgrade()
        engine = db.engine
        if engine.dialect.name == "postgresql":
            if request.param == SMALL_ACCOUNTS:
                pytest.skip("PostgreSQL keeps no statistics that can be written by hand")
            _execute(engine, [SPARSE.format(table) for table in sorted(LARGE)])
        world = fill(engine, Size(LIVE, BINNED))
        _execute(engine, DEALS)
        _set_statistics(engine, request.param)
        with Session(engine.execution_options(writes=True)) as session:
            most = select(Contact.id).where(live(world.id)).order_by(Contact.id).offset(STILL_LIVE)
            assert _delete(session, world, select(most.subquery().c.id)) == LIVE - STILL_LIVE
        knows_nothing = request.param == NONE and engine.dialect.name == "postgresql"
        yield Scene(engine, world, Browser(app, world.admin), expects_rows=not knows_nothing)


def _set_statistics(engine: Engine, statistics: str) -> None:
    if statistics == SMALL:
        return
    if engine.dialect.name == "postgresql":
        _execute(engine, POSTGRESQL_FORGETS)
    elif statistics == NONE:
        _execute(engine, ["DELETE FROM sqlite_stat1"])
    else:
        with engine.connect() as connection:
            lengths = connection.execute(
                text("SELECT idx, stat FROM sqlite_stat1 WHERE idx IS NOT NULL")
            ).all()
        few = {index: " ".join(["5000", "2", *["1"] * (len(stat.split()) - 2)]) for index, stat in lengths}
        _execute(
            engine, [f"UPDATE sqlite_stat1 SET stat = '{stat}' WHERE idx = '{i}'" for i, stat in few.items()]
        )


def _execute(engine: Engine, statements: Iterable[str]) -> None:
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        for statement in statements:
            connection.execute(text(statement))
    # SQLite reads statistics once for each connection.
    engine.dispose()


def _delete(session: Session, world: World, which: Select[int]) -> int:
    deletion = delete_contacts(
        session,
        workspace_id=world.id,
        which=which,
        by=world.member.id,
        now=read_clock(session),
        source="test",
    )
    assert deletion is not None
    session.commit()
    return deletion.contact_count


def _values(session: Session, world: World) -> dict[str, object]:
    """The values for the names in braces in the addresses of the pages."""
    there = select(Contact).where(live(world.id)).order_by(Contact.id)
    away = select(Contact).where(Contact.workspace_id == world.id, Contact.deleted_at.is_not(None))
    stayed, went = session.scalars(there).all(), session.scalars(away.order_by(Contact.id)).all()
    middle, gone = stayed[300], went[600]
    assert gone.deleted_at is not None
    kinds = (("list", MailingList), ("tag", Tag), ("account", Account))
    catalogue = {
        name: session.scalar(select(func.min(kind.id)).where(kind.workspace_id == world.id))
        for name, kind in kinds
    }
    deal_id = session.scalar(
        select(func.max(Deal.id)).where(Deal.workspace_id == world.id, Deal.deleted_at.is_(None))
    )
    assert deal_id is not None
    names = {
        kind.__tablename__.removeprefix("mailing_") + "_name": session.scalar(
            select(kind.name).where(kind.workspace_id == world.id).order_by(kind.id).limit(1)
        )
        for kind in (MailingList, Tag, Account)
    }
    return {
        **catalogue,
        "member": to_cursor((middle.created_at, middle.id)),
        "deal": deal_id,
        "deal_place": to_cursor((world.id, deal_id - 100)),
        "live": to_cursor((middle.created_at, middle.id)),
        "binned": to_cursor((gone.deleted_at, gone.id)),
        "named": to_cursor((middle.first_name, middle.last_name, middle.id)),
        **names,
        "one": middle.id,
        "gone": gone.id,
        "today": f"{read_clock(session):%Y-%m-%d}",
        "by": world.member.id,
        "accident": recycle_bin.latest_number(session, world.id),
        "ticked_live": "&".join(f"selected={contact.id}" for contact in stayed[:20]),
        "ticked": "&".join(f"selected={contact.id}" for contact in went[:20]),
    }


def misled(read: Iterable[Plan]) -> list[str]:
    """The plans that do not use the intended index, each as a text."""
    return [f"{wrong}: {plan}" for plan in read if (wrong := _wrong(plan))]


def _wrong(plan: Plan) -> str | None:
    if plan.statement.startswith(LAST):
        return None
    # Without an index for texts, all texts are searched for a rare one: SQLite may skip the index of the
    # account.
    # A number that a page does not wait for may read them all as well, where the text is a frequent one.
    any_text = (
        {"contact_search", "deal_search"} if plan.statement.startswith(("WITH found", COUNTS)) else set()
    )
    if any(read.whole and read.table in LARGE - any_text for read in plan.reads):
        return "reads a large table whole"
    indexes = {read.index for read in plan.reads if read.name == "contact"}
    if indexes and HAS_IDS.search(plan.statement):
        return None if KEY in indexes else "looks contacts up by something else than their ids"
    if plan.statement.startswith("WITH found") and BY_JOB_ALONE.search(plan.text):
        return "reads all outcomes of a job for a contact"
    if "ix_contact_deletion_id" in indexes and "contact.deletion_id = " not in plan.statement:
        return "takes all of a deletion"
    if plan.sorts and WALK.search(plan.statement) and not FEW.search(plan.statement):
        return "sorts what it should meet in order"
    return None


def out_of_order(read: Iterable[Plan]) -> list[str]:
    """The plans that meet deals by something else than the index of their order."""
    wrong = []
    for plan in read:
        # One that looks titles up meets some deals by their ids.
        walk = DEALS_IN_ORDER.search(plan.statement)
        if walk and not plan.statement.startswith("WITH found"):
            used = {each.index for each in plan.reads if each.name == "deal"}
            if used != {"ix_deal_stage" if walk[1] else "ix_deal_workspace_id"}:
                wrong.append(f"meets deals in another order: {plan}")
    return wrong


def test_stale_statistics_mislead_no_statement(
    scene: Scene, lock: RedisLock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages right after the accident, restores, pages about them, and another deletion."""
    read = scene.read(*scene.addresses())
    # The same with more contacts than the scan limit.
    for module in (search, find, recycle_bin, by_account):
        monkeypatch.setattr(module, "SCAN_LIMIT", 20)
    monkeypatch.setattr(pick, "SCAN", 20)
    read += scene.read(*scene.addresses())
    # And with more matches than a request looks up.
    monkeypatch.setattr(search, "MOST_MATCHES", 2)
    read += scene.read(*(address for address in scene.addresses() if "q=" in address))
    with Session(scene.engine) as session:
        gone = select(Contact).where(Contact.deleted_at.is_not(None)).order_by(Contact.id).limit(20)
        ticked = session.scalars(gone).all()
        with plans(scene.engine) as exported:
            _export(Exporting(session, scene.world, lock))
        with plans(scene.engine) as restored:
            gone_id = ticked[0].id
            job_id = _restore(Restoring(session, scene.world, lock), ticked)
    read += exported + restored + scene.read(*(page.format(job=job_id, one=gone_id) for page in AFTERWARDS))
    with Session(scene.engine) as session, plans(scene.engine) as refused:
        # By the link of a contact that was purged.
        contacts_of(session, Refused(scene.world.id, address_hash("nobody@x.example"), None))
    read += refused
    with Session(scene.engine.execution_options(writes=True)) as session, plans(scene.engine) as deleted:
        _delete(session, scene.world, select(Contact.id).where(live(scene.world.id)).limit(20))

    wrong = misled(read + deleted)
    if scene.expects_rows:
        wrong += out_of_order(read)

    assert not wrong, "\n\n".join(wrong)


def _export(exporting: Exporting) -> None:
    """Export what lives and what is deleted, with and without filters, in batches."""
    session, world = exporting.session, exporting.world
    tag_id, list_id = (
        session.scalar(select(func.min(kind.id)).where(kind.workspace_id == world.id))
        for kind in (Tag, MailingList)
    )
    of_live, of_deleted = exporting.live(tag_id=tag_id, list_id=list_id), exporting.deleted(q="bea")
    for source in (exporting.live(), of_live, exporting.live(q="ann"), exporting.deleted(), of_deleted):
        assert exporting.run(exporting.start(source), batch_size=2000) == "done"


def _restore(restoring: Restoring, ticked: Sequence[Contact]) -> int:
    """Restore some that are ticked, those that a text finds, those of one deletion, and all, in batches."""
    gone, *others = ticked
    restoring.restore(gone)
    # One that is no longer deleted is looked up as well.
    restoring.confirm(restoring.question(gone, *others).scope)
    opened_before = restoring.question_all().scope
    restoring.confirm(restoring.question_all(q="bea").scope, batch_size=10)
    restoring.confirm(restoring.question_all(deletion="3").scope)
    restoring.confirm(restoring.question_all(deletion="4,6-7").scope)
    # A restore that merges looks at its own outcomes, too.
    merging = about_other_choice(restoring.session, opened_before, Conflicts.MERGE, rescue=False).scope
    job = restoring.confirm(merging, batch_size=500)
    assert job.count("restored") > LIVE - STILL_LIVE - 200
    return job.id
