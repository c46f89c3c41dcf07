"""Law: the pages load own files and an unchanged htmx, served with the right types."""

import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import brotli
import pytest
from flask import Flask

from tests.support.browser import Browser
from webapp.web.assets import OURS, htmx_folder, init_assets, join_files

# One database is enough for this.
pytestmark = [
    pytest.mark.usefixtures("database_url"),
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True, scope="session"),
]

# htmx 2.0.3 as django-js-lib-htmx 2.0.3.1 carries it.
HTMX_SHA256 = "491955cd1810747d7d7b9ccb936400afb760e06d25d53e4572b64b6563b2784e"

OWN_FILES = sorted(path.relative_to(OURS).as_posix() for path in OURS.rglob("*.*"))
SERVED = ("app.css", "app.js", "design.css")


def test_htmx_is_the_reviewed_file(browse: Callable[..., Browser]) -> None:
    on_disk = (htmx_folder() / "htmx.min.js").read_bytes()
    served = browse().client.get("/static/app.js", buffered=True).data

    assert hashlib.sha256(on_disk).hexdigest() == HTMX_SHA256
    assert served.startswith(on_disk)
    assert b'version:"2.0.3"' in on_disk


@pytest.mark.parametrize("name", SERVED)
@pytest.mark.parametrize("encoding", ["", "gzip", "br"])
def test_a_file_is_served_with_its_type_and_a_long_lifetime(
    browse: Callable[..., Browser], name: str, encoding: str
) -> None:
    answer = browse().client.get(
        f"/static/{name}", buffered=True, headers={"Accept-Encoding": encoding or "identity"}
    )

    assert answer.status_code == 200
    assert answer.mimetype == ("text/css" if name.endswith(".css") else "text/javascript")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers.get("Content-Encoding", "") == encoding
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers
    assert "Access-Control-Allow-Origin" not in answer.headers
    decompress = {"": bytes, "gzip": gzip.decompress, "br": brotli.decompress}[encoding]
    assert decompress(answer.data) == join_files()[name]


def test_the_address_of_a_file_changes_with_its_content(browse: Callable[..., Browser]) -> None:
    """Otherwise a browser would keep an old file for a year."""
    page = browse().get("/login")

    loaded = [
        str(each.get("src") or each.get("href")) for each in page.all("script[src], link[rel=stylesheet]")
    ]
    assert [name.partition("?")[0] for name in loaded] == ["/static/app.css", "/static/app.js"]
    for address in loaded:
        path, _, version = address.partition("?v=")
        content = browse().client.get(path, buffered=True).data
        assert version == hashlib.sha256(content).hexdigest()[:12]


def test_every_own_file_is_served_and_every_served_file_is_used(admin: Browser) -> None:
    """The page of the design system loads what the others load, and its own style sheet."""
    page = admin.get("/design")
    used = {
        str(element.get("src") or element.get("href")).partition("?")[0].removeprefix("/static/")
        for element in page.all("script[src], link[rel=stylesheet]")
    }
    everything = b"".join(join_files().values())

    assert used == set(SERVED)
    assert all((OURS / name).read_bytes() in everything for name in OWN_FILES)


def test_files_are_served_from_a_disk_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "assets").write_text("in the way of the folder")
    app = Flask("read-only", instance_path=str(tmp_path))

    init_assets(app)

    answer = app.test_client().get("/static/app.css", buffered=True)
    assert answer.data == join_files()["app.css"]


@pytest.mark.parametrize(
    "path", ["nothing.css", "../config.py", "%2e%2e/config.py", "js", "", "htmx/../../x"]
)
def test_no_other_file_is_served(browse: Callable[..., Browser], path: str) -> None:
    assert browse().client.get(f"/static/{path}").status_code == 404


@pytest.mark.parametrize("name", [name for name in OWN_FILES if name.endswith(".js")])
def test_no_own_script_needs_eval_or_writes_html(name: str) -> None:
    text = re.sub(r"//.*", "", (OURS / name).read_text())

    for forbidden in ("eval(", "new Function", "innerHTML", "outerHTML", "document.write", "localStorage"):
        assert forbidden not in text
