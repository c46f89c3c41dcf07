"""Style sheets and scripts: ours from `static/`, htmx from the package that carries it. No build step."""

import hashlib
from importlib.resources import as_file, files
from pathlib import Path

from flask import Flask
from whitenoise import WhiteNoise

OURS = Path(__file__).parent.parent / "static"
YEAR = 365 * 24 * 3600


def htmx_folder() -> Path:
    """Where the installed package keeps htmx; the only place that names the package."""
    with as_file(files("js_lib_htmx") / "static" / "htmx") as folder:
        return folder


def init_assets(app: Flask) -> None:
    """Serve the files under /static/; give templates `asset_url(name)`, which changes with the content."""

    files_server = WhiteNoise(app.wsgi_app, max_age=YEAR, allow_all_origins=False)
    files_server.add_files(str(OURS), prefix="static/")
    files_server.add_files(str(htmx_folder()), prefix="static/htmx/")
    app.wsgi_app = files_server  # type: ignore[method-assign]

    versions: dict[str, str] = {}

    @app.template_global()
    def asset_url(name: str) -> str:
        if name not in versions or app.debug:
            path = htmx_folder() / name if name.startswith("htmx") else OURS / name
            versions[name] = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        folder = "htmx/" if name.startswith("htmx") else ""
        return f"/static/{folder}{name}?v={versions[name]}"
