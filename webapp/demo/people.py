"""Making up contacts: who they are, what lists and tags they carry, when they came."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy.orm import Session

from webapp.contacts.load import NewContact, ids_by_name
from webapp.demo import names
from webapp.models import WINDOW, Account, MailingList, Tag
from webapp.models.mailing_list import BOUNCED, SUBSCRIBED, UNCONFIRMED, UNSUBSCRIBED

THREE_YEARS = timedelta(days=3 * 365)
STATUSES = (SUBSCRIBED, UNSUBSCRIBED, UNCONFIRMED, BOUNCED)
STATUS_WEIGHTS = (78, 12, 6, 4)
# What NFKD leaves whole although people type it in an address without its stroke or as two letters.
TYPED = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "ı": "i", "ß": "ss"})


@dataclass(frozen=True)
class Catalogue:
    """What contacts of the workspace can belong to, as ids."""

    accounts: Sequence[tuple[str, int]]
    lists: Sequence[int]
    tags: Sequence[int]
    gone_list: int
    gone_tag: int
    gone_account: int
    fair_tag: int


def ensure_catalogue(session: Session, workspace_id: int) -> Catalogue:
    """The workspace's accounts, lists and tags, made where they are missing, in the caller's transaction."""
    accounts = ids_by_name(session, Account, workspace_id, [*names.COMPANIES, names.GONE_ACCOUNT])
    lists = ids_by_name(session, MailingList, workspace_id, [*names.LISTS, names.GONE_LIST])
    tags = ids_by_name(session, Tag, workspace_id, [*names.TAGS, names.GONE_TAG, names.FAIR_TAG])
    return Catalogue(
        accounts=tuple(accounts.items()),
        lists=tuple(lists.values()),
        tags=tuple(tags[name] for name in (*names.TAGS, names.GONE_TAG)),
        gone_list=lists[names.GONE_LIST],
        gone_tag=tags[names.GONE_TAG],
        gone_account=accounts[names.GONE_ACCOUNT],
        fair_tag=tags[names.FAIR_TAG],
    )


class People:
    """Makes up one contact after the other; the same ones for the same seed and the same numbers."""

    def __init__(self, random: Random, catalogue: Catalogue, now: datetime) -> None:
        self._random = random
        self._catalogue = catalogue
        self._now = now
        self._accounts = [(slug(name), account_id) for name, account_id in catalogue.accounts]

    def contact(
        self, number: int, *, is_old: bool, has_email: bool = False, tags: Sequence[int] = ()
    ) -> NewContact:
        """Contact `number`, which keeps its address apart from all others.

        `is_old` makes it older than the window, so that it can have been deleted anywhere within.
        `has_email` gives it an address for certain, `tags` come on top of those it gets by chance.
        """
        random = self._random
        first, last = random.choice(names.FIRST_NAMES), random.choice(names.LAST_NAMES)
        domain, account_id = "mail.example", None
        if random.random() < 0.65:
            company, account_id = random.choice(self._accounts)
            domain = f"{company}.example"
        email = f"{slug(first)}.{slug(last)}{number}@{domain}"
        kind = random.random()
        if kind < 0.03 and not has_email:
            email = ""
        elif kind < 0.06:
            first = last = ""
        elif kind < 0.07:
            # As people type it; it is found and compared in lower case all the same.
            email = email.title()
        return NewContact(
            created_at=self.moment_before(WINDOW if is_old else timedelta(hours=1)),
            email=email or None,
            first_name=first,
            last_name=last,
            phone=f"+49 30 {random.randrange(1_000_000, 9_999_999)}" if random.random() < 0.4 else "",
            account_id=account_id,
            lists=[(list_id, self._status()) for list_id in self._some(self._catalogue.lists, 3)],
            tags=[*self._some(self._catalogue.tags, 2), *tags],
        )

    def moment_before(self, least: timedelta) -> datetime:
        """A moment of the last three years, at least `least` ago."""
        return self._now - least - self._random.random() * (THREE_YEARS - least)

    def _status(self) -> str:
        return self._random.choices(STATUSES, STATUS_WEIGHTS)[0]

    def _some(self, ids: Sequence[int], most: int) -> list[int]:
        return self._random.sample(ids, self._random.randint(0, most))


def slug(name: str) -> str:
    """The name as it stands in an address: lower-case ASCII letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", name.translate(TYPED)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower())
