"""`execute_update` returns how many rows changed, and does not touch what the session has loaded."""

import pytest
from sqlalchemy import delete, insert, literal, select, update
from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_tag
from tests.factories.people import World, new_world
from webapp.database import execute_returning, execute_update
from webapp.models import Contact, ContactTag, Tag


@pytest.fixture
def world(session: Session) -> World:
    return new_world(session)


def test_execute_update_counts_the_rows_of_each_kind_of_statement(session: Session, world: World) -> None:
    tag = new_tag(session, world)
    for _ in range(3):
        new_contact(session, world)
    ours = select(Contact.id, literal(tag.id)).where(Contact.workspace_id == world.id)

    assert execute_update(session, insert(ContactTag).from_select(["contact_id", "tag_id"], ours)) == 3
    assert execute_update(session, update(Tag).where(Tag.id == tag.id).values(name="VIP")) == 1
    assert execute_update(session, update(Tag).where(Tag.id == -1).values(name="VIP")) == 0
    assert execute_update(session, delete(ContactTag).where(ContactTag.tag_id == tag.id)) == 3


def test_loaded_rows_keep_their_values_until_they_are_refreshed(session: Session, world: World) -> None:
    tag = new_tag(session, world, "old")
    renamed = execute_returning(
        session, update(Tag).where(Tag.id == tag.id).values(name="new").returning(Tag.name)
    )
    assert renamed == ["new"]
    assert tag.name == "old"
    session.refresh(tag)
    assert tag.name == "new"
