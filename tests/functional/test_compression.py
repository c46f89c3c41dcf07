"""Pages are compressed only if a page of another site cannot have asked for them (docs/adr/0044)."""

import brotli
import pytest

from tests.support.browser import Browser
from webapp.web.compression import ASKED_FOR_HERE

BOTH = {"Accept-Encoding": "gzip, br"}


@pytest.mark.parametrize("site", ASKED_FOR_HERE)
def test_a_page_that_this_site_asked_for_is_compressed(admin: Browser, site: str) -> None:
    answer = admin.client.get("/restores", headers={**BOTH, "Sec-Fetch-Site": site})

    assert answer.headers["Content-Encoding"] == "br"
    assert "No restores yet" in brotli.decompress(answer.data).decode()
    assert "Accept-Encoding" in answer.headers["Vary"]


@pytest.mark.parametrize(
    "headers", [{}, *({"Sec-Fetch-Site": site} for site in ("cross-site", "same-site", "?"))]
)
def test_a_page_that_another_site_may_have_asked_for_is_not(admin: Browser, headers: dict[str, str]) -> None:
    """Its length would tell what a text in its address has in common with the rest of it."""
    answer = admin.client.get("/contacts?q=guess", headers=BOTH | headers)

    assert answer.status_code == 200
    assert "Content-Encoding" not in answer.headers
