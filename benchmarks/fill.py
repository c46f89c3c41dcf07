"""A workspace of any size, inserted by a few set-based statements; every part of the bench uses it.

Each contact has an account, three tags and a place on three lists; every second one that is deleted has a
deal that lived on, because a live contact is on it too. One deleted contact in a hundred has an address that
a live one has taken. Names and addresses are such that "ann" finds some of a hundred, "an" a tenth or so,
"zyx" and "明" ten of a million each.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine, TextClause, bindparam, select, text
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from webapp.clock import read_clock
from webapp.contacts.delete import delete_contacts
from webapp.folding import FOLDING
from webapp.models import Account, Contact, Deletion, MailingList, Tag, live
from webapp.models.base import UtcDateTime

ACCOUNTS, LISTS, TAGS = 100, 3, 3
FIRST_NAMES = (
    *("Ann", "Bea", "Carl", "Dora", "Emil", "Frida", "Gero", "Hanna", "Ida", "Jon", "Kim", "Leo", "Mia"),
    *("Nils", "Olga", "Paul", "Quentin", "Rosa", "Sven", "Tilda", "Udo", "Vera", "Wim", "Xenia", "Yara"),
    *("Zoe", "Alma", "Bruno", "Clara", "Dirk", "Elsa", "Finn", "Greta", "Hugo", "Ines", "Jan", "Karla"),
)
LAST_NAMES = (
    *("Abel", "Anders", "Bauer", "Becker", "Braun", "Busch", "Conrad", "Dietz", "Engel", "Ernst", "Fischer"),
    *("Franke", "Graf", "Haas", "Hahn", "Huber", "Jung", "Kaiser", "Keller", "Koch", "Kraus", "Lang"),
    *("Lorenz", "Maier", "Neumann", "Otto", "Peters", "Roth", "Sauer", "Schmidt", "Seidel", "Vogel", "Wolff"),
)

# The number of smaller deletions, about twelve hours apart, before the largest one.
SMALLER = 60
LARGEST_AGO, APART = timedelta(hours=5), timedelta(hours=11)
# The live contacts were created in so many portions, the deleted ones before all of them.
PORTIONS = 60

CONTACTS = """
    INSERT INTO contact (id, workspace_id, email, email_key, first_name, last_name, phone, account_id,
                         created_at, updated_at, version, deleted_at, deletion_id)
    WITH RECURSIVE
        n(i) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT i + 1 FROM n WHERE i < :last),
        first_names(place, first_name) AS (VALUES {first_names}),
        last_names(place, last_name) AS (VALUES {last_names}),
        made AS (
            SELECT i, first_name,
                   CASE i % 100000 WHEN 7 THEN 'Zyx' WHEN 8 THEN '王明' ELSE last_name END AS last_name,
                   'c' || CASE WHEN i - :base <= :taken THEN :base + :live + (i - :base) * 100 ELSE i END
                   || '@example.com' AS address
            FROM n
            JOIN first_names ON first_names.place = i % :firsts
            JOIN last_names ON last_names.place = i / 7 % :lasts
        )
    SELECT i, :workspace, address, address, first_name, last_name, '', :account + i % :accounts,
           :came, :came, 1, {deleted}
    FROM made
"""
SEARCH = """
    INSERT INTO contact_search (contact_id, workspace_id, text, folded, folding, hash_start)
    SELECT id, workspace_id, ' ' || names || ' ' || email_key,
           CASE last_name WHEN '王明' THEN ' ' || lower(first_name) || ' 王 明 ' || email_key || '  王 明 '
                          || lower(first_name) ELSE ' ' || names || ' ' || email_key END || ' ',
           {folding}, substr({hash}, 1, 16)
    FROM (SELECT id, workspace_id, first_name, last_name, email_key,
                 lower(first_name || ' ' || last_name) AS names
          FROM contact WHERE workspace_id = :workspace) AS named
"""
HASH = {
    "postgresql": "encode(sha256(convert_to(email_key, 'UTF8')), 'hex')",
    "sqlite": "sha256_hex(email_key)",
}
ON_LISTS = """
    INSERT INTO subscription (contact_id, list_id, status, changed_at)
    SELECT contact.id, mailing_list.id, 'subscribed', contact.created_at
    FROM contact, mailing_list
    WHERE contact.workspace_id = :workspace AND mailing_list.workspace_id = :workspace
"""
TAGGED = """
    INSERT INTO contact_tag (contact_id, tag_id)
    SELECT contact.id, tag.id FROM contact, tag
    WHERE contact.workspace_id = :workspace AND tag.workspace_id = :workspace
"""
# Deal number `id` is the one of the deleted contact with this id; where there are live ones, one is on it.
DEALS = """
    INSERT INTO deal (id, workspace_id, title, value, currency, stage, status, searched_version)
    SELECT id, workspace_id, 'Deal ' || id, 1000, 'EUR', 'Proposal sent', 'open', 1
    FROM contact WHERE workspace_id = :workspace AND deleted_at IS NOT NULL AND id % 2 = 0
"""
TITLES = """
    INSERT INTO deal_search (deal_id, workspace_id, folded)
    SELECT id, workspace_id, ' ' || lower(title) || ' ' FROM deal WHERE workspace_id = :workspace
"""
DETACHED = """
    INSERT INTO deal_contact (deal_id, contact_id, is_primary, attached_at, detached_at,
                              detached_by_deletion_id)
    SELECT id, id, :no, created_at, deleted_at, deletion_id
    FROM contact WHERE workspace_id = :workspace AND deleted_at IS NOT NULL AND id % 2 = 0
