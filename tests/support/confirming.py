"""Confirming a restore on the pages, once or by many users at the same time."""

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import TypeVar

from tests.support.browser import Browser
from tests.support.processes import wait_until
from tests.support.seen import Seen

Answer = TypeVar("Answer")

ASK_ABOUT_ALL = "/contacts/restore/confirm-all"


def confirm(browser: Browser, dialog: Seen | None = None) -> Seen:
    """Press "Restore" in the dialog, by default in one about all that is in the bin."""
    dialog = dialog or browser.get(ASK_ABOUT_ALL)
    return browser.press(dialog, dialog.one("form[action='/restores'] button"))


def ask_about(browser: Browser, ids: Iterable[int]) -> Seen:
    """The dialog about these contacts."""
    return browser.get("/contacts/restore/confirm", [("selected", str(each)) for each in ids])


def job_of(page: Seen) -> int:
    """The job whose page this is."""
    assert page.status == 200, page.complaint
    return int(page.path.removeprefix("/restores/"))


def at_once(acts: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Call all functions at the same time, each in its own thread; returns their results."""
    together = Barrier(len(acts))

    def act(mine: Callable[[], Answer]) -> Answer:
        together.wait()
        return mine()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(act, acts))


def open_dialogs(*browsers: Browser) -> list[tuple[Browser, Seen]]:
    """Open a dialog about the whole bin in each browser."""
    return [(browser, browser.get(ASK_ABOUT_ALL)) for browser in browsers]


def confirm_at_once(dialogs: Sequence[tuple[Browser, Seen]]) -> list[Seen]:
    """Confirm all these dialogs at the same time."""
    return at_once([partial(confirm, browser, dialog) for browser, dialog in dialogs])


def start_as_soon_as_possible(browser: Browser) -> int:
    """Open and confirm dialogs until a restore of the whole bin has been started; returns the job."""
    answers: list[Seen] = []

    def started() -> bool:
        answers.append(confirm(browser))
        return answers[-1].status == 200

    wait_until(started)
    assert {answer.status for answer in answers[:-1]} <= {409}
    return job_of(answers[-1])
