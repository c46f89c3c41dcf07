"""How long the pages take on the server, and how many statements each: goal 3.

A signed-in user requests each address as a browser does. The time is from the request to the whole answer, in
this process.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from time import perf_counter
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, Row, event, func, select, text
from sqlalchemy.orm import Session

from benchmarks.figures import Figure, at_most, without_goal
from benchmarks.fill import Size, delete_most
from benchmarks.stage import Databases, filled, stage
from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from webapp.clock import read_clock
from webapp.contacts.find import BY_NAME, NEWEST_FIRST
from webapp.contacts.keyset import Keyset
from webapp.extensions import db
from webapp.models import Account, Contact, Deal, Deletion, Job, MailingList, Tag, live
from webapp.models.job import JobState
from webapp.restoring.filters import Filters
from webapp.restoring.recycle_bin import WALK
from webapp.restoring.scope import Scope
from webapp.web.paging import to_cursor

# The goal, in milliseconds at the 95th percentile and in statements.
MOST_MS, MOST_STATEMENTS = 50, 12
REPEATS, WARM_UP = 40, 4
# How many contacts were deleted when the statistics were made; after an accident they are stale.
SMALL_BIN = 600
AFTER_AN_ACCIDENT = (
    *("Bin", "Bin, halfway down", "Bin, search “ann”", "Bin, search “zyx” (rare)", "Bin, 20 ticked"),
    *("Bin, a tick", "Bin, an old deletion of a few", "Overview", "Overview, search “ann”"),
)

LEDGER = """
    INSERT INTO restore_outcome (job_id, contact_id, outcome, reason, other_contact_id)
    SELECT :job, id, CASE WHEN id % 100 = 0 THEN 'skipped' ELSE 'restored' END,
           CASE WHEN id % 100 = 0 THEN 'email_taken' END, CASE WHEN id % 100 = 0 THEN id + 1 END
    FROM contact WHERE workspace_id = :workspace AND deleted_at IS NULL
"""
RESTORED = """
    UPDATE contact SET restore_job_id = :job
    WHERE workspace_id = :workspace AND deleted_at IS NULL AND id % 100 <> 0
