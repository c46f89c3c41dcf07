"""The settings: what each environment means, and which environments are refused."""

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url

from webapp.config import PROTOCOL_TIMES, ConfigError, load_config
from webapp.mail_settings import FROM_THE_START, NEVER, OFFERED, REQUIRED, MailServer

KEY = "0123456789abcdef" * 2
DYNO = {
    "DYNO": "web.1",
    "SECRET_KEY": KEY,
    "DATABASE_URL": "postgres://u:p@db.example:5432/crm",
    "REDIS_URL": "rediss://:p@redis.example:6380",
}


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in DYNO.items() if name not in names}


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgres://u:p@localhost:5432/d", "postgresql+psycopg://u:p@localhost:5432/d"),
        ("postgresql://u:p@h/d?sslmode=require", "postgresql+psycopg://u:p@h/d?sslmode=require"),
        ("postgresql+psycopg://u:p@[::1]/d", "postgresql+psycopg://u:p@[::1]/d"),
        ("postgres://u:postgres://@localhost/d", "postgresql+psycopg://u:postgres://@localhost/d"),
        ("sqlite:////srv/crm.db", "sqlite:////srv/crm.db"),
    ],
)
def test_database_url(given: str, used: str, tmp_path: Path) -> None:
    assert load_config({"DATABASE_URL": given}, tmp_path)["SQLALCHEMY_DATABASE_URI"] == used


@pytest.mark.parametrize(
    "url",
    ["redis://h:6379/0", "rediss://h?ssl_cert_reqs=required", "unix:///r.sock?db=1"],
)
def test_redis_url_is_used_unchanged(url: str, tmp_path: Path) -> None:
    assert load_config({"REDIS_URL": url}, tmp_path)["REDIS_URL"] == url


def test_the_sender_of_links_is_an_address(tmp_path: Path) -> None:
    assert load_config({}, tmp_path)["MAIL_FROM"] is None
    assert load_config({"MAIL_FROM": "crm@x.example"}, tmp_path)["MAIL_FROM"] == "crm@x.example"
    with pytest.raises(ConfigError, match=r"MAIL_FROM must be an e-mail address.*it has no @"):
        load_config({"MAIL_FROM": "CRM"}, tmp_path)


@pytest.mark.parametrize("folder", ["instance", "an instance", "50%20 off? #1"])
def test_without_variables_all_files_are_in_the_instance_folder(folder: str, tmp_path: Path) -> None:
    instance = tmp_path / folder
    config = load_config({}, instance)

    assert config["PRODUCTION"] is False
    assert make_url(str(config["SQLALCHEMY_DATABASE_URI"])).database == str(instance / "app.db")
    assert str(config["REDIS_URL"]).startswith("unix://")
    assert config["PORT"] is None
    assert config["SESSION_COOKIE_SECURE"] is False


def test_an_empty_variable_counts_as_unset(tmp_path: Path) -> None:
    assert load_config({"DATABASE_URL": "", "REDIS_URL": " ", "DYNO": ""}, tmp_path) == load_config(
        {}, tmp_path
    )


@pytest.mark.parametrize("environ", [DYNO, without("DYNO") | {"APP_ENV": "production"}])
def test_production(environ: dict[str, str], tmp_path: Path) -> None:
    config = load_config(environ, tmp_path)

    assert config["PRODUCTION"] is True
    assert config["SECRET_KEY"] == KEY
    assert config["SESSION_COOKIE_SECURE"] is True
    assert config["SESSION_COOKIE_NAME"] == "__Host-session"
    assert list(tmp_path.iterdir()) == []


