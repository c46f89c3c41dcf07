"""A batch reads no large table as a whole, whatever the statistics say."""

from datetime import timedelta

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.people import World, new_world
from tests.support.plans import plans
from tests.support.purging import Belongings, carry_out_purge, start_purge
from webapp.models import Contact
from webapp.purging.remove import CUT_OFF, OF_ITS_OWN
from webapp.worker.redis_lock import RedisLock

LARGE = {column.class_.__tablename__ for column in (*CUT_OFF, *OF_ITS_OWN)} | {Contact.__tablename__}


def test_a_purge_finds_every_row_by_an_index(store: Session, engine: Engine, lock: RedisLock) -> None:
    world: World = new_world(store)
    belongings = Belongings(store, world)
    for _ in range(3):
        belongings.deleted(ago=timedelta(days=32))
    job_id = start_purge(store, lock, world)

    with plans(engine) as read:
        assert carry_out_purge(store, lock, job_id, batch_size=2) == "done"

    deletes = [plan for plan in read if plan.statement.startswith(("DELETE", "UPDATE campaign_send"))]
    assert len(deletes) >= len(OF_ITS_OWN) + 2
    for plan in read:
        assert not [each for each in plan.reads if each.whole and each.table in LARGE], str(plan)
