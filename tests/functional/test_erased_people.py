"""People who were deleted for ever are named on no page: not where others are shown with whom they shared a
deal, an address or a restore, and not in the reports of jobs that they were in."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_deal, new_list, subscribe
from tests.factories.people import World
from tests.support.browser import Browser
from tests.support.deleting import Deleting
from tests.support.importing import Importing
from tests.support.marketing import Marketing
from tests.support.restoring import Restoring
from webapp.contacts.notes import add_note
from webapp.marketing.campaigns import send_campaign
from webapp.models import Deletion, Job
from webapp.purging import erase_work
from webapp.purging.scope import about_these
from webapp.restoring.filters import Filters
from webapp.restoring.question import about_all
from webapp.restoring.scope import Conflicts
from webapp.worker.redis_lock import RedisLock

ADDRESS, FIRST, LAST = "zebulon@quuxley.example", "Zebulon", "Quuxley"
TRACES = ("zebulon", "quuxley")


def restore_all(restoring: Restoring, conflicts: Conflicts) -> Job:
    """Restore all that are deleted, and of the deals that went with them, too."""
    question = about_all(restoring.session, restoring.world.id, Filters(), restoring.now())
    return restoring.confirm(replace(question.scope, conflicts=conflicts, rescue=True))


def test_no_page_names_them_any_more(admin: Browser, world: World, store: Session, lock: RedisLock) -> None:
    restoring, importing = Restoring(store, world, lock), Importing(store, world, lock)
    news = new_list(store, world)
    zeb = new_contact(store, world, FIRST, LAST, email=ADDRESS)
    kay = new_contact(store, world, "Kay", "Keeper")
    subscribe(store, zeb, news, "subscribed")
    shared, own = new_deal(store, world, zeb, kay), new_deal(store, world, zeb)
    campaign = Marketing(store, world).campaign(news)
    send_campaign(store, workspace_id=world.id, campaign_id=campaign.id, now=restoring.now())
    add_note(
        store,
        workspace_id=world.id,
        contact_id=zeb.id,
        text=f"Ask {FIRST}",
        by=world.admin.id,
        now=restoring.now(),
    )
    # He comes back onto both deals, and Kay with him. Others with his address do not, until they become parts
    # of him.
    delete(store, world, zeb, kay)
    restoring.restore_all(q="zebulon")
    restoring.undo(restore_all(restoring, Conflicts.SKIP))
    restore_all(restoring, Conflicts.SKIP)
    others = [new_contact(store, world, "Other", LAST, email=ADDRESS + str(n)) for n in range(2)]
    for other in others:
        delete(store, world, other)
        other.email, other.email_key = ADDRESS, ADDRESS
    restore_all(restoring, Conflicts.SKIP)
    restore_all(restoring, Conflicts.MERGE)
    # His rows in files are rejected and skipped, and the file is called after him.
    named = importing.bring(f"{ADDRESS},{FIRST}", f"{FIRST} {LAST}", f"{ADDRESS},Again", name="zebulon.csv")
    importing.run(importing.start(importing.request(named, existing="update"), by=world.admin.id))
    Deleting(store, world, lock).delete_all(q="quuxley")
    ids = [zeb.id, *(other.id for other in others if not other.merged_into_id)]

    question = about_these(store, world.id, ids, restoring.now())
    erase = erase_work.start(
        store,
        lock,
        lambda *_: None,
        scope=question.scope,
        total=question.scope.expected + question.merged,
        requested_by=world.admin.id,
    )
    assert restoring.run(erase) == "done"

    jobs = store.scalars(select(Job).where(Job.workspace_id == world.id)).all()
    deletions = store.scalars(select(Deletion.number).where(Deletion.workspace_id == world.id)).all()
    kinds = {job.kind for job in jobs}
    assert {"restore", "undo", "import", "delete", "erase"} <= kinds
    pages = [
        f"/contacts/{kay.id}",
        f"/contacts/{kay.id}/timeline",
        *(f"/deals/{deal.id}" for deal in (shared, own)),
        *(f"/{'restores' if job.kind in ('restore', 'undo') else 'jobs'}/{job.id}" for job in jobs),
        *(f"/jobs/{job.id}?show=skipped" for job in jobs if job.kind == "import"),
        *(f"/contacts/restore?deletion={number}" for number in deletions),
        *("/contacts", "/contacts/restore", "/deals", "/jobs", "/restores", "/audit", "/outbox"),
        f"/campaigns/{campaign.id}",
        f"/lists/{news.id}",
    ]
    store.rollback()
    for path in pages:
        page = admin.get(path)
        assert page.status in (200, 404), path
        markup = admin.client.get(path).get_data(as_text=True).casefold()
        assert not [trace for trace in TRACES if trace in markup], path
        assert page.status == 200 or path == f"/deals/{own.id}", path
    assert "Kay Keeper" in admin.get(f"/deals/{shared.id}").text
