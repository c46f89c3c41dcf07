"""After 30 days the words of a search are erased: pages say so, and the restore cannot be continued."""

from collections.abc import Callable

from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact
from tests.factories.people import World
from tests.support.browser import Browser
from webapp.clock import read_clock
from webapp.models import WINDOW, PrivateText
from webapp.worker.watch import reconcile


def test_the_worker_erases_the_words_and_the_pages_say_so(
    anyone: Browser, app: Flask, world: World, store: Session, work: Callable[[], None]
) -> None:
    delete(store, world, new_contact(store, world, "Zebulon"))
    store.commit()
    dialog = anyone.get("/contacts/restore/confirm-all?q=zebulon")
    job = anyone.press(dialog, dialog.one("dialog form[action='/restores'] button"))
    anyone.press(job, "Cancel this restore")
    with app.app_context():
        reconcile()
    for page in (job.path, "/restores"):
        assert "1 contact matching “zebulon”." in anyone.get(page).text, "within the window"
    long_ago = read_clock(store) - WINDOW
    store.execute(update(PrivateText).filter_by(workspace_id=world.id).values(created_at=long_ago))
    store.commit()

    with app.app_context():
        reconcile()

    for page in (job.path, "/restores"):
        text = anyone.get(page).text
        assert "1 contact matching a search that is no longer kept." in text
        assert "zebulon" not in text
    refused = anyone.get(f"{job.path}/continue")
    assert refused.status == 410
    assert "The search of this restore is no longer kept. Search the deleted contacts again." in refused.text
    assert refused.has_button("See deleted contacts")
