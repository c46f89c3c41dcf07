"""Deletions as they happened: rows beside the deleted contacts, and a page of all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import render_template, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db
from webapp.restoring.bundles import Bundle, read_bundles
from webapp.restoring.numbers import write_numbers
from webapp.web.dates import account_dates
from webapp.web.paging import requested_number
from webapp.web.sessions import request_time
from webapp.words import bundles as words
from webapp.words.moments import ENDS_SOON_DAYS, days_left_words

# Beside the contacts, and on a page of their own.
A_HANDFUL, PAGE_SIZE = 3, 50


@dataclass(frozen=True)
class BundleRow:
    """A bundle, for its template."""

    number: int
    who: str
    when: str
    contacts: str
    time_left: str
    ends_soon: bool
    until: datetime
    href: str


@dataclass(frozen=True)
class BundleRows:
    """The latest bundles, and how many there are."""

    rows: list[BundleRow]
    total: int

    @property
    def any_more(self) -> bool:
        return self.total > len(self.rows)


def bundle_row(bundle: Bundle, now: datetime) -> BundleRow:
    """The bundle at the moment `now`."""
    days = bundle.days_left(now)
    return BundleRow(
        number=bundle.number,
        who=words.who(bundle),
        when=words.when(bundle, dates=account_dates(), now=now),
        contacts=words.contacts(bundle),
        time_left=days_left_words(days),
        ends_soon=days <= ENDS_SOON_DAYS,
        until=bundle.until,
        href=restore_href(bundle),
    )


def restore_href(bundle: Bundle) -> str:
    """The address of Restore Contacts with the contacts of exactly these deletions."""
    return url_for("restore_page", deletion=write_numbers(bundle.numbers))


def latest_bundles(now: datetime) -> BundleRows:
    """The rows for Restore Contacts."""
    found = _read(now)
    return BundleRows([bundle_row(bundle, now) for bundle in found[:A_HANDFUL]], len(found))


def deletions() -> ResponseReturnValue:
    """All bundles of the last 30 days, the latest first."""
    now, after = request_time(), requested_number("after")
    found = _read(now)
    # A place in the order of the rows, as long as that bundle is there.
    start = next((place for place, bundle in enumerate(found, 1) if bundle.number == after), 0)
    page, rest = found[start : start + PAGE_SIZE], found[start + PAGE_SIZE :]
    return render_template(
        "restore/deletions.html",
        rows=[bundle_row(bundle, now) for bundle in page],
        older=page[-1].number if rest else None,
    )


def _read(now: datetime) -> Sequence[Bundle]:
    return read_bundles(db.session(), current_user.workspace_id, now)