"""


@dataclass(frozen=True)
class Timing:
    """What a page took: milliseconds at the median and at the 95th percentile, and its statements."""

    name: str
    p50: float
    p95: float
    statements: int


def measure(made: Databases, url: str, world: World, *, judged: bool) -> Iterator[Figure]:
    """Figures of the pages on a copy of the database at `url`, and of the report of a restore in it.

    `judged` says whether the size is the one that the goal is for.
    """
    most = 0
    with made.copy(url) as copy, stage(copy) as here:
        with Session(here.engine) as session:
            addresses = addresses_of_lists(session, world.id)
        with Session(here.engine.execution_options(writes=True)) as session:
            addresses |= addresses_of_report(_ended_job(session, world))
        with here.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE" if made.kind == "postgresql" else "ANALYZE"))
        for timing in time_pages(here.app, world.admin.email, addresses):
            name = f"{timing.name} (median {timing.p50} ms)"
            yield at_most(name, timing.p95, MOST_MS, "ms") if judged else without_goal(name, timing.p95, "ms")
            most = max(most, timing.statements)
    yield at_most("Statements, at most", most, MOST_STATEMENTS)


def measure_after_an_accident(made: Databases, contacts: int, *, judged: bool) -> Iterator[Figure]:
    """Figures of the pages right after half of the live contacts were deleted in one act, without ANALYZE:
    with the statistics of a small bin."""
    with filled(made, Size(2 * contacts, SMALL_BIN)) as (url, world), stage(url) as here:
        delete_most(here.engine, world, contacts)
        with Session(here.engine) as session:
            addresses = _addresses(session, world.id)
        asked = {name: addresses[name] for name in AFTER_AN_ACCIDENT}
        for timing in time_pages(here.app, world.admin.email, asked):
            name = f"{timing.name} (median {timing.p50} ms)"
            yield at_most(name, timing.p95, MOST_MS, "ms") if judged else without_goal(name, timing.p95, "ms")


def time_pages(
    app: Flask, admin: str, addresses: Mapping[str, str], *, repeats: int = REPEATS
) -> Iterator[Timing]:
    """Time the pages at these addresses, given by their names, for the admin with the address `admin`."""
    browser = Browser(app)
    browser.enter(admin)
    with app.app_context():
        engine = db.engine
    for name, address in addresses.items():
        yield _time(browser.client, engine, name, address, repeats)


def addresses_of_lists(session: Session, workspace_id: int) -> dict[str, str]:
    """The bin, the overview, and the lists, tags, accounts and deals."""
    every = _addresses(session, workspace_id) | _addresses_of_catalogue(session, workspace_id)
    return every | addresses_of_overview(session, workspace_id)


def addresses_of_report(job_id: int) -> dict[str, str]:
    """The pages about a restore."""
    return {
        "Report of a restore": f"/restores/{job_id}",
        "All restores": "/restores",
        "Restored contacts": f"/contacts?restored_by={job_id}",
        "Restored contacts, search “ann”": f"/contacts?restored_by={job_id}&q=ann",
    }


def _ended_job(session: Session, world: World) -> int:
    """A job that has restored all live contacts, except one in a hundred that it has skipped."""
    now = read_clock(session)
    live_ones = session.scalar(select(func.count()).where(live(world.id))) or 0
    scope = Scope(world.id, as_of=now, through_number=0, key="bench", expected=live_ones, filters=Filters())
    skipped = live_ones // 100
    job = Job(
        uuid="bench", workspace_id=world.id, requested_by=world.admin.id, kind="restore", number=1,
        request=scope.to_dict(), total=live_ones, idempotency_key="bench", state=JobState.DONE,
        lease_until=now, rung_at=now, created_at=now, started_at=now, finished_at=now,
        counts={"restored": live_ones * 99 // 100, "skipped": skipped},
    )  # fmt: skip
    session.add(job)
    session.flush()
    for statement in (LEDGER, RESTORED):
        session.execute(text(statement), {"job": job.id, "workspace": world.id})
    session.commit()
    return job.id


def _addresses(session: Session, workspace_id: int) -> dict[str, str]:
    """The requested addresses, by their names."""
    binned = (Contact.workspace_id == workspace_id) & Contact.deleted_at.is_not(None)
    deep_in_bin = _halfway(session, WALK, binned)
    deep = _halfway(session, NEWEST_FIRST, live(workspace_id))
    small = _a_small_deletion(session, workspace_id)
    ago = read_clock(session) - timedelta(days=3)
    day, old_day = f"{ago:%Y-%m-%d}", f"{small.created_at:%Y-%m-%d}"
    ticked = session.scalars(select(Contact.id).where(binned).order_by(*WALK.order).limit(20)).all()
    selected = "&".join(f"selected={contact_id}" for contact_id in ticked)
    restore, overview = "/contacts/restore", "/contacts"
    return {
        "Bin": restore,
        "Bin, halfway down": f"{restore}?after={deep_in_bin}",
        "Bin, halfway back": f"{restore}?before={deep_in_bin}",
        "Bin, search “ann”": f"{restore}?q=ann",
        "Bin, search “ann”, halfway down": f"{restore}?q=ann&after={deep_in_bin}",
        "Bin, search “an”": f"{restore}?q=an",
        "Bin, search “zyx” (rare)": f"{restore}?q=zyx",
        "Bin, search “qqq” (no match)": f"{restore}?q=qqq",
        "Bin, search “maier ann”, two words": f"{restore}?q=maier+ann",
        "Bin, search “zyx an”, two words": f"{restore}?q=zyx+an",
        "Bin, search “明”": f"{restore}?q=明",
        "Bin, deleted since three days": f"{restore}?from={day}",
        "Bin, deleted on an old day": f"{restore}?from={old_day}&to={old_day}",
        "Bin, an old deletion of a few": f"{restore}?deletion={small.number}",
        "Bin, two old deletions": f"{restore}?deletion={small.number},{small.number + 2}",
        "All deletions": f"{restore}/deletions",
        "Bin, deleted by a person": f"{restore}?deleted_by={small.user_id}",
        "Bin, deleted by a person, search “ann”": f"{restore}?deleted_by={small.user_id}&q=ann",
        "Bin, 20 ticked": f"{restore}?{selected}",
        "Bin, a tick": f"{restore}/selection?matching=50%2B&q=ann&{selected}",
        "Overview": overview,
        "Overview, halfway down": f"{overview}?after={deep}",
        "Overview, search “ann”": f"{overview}?q=ann",
        "Overview, search “an”": f"{overview}?q=an",
        "Overview, search “zyx” (rare)": f"{overview}?q=zyx",
        "Overview, search “maier ann”, two words": f"{overview}?q=maier+ann",
        "Overview, search “明”": f"{overview}?q=明",
    }


def _addresses_of_catalogue(session: Session, workspace_id: int) -> dict[str, str]:
    """Lists, tags, accounts and deals: all of them, and one of each with its contacts."""
    a_list, a_tag, an_account, a_deal = (
        session.scalar(select(func.max(kind.id)).where(kind.workspace_id == workspace_id))
        for kind in (MailingList, Tag, Account, Deal)
    )
    deep = _halfway(session, NEWEST_FIRST, live(workspace_id))
    return {
        "All lists": "/lists",
        "A list": f"/lists/{a_list}",
        "A list, halfway down": f"/lists/{a_list}?after={deep}",
        "A list, Unsubscribed": f"/lists/{a_list}?status=unsubscribed",
        "Before a list is deleted": f"/lists/{a_list}/delete",
        "All tags": "/tags",
        "A tag": f"/tags/{a_tag}",
        "All accounts": "/accounts",
        "All accounts, search “9”": "/accounts?q=9",
        "An account": f"/accounts/{an_account}",
        "All deals": "/deals",
        "All deals, search “zyx” (rare)": "/deals?q=zyx",
        "Board of deals": "/deals/board",
        "A deal": f"/deals/{a_deal}",
    }


def addresses_of_overview(session: Session, workspace_id: int) -> dict[str, str]:
    """The overview in each order and with filters, and the page of one contact."""
    a_list, a_tag, an_account = (
        session.scalar(select(func.max(kind.name)).where(kind.workspace_id == workspace_id))
        for kind in (MailingList, Tag, Account)
    )
    one = session.scalar(select(func.max(Contact.id)).where(live(workspace_id)))
    by_name = _halfway(session, BY_NAME, live(workspace_id))
    return {
        "Overview by name": "/contacts?sort=name",
        "Overview by name, halfway down": f"/contacts?sort=name&after={by_name}",
        "Overview by name, Z to A": "/contacts?sort=name-z",
        "Overview by account": "/contacts?sort=account",
        "Overview, the oldest first": "/contacts?sort=oldest",
        "Overview of a list": f"/contacts?list={a_list}",
        "Overview of a list, by name": f"/contacts?list={a_list}&sort=name",
        "Overview of a list, Bounced": f"/contacts?list={a_list}&status=bounced",
        "Overview of a tag": f"/contacts?tag={a_tag}",
        "Overview of an account": f"/contacts?account={an_account}",
        "Overview of an account, by account": f"/contacts?account={an_account}&sort=account",
        "Overview of a tag, search “zyx” (rare)": f"/contacts?tag={a_tag}&q=zyx",
        "A contact": f"/contacts/{one}",
        "A contact, search for a list": f"/contacts/{one}/lists?find=e",
    }


def _halfway(session: Session, order: Keyset, which: Any) -> str | None:
    """The cursor in the middle of these contacts."""
    number = session.scalar(select(func.count()).select_from(Contact).where(which)) or 0
    query = select(*order.columns).where(which).order_by(*order.order).offset(number // 2)
    return to_cursor(tuple(session.execute(query.limit(1)).one()))


def _a_small_deletion(session: Session, workspace_id: int) -> Row[int | None, int | None, datetime]:
    query = select(Deletion.number, Deletion.user_id, Deletion.created_at)
    in_window = Deletion.created_at > read_clock(session) - timedelta(days=29)
    query = query.where(Deletion.workspace_id == workspace_id, in_window)
    return session.execute(query.order_by(Deletion.in_bin, Deletion.id).limit(1)).one()


def _time(client: FlaskClient, engine: Engine, name: str, address: str, repeats: int) -> Timing:
    asked = 0

    def count(*_: object) -> None:
        nonlocal asked
        asked += 1

    # A whole page costs more than its update: a request without htmx is the more expensive one.
    headers = HTMX if "/selection" in address else {}
    event.listen(engine, "before_cursor_execute", count)
    try:
        taken = []
        for _ in range(WARM_UP + repeats):
            asked, start = 0, perf_counter()
            answer = client.get(address, headers=headers)
            taken.append((perf_counter() - start) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answers {answer.status}")
    finally:
        event.remove(engine, "before_cursor_execute", count)
    percentiles = quantiles(taken[WARM_UP:], n=100, method="inclusive")
    return Timing(name, round(percentiles[49], 1), round(percentiles[94], 1), asked)