def test_one_machine_may_run_in_production_on_sqlite(tmp_path: Path) -> None:
    environ = without("DYNO") | {"APP_ENV": "production", "DATABASE_URL": "sqlite:////srv/crm.db"}
    assert str(load_config(environ, tmp_path)["SQLALCHEMY_DATABASE_URI"]).startswith("sqlite:")


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        (without("SECRET_KEY"), "SECRET_KEY"),
        (without("REDIS_URL"), "REDIS_URL"),
        (without("DATABASE_URL"), "PostgreSQL"),
        (DYNO | {"DATABASE_URL": "sqlite:////srv/crm.db"}, "PostgreSQL"),
        (DYNO | {"SECRET_KEY": KEY[1:]}, "SECRET_KEY is too short: set it to at least 32"),
        (DYNO | {"SECRET_KEY": "abcabc" * 10}, "SECRET_KEY is not random"),
        (
            DYNO | {"SECRET_KEY": "… (python3 -c 'import secrets; print(secrets.token_hex(32))')"},
            "not random",
        ),
        ({"APP_ENV": "prod"}, "APP_ENV must be production or development, not 'prod'"),
        (DYNO | {"APP_ENV": "staging"}, "APP_ENV"),
        (without("DYNO") | {"APP_ENV": "Production", "SECRET_KEY": "short"}, "SECRET_KEY is too short"),
        (DYNO | {"SECRET_KEY_FALLBACKS": f"{KEY}, hidden"}, "SECRET_KEY_FALLBACKS contains a key with less"),
        (without("DYNO", "DATABASE_URL") | {"APP_ENV": "production"}, "DATABASE_URL is not set.*sqlite:"),
        (without("DYNO", "SECRET_KEY") | {"APP_ENV": "production"}, "SECRET_KEY"),
        (DYNO | {"FLASK_DEBUG": "1"}, "FLASK_DEBUG is set.*Remove"),
        ({"PROXIES": "-1"}, "PROXIES must be a whole number from 0 to 9"),
        ({"PROXIES": "all"}, "PROXIES"),
        ({"TRUSTED_HOSTS": "https://crm.example.com"}, "TRUSTED_HOSTS must be names of hosts"),
        ({"TRUSTED_HOSTS": "crm.example.com, *"}, "TRUSTED_HOSTS"),
        ({"DATABASE_URL": "mysql://u:hidden@h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "crm.db"}, "DATABASE_URL"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL"),
        ({"PORT": "http"}, "PORT"),
        ({"PORT": "70000"}, "PORT"),
        ({"TIME_SCALE": "fast"}, "TIME_SCALE"),
        ({"TIME_SCALE": "0"}, "TIME_SCALE"),
        ({"TIME_SCALE": "nan"}, "TIME_SCALE"),
        ({"BATCH_SIZE": "-1"}, "BATCH_SIZE"),
        ({"SMTP_CONNECTIONS": "0"}, "SMTP_CONNECTIONS"),
        ({"SMTP_URL": "mail.example:25"}, "SMTP_URL must begin with smtp://"),
        ({"SMTP_URL": "smtp://"}, "SMTP_URL must begin with"),
        ({"SMTP_URL": "smtp://h:port"}, "SMTP_URL must look like"),
        ({"SMTP_URL": "smtp://u@h"}, "SMTP_URL must name a user and a password"),
        ({"SMTP_URL": "smtp://u:hidden@h?tls=maybe"}, "SMTP_URL knows"),
        ({"SMTP_URL": "smtp://u:hidden@h?tls=never"}, "SMTP_URL would send the password unencrypted"),
        ({"SMTP_URL": "smtp://u:hidden@h/path"}, "SMTP_URL may have"),
        ({"SMTP_URL": "smtps://h?tls=never"}, "SMTP_URL needs no"),
        ({"PUBLIC_URL": "crm.example.com"}, "PUBLIC_URL must begin with https:// or http://"),
        ({"PUBLIC_URL": "https://crm.example.com/app"}, "PUBLIC_URL must be only"),
        ({"PUBLIC_URL": "https://h:x"}, "PUBLIC_URL must look like"),
        (DYNO | {"PUBLIC_URL": "http://crm.example.com"}, "PUBLIC_URL must begin with https://"),
    ],
)
def test_an_impossible_setting_is_refused_by_name(
    environ: dict[str, str], named: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=named) as refusal:
        load_config(environ, tmp_path)
    assert "hidden" not in str(refusal.value)


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://h", MailServer("h", 587, OFFERED)),
        ("smtp://h:25?tls=never", MailServer("h", 25, NEVER)),
        ("smtp://u:p%40ss@h", MailServer("h", 587, REQUIRED, "u", "p@ss")),
        ("smtp://u:p@127.0.0.1:2525", MailServer("127.0.0.1", 2525, OFFERED, "u", "p")),
        ("smtps://u:p@h", MailServer("h", 465, FROM_THE_START, "u", "p")),
    ],
)
def test_the_mail_server(url: str, server: MailServer, tmp_path: Path) -> None:
    """A password is sent over an encrypted connection only, unless the server is this machine."""
    assert load_config({"SMTP_URL": url}, tmp_path)["MAIL_SERVER"] == server


def test_the_public_address_has_no_slash_at_its_end(tmp_path: Path) -> None:
    config = load_config({"PUBLIC_URL": "https://crm.example.com/"}, tmp_path)
    assert (config["PUBLIC_URL"], config["MAIL_SERVER"]) == ("https://crm.example.com", None)


