"""Random names, addresses and searches of all Unicode: no crash, and what is imported is found."""

import csv
import io
from collections.abc import Callable

from click.testing import Result
from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from tests.factories.people import World
from tests.support.browser import HTMX, Browser
from tests.support.random_text import Texts, how_many
from webapp.contacts.matching import contact_matches, text_matches
from webapp.folding import wanted
from webapp.models import Contact


def test_what_is_imported_is_found_by_each_of_its_words(
    import_rows: Callable[..., Result], store: Session, imported_contacts: Callable[[], list[Contact]]
) -> None:
    texts, lines = Texts(), io.StringIO()
    writer = csv.writer(lines, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for _ in range(how_many(200)):
        writer.writerow([texts.address(), texts.text(), texts.text()])

    result = import_rows(lines.getvalue(), header="Email,First Name,Last Name")

    assert result.exit_code == 1, result.output[-500:]
    contacts = imported_contacts()
    assert contacts
    for contact in contacts:
        for word in f"{contact.first_name} {contact.last_name} {contact.email}".split():
            if wanted(word):
                found = contact_matches(literal(contact.id), text_matches(word))
                assert store.scalar(select(found)), (contact.id, word)


def test_every_search_is_answered(browse: Callable[..., Browser], place: World) -> None:
    admin, texts = browse(place.admin), Texts()
    for number in range(how_many(60)):
        q = texts.text(300 if number % 10 == 0 else 20)
        path = ("/contacts", "/contacts/restore")[number % 2]
        answer = admin.client.get(path, query_string={"q": q}, headers=HTMX)

        is_good = not q.strip() or (len(q.strip()) <= 254 and bool(wanted(q)))
        assert answer.status_code == 200 or (answer.status_code == 422 and not is_good), q
