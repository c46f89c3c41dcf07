"""The app: `create_app` makes it."""

import zoneinfo
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

# Days follow the pinned tzdata on every host, not the system's data (docs/adr/0018-one-time-zone-data.md).
# Here, because web, worker, commands, migrations and tests import this package before they use a zone.
zoneinfo.reset_tzpath(to=())
zoneinfo.ZoneInfo.clear_cache()


def create_app(environ: Mapping[str, str] | None = None) -> "Flask":
    """The app with the settings in `environ`, by default the process's environment.

    Raises ConfigError, with a message that says what to do, if the settings are incomplete or unsafe.
    """
    # Here, because whatever imports a module of this package imports this file, and few need the whole app.
    from webapp import app

    return app.create_app(environ)
