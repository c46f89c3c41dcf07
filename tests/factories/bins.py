"""A bin of many contacts, made by one statement, because a hundred thousand objects would take long."""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.orm import Session

from tests.factories.people import CONSONANTS, World, number
from webapp.clock import read_clock
from webapp.models import Deletion

INSERT = """
    INSERT INTO contact (workspace_id, email, email_key, first_name, last_name, phone,
                         created_at, updated_at, version, deleted_at, deletion_id)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
    SELECT workspace_id, 'c' || i || :suffix, 'c' || i || :suffix, 'Ann', 'Number ' || i, '',
           created_at, created_at, 1, created_at, deletion.id
    FROM n, deletion WHERE deletion.id = :deletion
"""


def fill_bin(
    session: Session,
    world: World,
    count: int,
    *,
    ago: timedelta = timedelta(hours=1),
    is_complete: bool = True,
) -> Deletion:
    """Give a new workspace so many contacts that were all deleted in one deletion, `ago` before now, or that
    one which is under way has deleted."""
    at = read_clock(session) - ago
    deletion = Deletion(
        workspace_id=world.id,
        number=1 if is_complete else None,
        user_id=world.member.id,
        created_at=at,
        source="test",
        contact_count=count,
        in_bin=count,
        completed_at=at if is_complete else None,
    )
    session.add(deletion)
    session.flush()
    session.execute(
        text(INSERT),
        {"count": count, "suffix": f"-{number()}@example.com".translate(CONSONANTS), "deletion": deletion.id},
    )
    return deletion