@pytest.mark.parametrize(
    ("environ", "proxies"),
    [({}, 0), (DYNO, 1), (without("DYNO") | {"APP_ENV": "production"}, 0), (DYNO | {"PROXIES": "2"}, 2)],
)
def test_only_on_a_dyno_a_proxy_is_expected(environ: dict[str, str], proxies: int, tmp_path: Path) -> None:
    assert load_config(environ, tmp_path)["PROXIES"] == proxies


@pytest.mark.parametrize(
    ("environ", "hosts"),
    [
        ({}, None),
        ({"PUBLIC_URL": "https://crm.example.com:8443"}, ["crm.example.com", "crm.example.com."]),
        ({"PUBLIC_URL": "https://crm.example.com."}, ["crm.example.com", "crm.example.com."]),
        (
            {"PUBLIC_URL": "https://crm.example.com", "TRUSTED_HOSTS": "A.example, .b.example"},
            ["a.example", ".b.example", "a.example.", ".b.example."],
        ),
    ],
)
def test_the_hosts_that_a_request_may_name(
    environ: dict[str, str], hosts: list[str] | None, tmp_path: Path
) -> None:
    """This machine is always one of them."""
    here = ["localhost", "127.0.0.1", "[::1]"]
    assert load_config(environ, tmp_path)["TRUSTED_HOSTS"] == (hosts and hosts + here)


def test_debugging_may_be_switched_off_in_production(tmp_path: Path) -> None:
    for off in ("0", "false", "No", ""):
        assert load_config(DYNO | {"FLASK_DEBUG": off}, tmp_path)["PRODUCTION"]


def test_time_scale_divides_the_times_of_the_protocol(tmp_path: Path) -> None:
    usual, fast = load_config({}, tmp_path), load_config({"TIME_SCALE": "15"}, tmp_path)

    assert {name: usual[name] for name in PROTOCOL_TIMES} == PROTOCOL_TIMES
    assert fast["LEASE_SECONDS"] == 2


class TestSecretKey:
    def test_the_secret_key_stays_the_same_and_is_private(self, tmp_path: Path) -> None:
        first = load_config({}, tmp_path)["SECRET_KEY"]

        assert load_config({}, tmp_path)["SECRET_KEY"] == first
        assert len(str(first)) == 64
        assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
        assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]

    def test_the_secret_key_differs_between_checkouts(self, tmp_path: Path) -> None:
        here, there = load_config({}, tmp_path / "here"), load_config({}, tmp_path / "there")
        assert here["SECRET_KEY"] != there["SECRET_KEY"]

    def test_processes_that_start_together_agree_on_the_secret_key(self, tmp_path: Path) -> None:
        with ThreadPoolExecutor(16) as pool:
            keys = pool.map(lambda _: load_config({}, tmp_path / "instance")["SECRET_KEY"], range(64))
        assert len(set(keys)) == 1

    def test_a_secret_key_in_the_environment_creates_no_file(self, tmp_path: Path) -> None:
        assert load_config({"SECRET_KEY": "given"}, tmp_path)["SECRET_KEY"] == "given"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("given", ["one,two", " one two ", "one, two,\n"])
    def test_former_keys_are_read_and_the_present_one_signs(self, given: str, tmp_path: Path) -> None:
        config = load_config({"SECRET_KEY": "given", "SECRET_KEY_FALLBACKS": given}, tmp_path)

        assert config["SECRET_KEY_FALLBACKS"] == ["one", "two"]
        assert config["WTF_CSRF_SECRET_KEY"] == ["one", "two", "given"]

    def test_signatures_are_made_with_sha256_unless_the_setting_says_otherwise(self, tmp_path: Path) -> None:
        given = {"SECRET_KEY": "given"}
        assert load_config(given, tmp_path)["SIGN_WITH"] == "sha256"
        assert load_config(given | {"SIGN_WITH": "sha1"}, tmp_path)["SIGN_WITH"] == "sha1"
        with pytest.raises(ConfigError, match="SIGN_WITH must be sha256"):
            load_config(given | {"SIGN_WITH": "md5"}, tmp_path)

    def test_an_empty_secret_key_file_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "secret_key").touch()
        with pytest.raises(ConfigError, match="Delete it"):
            load_config({}, tmp_path)


def test_a_command_ends_with_the_sentence_and_not_with_a_traceback() -> None:
    environ = {name: value for name, value in os.environ.items() if name not in ("SECRET_KEY", "REDIS_URL")}
    refused = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "webapp", "db", "upgrade"],
        env=environ | {"APP_ENV": "production", "DATABASE_URL": "sqlite:////srv/crm.db"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert refused.returncode == 1
    assert refused.stderr.startswith("Error: SECRET_KEY is not set.")
    assert "Traceback" not in refused.stderr
