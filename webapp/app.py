"""The app: `create_app` is its table of contents."""

import os
from collections.abc import Mapping
from pathlib import Path

from flask import Flask, has_request_context
from flask_login import current_user
from sqlalchemy import make_url

from webapp import database
from webapp.cli import init_cli
from webapp.config import load_config
from webapp.extensions import csrf, db, init_migrations, login_manager
from webapp.logs import init_logs
from webapp.private_files import make_private, make_private_file
from webapp.reporting import init_reporting
from webapp.time_limits import limit_statements
from webapp.urls import add_urls
from webapp.web.access_log import init_access_log
from webapp.web.assets import init_assets
from webapp.web.bodies import init_bodies
from webapp.web.compression import init_compression
from webapp.web.counted import init_kept_numbers
from webapp.web.errors import init_errors
from webapp.web.headers import init_headers
from webapp.web.hosts import init_hosts
from webapp.web.job_address import init_job_addresses
from webapp.web.job_notices import init_job_notices
from webapp.web.migrations import MIGRATIONS
from webapp.web.navigation import init_navigation
from webapp.web.output import PageEnvironment
from webapp.web.pieces import init_pieces
from webapp.web.query import with_plain_query
from webapp.web.request_times import init_request_times
from webapp.web.sessions import init_sessions
from webapp.web.signatures import init_signatures
from webapp.web.template_filters import init_filters
from webapp.web.throttle import init_throttle
from webapp.worker.services import init_services

ROOT = Path(__file__).parent.parent


def create_app(environ: Mapping[str, str] | None = None) -> Flask:
    """The app with the settings in `environ`, by default the process's environment.

    Raises ConfigError, with a message that says what to do, if the settings are incomplete or unsafe.
    """
    app = Flask(
        "webapp",
        static_folder=None,
        template_folder=str(ROOT / "templates"),
        instance_path=str(ROOT / "instance"),
    )
    app.jinja_environment = PageEnvironment
    app.config.update(load_config(os.environ if environ is None else environ, Path(app.instance_path)))
    url = str(app.config["SQLALCHEMY_DATABASE_URI"])
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = database.engine_options(url)
    init_logs(app)
    init_bodies(app)
    _init_extensions(app)
    init_filters(app)
    init_pieces(app)
    init_errors(app)
    init_job_addresses(app)
    init_job_notices(app)
    init_kept_numbers(app)
    init_navigation(app)
    init_throttle(app)
    add_urls(app)
    init_cli(app)
    init_compression(app)
    init_assets(app)
    app.wsgi_app = with_plain_query(app.wsgi_app)  # type: ignore[method-assign, assignment]
    init_hosts(app)
    init_headers(app)
    init_access_log(app, *init_request_times(app))
    init_reporting(app)
    return app


def _keep_instance_private(app: Flask) -> None:
    """Secret key, database and queue of a checkout are for its user only, and so is any new SQLite file.
    Production keeps nothing in the folder."""
    url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
    if not app.config["PRODUCTION"]:
        make_private(Path(app.instance_path))
    if url.get_backend_name() == "sqlite" and url.database and Path(url.database).parent.is_dir():
        # SQLite gives its journals the mode of the file.
        make_private_file(Path(url.database))


def _init_extensions(app: Flask) -> None:
    _keep_instance_private(app)
    init_signatures(app)
    init_sessions(app)
    db.init_app(app)
    init_migrations(app, MIGRATIONS)
    login_manager.init_app(app)
    csrf.init_app(app)
    with app.app_context():
        database.prepare(db.engine)
        limit_statements(db.engine, float(app.config["STATEMENT_SECONDS"]), has_request_context)
        init_services(app)

    @app.context_processor
    def who() -> dict[str, object]:
        signed_in = current_user and current_user.is_authenticated
        return {"can_restore": bool(signed_in and current_user.may_restore)}
