"""500 random requests: any route, method, fields and user, as page and as part.

They are the same each time. `FUZZ_SEED=7 make T=tests/functional/test_random_requests.py test` sends others.
"""

from collections.abc import Callable

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from tests.factories.contacts import delete, new_contact, new_contacts
from tests.factories.people import World
from tests.support.browser import TOKEN, Browser
from tests.support.dice import SEED, Asked, Dice
from tests.support.page import check_fragment, check_page
from tests.support.seen import Seen
from tests.support.state import state

REQUESTS = 500
ALLOWED = {200, 204, 302, 303, 400, 401, 403, 404, 405, 409, 413, 422}
HEADERS = {
    *("Content-Security-Policy", "X-Content-Type-Options", "X-Frame-Options"),
    *("Referrer-Policy", "Cache-Control"),
}


def right_values(
    admin: Browser, foreign_admin: Browser, world: World, elsewhere: World, store: Session
) -> dict[str, list[str]]:
    """Valid values by field: live, deleted and foreign contacts, jobs, signed scopes."""
    live, binned = new_contacts(store, world, 6), new_contacts(store, world, 8)
    foreign = [new_contact(store, elsewhere), *new_contacts(store, elsewhere, 2)]
    delete(store, world, *binned)
    delete(store, elsewhere, *foreign[1:])
    store.commit()

    def scope(browser: Browser, query: str) -> str:
        page = browser.get(f"/contacts/restore/{query}")
        return str(page.one("input[name=scope]")["value"])

    def job(browser: Browser, contact_id: int) -> str:
        dialog = browser.get(f"/contacts/restore/confirm?selected={contact_id}")
        ended = browser.press(browser.press(dialog, "Restore"), "Cancel this restore")
        return ended.path.removeprefix("/restores/")

    jobs = [job(admin, binned[0].id), job(foreign_admin, foreign[1].id)]
    scopes = [scope(admin, f"confirm?selected={contact.id}") for contact in binned[1:4]]
    scopes += [scope(admin, "confirm-all"), scope(foreign_admin, "confirm-all")]
    ids = [str(contact.id) for contact in (*live, *binned, *foreign)]
    return {
        "selected": ids,
        "contact_id": ids,
        "job_id": jobs,
        "restored_by": jobs,
        "after": jobs,
        "watching": jobs,
        "scope": scopes,
        "q": ["ann", "number", "0000"],
        "from": ["2026-01-01"],
        "deleted_by": [str(world.member.id), str(elsewhere.member.id)],
        "deletion": ["1", "2"],
        "email": [world.admin.email],
        "password": ["restore-demo"],
        "next": ["/contacts"],
        "back": ["/contacts/restore"],
        "show": ["selected"],
    }


def written(engine: Engine) -> dict[str, object]:
    """The rows of each table, but for the records of downloads, which are GETs, and of refused sign-ins."""
    recorded = ("audit_event", "private_text")
    return {table: rows for table, rows in state(engine).items() if table not in recorded}


def test_random_requests_get_correct_answers_and_change_nothing_by_mistake(
    engine: Engine,
    admin: Browser,
    member: Browser,
    browse: Callable[..., Browser],
    world: World,
    elsewhere: World,
    store: Session,
) -> None:
    good = right_values(admin, browse(elsewhere.admin), world, elsewhere, store)
    browsers = {"admin": admin, "member": member, "stranger": browse()}
    tokens = {who: token_of(browser) for who, browser in browsers.items()}
    dice = Dice(good, tokens)
    answered: set[int] = set()

    before = written(engine)
    for number in range(REQUESTS):
        asked = dice.request(number)
        status = answer(browsers[asked.who], asked)
        answered.add(status)
        if asked.method != "POST":
            continue
        # The GETs since the last POST are checked with it: they must not change anything either.
        after = written(engine)
        assert status < 400 or after == before, f"{asked} answered {status} and changed something"
        before = after
        if asked.address.startswith(("/login", "/logout")) and status == 303:
            browsers[asked.who] = browse({"admin": world.admin, "member": world.member}.get(asked.who))
            tokens[asked.who] = token_of(browsers[asked.who])
    assert written(engine) == before
    assert answered >= {200, 303, 400, 401, 403, 404, 405, 422}, (
        f"FUZZ_SEED={SEED} throws too few kinds: {answered}"
    )


def token_of(browser: Browser) -> str:
    token = TOKEN.search(browser.client.get("/login", follow_redirects=True).text)
    assert token is not None
    return token[1]


def answer(browser: Browser, asked: Asked) -> int:
    """Send it and check what comes back; returns the status."""
    response = browser.client.open(
        asked.address,
        method=asked.method,
        data=asked.body,
        content_type="application/x-www-form-urlencoded",
        headers=asked.headers,
    )
    assert response.status_code in ALLOWED, f"{asked} answered {response.status}"
    missing = HEADERS - set(response.headers.keys())
    assert not missing, f"{asked} answered without {missing}"
    html = response.text if response.mimetype == "text/html" and response.status_code // 100 != 3 else ""
    if not html:
        return response.status_code
    try:
        document = check_page(html) if "<html" in html else check_fragment(html)
    except AssertionError as wrong:
        raise AssertionError(f"{asked} answered {response.status}: {wrong}") from wrong
    said = Seen(response.status_code, response.headers, document, asked.address).complaint
    assert response.status_code < 400 or "." in said, f"{asked} answered {response.status} without a sentence"
    return response.status_code
