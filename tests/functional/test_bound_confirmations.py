"""What a dialog has signed is confirmed by the one who opened it, and by no one else: each kind of dialog."""

import ast
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contacts
from tests.factories.people import World, new_admin
from tests.support.bringing import bring
from tests.support.browser import Browser
from tests.support.confirming import ask_about, confirm
from tests.support.imports import ended_import
from tests.support.seen import Fields, Seen, form_fields
from webapp.models import GroupRight, Job, Right, UserGroup

SIGNED = "scope", "frozen", "export"
# The views that sign something, each with a dialog below.
SIGNING = {"confirm", "erase", "undo", "delete_all", "import_preview", "exports"}
VIEWS = Path(__file__).parents[2] / "webapp" / "views"
# The addresses that take the same signed field as the form of its dialog.
ALSO_POSTED = {"/restores": ("/restores/line", "/contacts/restore/confirm/again")}
ALSO_READ = {
    "/restores": ("/contacts/restore/plan", "/contacts/restore/plan.csv"),
    "/contacts/delete-all": ("/contacts/delete-all/deals",),
}


def dialogs(admin: Browser, world: World, store: Session, work: Callable[[], None]) -> dict[str, Seen]:
    """Every kind of dialog."""
    live, binned = new_contacts(store, world, 3), new_contacts(store, world, 3)
    delete(store, world, *binned)
    imported = ended_import(store, world, live[:1]).id
    store.commit()
    restored = confirm(admin, ask_about(admin, [binned[0].id]))
    work()
    return {
        "restore": ask_about(admin, [binned[1].id]),
        "erase": admin.get(f"/contacts/restore/erase?selected={binned[2].id}"),
        "undo": admin.get(f"{restored.path}/undo"),
        "delete all": admin.get("/contacts/delete-all"),
        "undo of an import": admin.get(f"/jobs/{imported}/undo"),
        "import": bring(admin, b"Email\nann@example.org\n"),
        "export": admin.get("/contacts/export"),
        "export of deleted": admin.get("/contacts/restore/export"),
        "export of a report": admin.get(f"{restored.path}/export"),
    }


def confirmation(dialog: Seen) -> tuple[str, Fields]:
    """Where the dialog's form is posted, and what it sends."""
    field = dialog.first(", ".join(f"form[method=post] input[name={name}]" for name in SIGNED))
    form = field.find_parent("form")
    assert form is not None
    return str(form["action"]), form_fields(dialog.document, form)


def send(browser: Browser, dialog: Seen) -> dict[str, Seen]:
    """The answers to this browser where the dialog's signed field is taken, with its own token."""
    action, fields = confirmation(dialog)
    own = [(name, browser.token() if name == "csrf_token" else value) for name, value in fields]
    signed = [(name, value) for name, value in fields if name in SIGNED]
    answers = {path: browser.get(path, signed) for path in ALSO_READ.get(action, ())}
    return answers | {
        path: browser.post(path, own, follow=False) for path in (*ALSO_POSTED.get(action, ()), action)
    }


def test_a_colleague_cannot_confirm_what_another_was_asked(
    browse: Callable[..., Browser],
    admin: Browser,
    world: World,
    store: Session,
    work: Callable[[], None],
    unchanged: Callable[[], AbstractContextManager[None]],
) -> None:
    """With every right, and with the token of a session of their own."""
    sales = store.query(UserGroup).filter_by(workspace_id=world.id, name="Sales").one()
    store.add_all(GroupRight(group_id=sales.id, right=right) for right in Right)
    colleague = new_admin(store, world.workspace)
    store.commit()
    opened = dialogs(admin, world, store, work)
    attackers = [browse(colleague), browse(world.member)]

    with unchanged():
        for attacker in attackers:
            for kind, dialog in opened.items():
                for path, answer in send(attacker, dialog).items():
                    assert answer.status in (400, 403, 404), f"{kind}: {path}: {answer.status}"
                    assert attacker is not attackers[0] or answer.status == 400, f"{kind}: {path}"

    # Nothing is wrong with them, but who sends them: in another session of the same user they are good.
    again = browse(world.admin)
    for kind, dialog in opened.items():
        for path, answer in send(again, dialog).items():
            assert answer.status not in (400, 403, 404), f"{kind}: {path}: {answer.complaint}"
    store.rollback()
    kinds = {job.kind for job in store.query(Job).filter_by(workspace_id=world.id)}
    assert {"restore", "export", "import"} <= kinds


def test_every_view_that_signs_something_is_attacked_above() -> None:
    signing = {
        path.stem
        for path in VIEWS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom)
        and node.module == "webapp.web.signing"
        and {"sign", "freeze", "signed"} & {alias.name for alias in node.names}
    }
    # The plan is a part of the dialog of a restore.
    assert signing - {"plan"} == SIGNING
