"""Rows for the ids in addresses, so that each route of the app can be asked."""

from io import BytesIO

from sqlalchemy.orm import Session

from tests.factories.contacts import new_contact, new_list, subscribe
from tests.factories.people import World, new_session, new_user, number
from tests.support.marketing import Marketing
from webapp.importing.brought import bring
from webapp.models import UserGroup


def with_rows(path: str, store: Session, world: World) -> str:
    """The path with the id of a new row for a campaign, an automation, a brought file, a user, a group or
    a session of the admin; other ids stay as they are."""
    if "<id:sign_in_id>" in path:
        store.rollback()
        path = path.replace("<id:sign_in_id>", str(new_session(store, world.admin)[0].id))
        store.commit()
    if "<id:file_id>" in path:
        store.rollback()
        path = path.replace("<id:file_id>", str(_file(store, world)))
    if "<id:user_id>" in path or "<id:group_id>" in path:
        store.rollback()
        is_invited = path.endswith(("/invite", "/withdraw"))
        path = path.replace("<id:user_id>", str(a_user(store, world, is_invited=is_invited)))
        path = path.replace("<id:group_id>", str(a_group(store, world)))
        store.commit()
    for name, make in (("<id:automation_id>", _automation), ("<id:campaign_id>", _campaign)):
        if name in path:
            # On SQLite a transaction that has read cannot write after the app has.
            store.rollback()
            is_of_step = "/messages/" in path
            path = path.replace(name, str(make(store, world, is_of_step=is_of_step)))
            store.commit()
    return path


def a_user(store: Session, world: World, *, is_invited: bool) -> int:
    """The id of a new user without groups."""
    user = new_user(store, world.workspace, "Nia New")
    if is_invited:
        user.is_active, user.accepted_at = False, None
    return user.id


def a_group(store: Session, world: World) -> int:
    """The id of a new group without users."""
    group = UserGroup(workspace_id=world.id, name=f"Group {number()}")
    store.add(group)
    store.flush()
    return group.id


def _file(store: Session, world: World) -> int:
    """The id of a file of the operator's, with letters that can be read in two ways."""
    data = "Email,Name,Notes\nann@example.org,Jürgen,Tea\n".encode("cp1252")
    return bring(store, BytesIO(data), "people.csv", workspace_id=world.id).id


def _automation(store: Session, world: World, *, is_of_step: bool = False) -> int:
    assert not is_of_step
    return Marketing(store, world).automation(new_list(store, world), {"do": "wait", "hours": 1}).id


def _campaign(store: Session, world: World, *, is_of_step: bool) -> int:
    """One that can be sent, or the text of a step."""
    marketing, news = Marketing(store, world), new_list(store, world)
    subscribe(store, new_contact(store, world), news, "subscribed")
    campaign = marketing.campaign(news)
    campaign.subject, campaign.body = "Hello", "Hi"
    if is_of_step:
        automation = marketing.automation(news, {"do": "send", "campaign": campaign.id})
        campaign.automation_id = automation.id
    return campaign.id
