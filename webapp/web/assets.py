"""Style sheets and scripts. Ours from `static/`, and htmx from the package that carries it, are joined into a
few files and compressed when the app starts, so that a first visit needs few requests. No build step."""

import atexit
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise
from whitenoise.compress import Compressor

from webapp.private_files import make_private

OURS = Path(__file__).parent.parent / "static"
YEAR = 365 * 24 * 3600

# In their order: of two rules with the same weight the later one holds.
SHEETS = (
    *("tokens", "base", "layout", "controls", "notices", "table", "bar", "dialog", "restore", "deletions"),
    *("job", "contact", "deals", "import", "security", "scroll", "phone", "adapt"),
)
SCRIPTS = ("announce", "redraw", "selection", "keep", "dialogs", "keys", "polling", "title", "reveal")


def htmx_folder() -> Path:
    """Where the installed package keeps htmx; the only place that names the package."""
    with as_file(files("js_lib_htmx") / "static" / "htmx") as folder:
        return folder


def join_files() -> dict[str, bytes]:
    """The files that pages load, by name."""
    scripts = b"\n".join((OURS / "js" / f"{name}.js").read_bytes() for name in SCRIPTS)
    return {
        "app.css": b"".join((OURS / "css" / f"{name}.css").read_bytes() for name in SHEETS),
        # What our scripts share stays among them.
        "app.js": (htmx_folder() / "htmx.min.js").read_bytes()
        + b'\n(function () {\n"use strict";\n%b\n})();\n' % scripts,
        "design.css": (OURS / "css" / "design.css").read_bytes(),
    }


def init_assets(app: Flask) -> None:
    """Serve the files under /static/; give templates `asset_url(name)`, which changes with the content."""
    contents = join_files()
    folder = _stored(Path(app.instance_path) / "assets", contents)
    files_server = WhiteNoise(app.wsgi_app, max_age=YEAR, allow_all_origins=False)
    files_server.add_files(str(folder), prefix="static/")
    app.wsgi_app = files_server  # type: ignore[method-assign]
    versions = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in contents.items()}

    @app.template_global()
    def asset_url(name: str) -> str:
        return f"/static/{name}?v={versions[name]}"


def _stored(cache: Path, contents: Mapping[str, bytes]) -> Path:
    """A folder with these files, each also compressed. It is kept in `cache` under a digest of the contents:
    only the first process compresses them. On a disk that cannot be written each process keeps its own."""
    digest = hashlib.sha256(repr(sorted(contents.items())).encode()).hexdigest()[:16]
    folder = cache / digest
    if folder.is_dir():
        return folder
    try:
        make_private(cache)
        draft = Path(tempfile.mkdtemp(dir=cache))
    except OSError:
        folder = draft = Path(tempfile.mkdtemp())
        atexit.register(shutil.rmtree, draft, ignore_errors=True)
    for name, content in contents.items():
        (draft / name).write_bytes(content)
        Compressor(quiet=True).compress(str(draft / name))
    make_private(draft)
    if draft != folder:
        _move(draft, folder)
    return folder


def _move(draft: Path, folder: Path) -> None:
    """Give the draft its name, unless another process was first. It is never seen half written."""
    try:
        draft.rename(folder)
    except OSError:
        shutil.rmtree(draft)