"""
LIVED_ON = """
    INSERT INTO deal_contact (deal_id, contact_id, is_primary, attached_at)
    SELECT deal.id, contact.id, :yes, deal_contact.attached_at
    FROM deal
    JOIN deal_contact ON deal_contact.deal_id = deal.id
    JOIN contact ON contact.id = deal.id - :live
    WHERE deal.workspace_id = :workspace AND contact.workspace_id = :workspace
    AND contact.deleted_at IS NULL
"""


@dataclass(frozen=True)
class Size:
    """How many contacts a workspace has."""

    live: int
    binned: int

    @property
    def taken(self) -> int:
        """How many deleted contacts have an address that a live one uses."""
        return min(self.binned // 100, self.live)


def fill(engine: Engine, size: Size, *, name: str = "Northwind") -> World:
    """Make a workspace of this size and return it with its two people, committed and with statistics."""
    postgresql = engine.dialect.name == "postgresql"
    with Session(engine.execution_options(writes=True)) as session:
        world = new_world(session, name=name)
        now = read_clock(session)
        if postgresql:
            # The foreign keys need no check: the rows are made here.
            session.execute(text("SET LOCAL session_replication_role = replica"))
        for statement, values in _statements(session, world, size, now):
            session.execute(_typed(statement), values)
        if postgresql:
            session.execute(text("SELECT setval('contact_id_seq', max(id)) FROM contact"))
            session.execute(text("SELECT setval('deal_id_seq', max(id)) FROM deal"))
        session.commit()
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE" if postgresql else "ANALYZE"))
    return world


def delete_most(engine: Engine, world: World, count: int) -> None:
    """Delete so many live contacts of the workspace the way the app does; the statistics stay stale."""
    if engine.dialect.name == "postgresql":
        with engine.begin() as connection:
            for table in ("contact", "contact_search", "deal", "deal_contact"):
                connection.execute(text(f"ALTER TABLE {table} SET (autovacuum_enabled = false)"))
    with Session(engine.execution_options(writes=True)) as session:
        delete_contacts(
            session,
            workspace_id=world.id,
            which=select(Contact.id).where(live(world.id)).order_by(Contact.id).limit(count),
            by=world.member.id,
            now=read_clock(session),
            source="bench",
        )
        session.commit()


def _statements(
    session: Session, world: World, size: Size, now: datetime
) -> Iterator[tuple[str, dict[str, object]]]:
    base = session.scalar(text("SELECT coalesce(max(id), 0) FROM contact")) or 0
    accounts = [Account(workspace_id=world.id, name=f"Firm {place}") for place in range(ACCOUNTS)]
    session.add_all(accounts)
    session.add_all(MailingList(workspace_id=world.id, name=f"List {place}") for place in range(LISTS))
    session.add_all(Tag(workspace_id=world.id, name=f"Tag {place}") for place in range(TAGS))
    session.flush()
    common = {
        "workspace": world.id,
        "account": min(account.id for account in accounts),
        "accounts": ACCOUNTS,
        "firsts": len(FIRST_NAMES),
        "lasts": len(LAST_NAMES),
        "base": base,
        "live": size.live,
        "taken": size.taken,
    }
    last = base
    for portion in range(PORTIONS):
        first, last = last + 1, base + size.live * (portion + 1) // PORTIONS
        came = now - timedelta(days=PORTIONS - portion)
        if first <= last:
            yield _contacts("NULL, NULL"), common | {"first": first, "last": last, "came": came}
    for deletion in _deletions(session, world, size, now):
        first, last = last + 1, last + deletion.contact_count
        values = {"first": first, "last": last, "deletion": deletion.id}
        moments = {"came": now - timedelta(days=100), "deleted": deletion.created_at}
        yield _contacts(":deleted, :deletion"), common | values | moments
    workspace: dict[str, object] = {"workspace": world.id}
    for statement in (
        "ANALYZE contact",
        SEARCH.format(folding=FOLDING, hash=HASH[session.get_bind().dialect.name]),
        ON_LISTS,
        TAGGED,
        DEALS,
        TITLES,
        "ANALYZE deal",
    ):
        yield statement, workspace
    yield DETACHED, workspace | {"no": False}
    yield "ANALYZE deal_contact", {}
    yield LIVED_ON, workspace | {"yes": True, "live": size.live}


def _typed(statement: str) -> TextClause:
    """The statement with its times as the models write them: as text on SQLite."""
    moments = [name for name in ("came", "deleted") if f":{name}" in statement]
    return text(statement).bindparams(*(bindparam(name, type_=UtcDateTime()) for name in moments))


def _contacts(deleted: str) -> str:
    def values(names: tuple[str, ...]) -> str:
        return ", ".join(f"({place}, '{name}')" for place, name in enumerate(names))

    return CONTACTS.format(deleted=deleted, first_names=values(FIRST_NAMES), last_names=values(LAST_NAMES))


def _deletions(session: Session, world: World, size: Size, now: datetime) -> list[Deletion]:
    """The deletions, oldest first: small ones with a tenth of the contacts at most, then the largest."""
    counts: list[int] = []
    for place in range(SMALLER):
        count = 1 + place**3 * size.binned // 40_000_000
        if sum(counts) + count <= size.binned // 10:
            counts.append(count)
    counts.append(size.binned - sum(counts))
    deletions = [
        Deletion(
            workspace_id=world.id,
            number=place + 1,
            user_id=(world.member.id, world.admin.id)[place % 2],
            created_at=now - LARGEST_AGO - (len(counts) - place - 1) * APART,
            completed_at=now,
            source="bench",
            description="",
            contact_count=count,
            in_bin=count,
        )
        for place, count in enumerate(counts)
        if count
    ]
    session.add_all(deletions)
    session.flush()
    return deletions
