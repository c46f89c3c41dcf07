"""TLS to the database and to Redis: which URLs check certificates, and what the drivers then refuse."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import make_url

from tests.support.certificates import certified
from webapp.config import ConfigError, load_config
from webapp.tls import is_here
from webapp.worker.connection import connect

REMOTE = {"SECRET_KEY": "0123456789abcdef" * 4, "REDIS_URL": "redis://127.0.0.1:1"}
DYNO = {"DYNO": "web.1"}


def database(url: str, folder: Path, **environ: str) -> dict[str, object]:
    """The query of the URL that the database gets."""
    config = load_config(REMOTE | {"DATABASE_URL": url} | environ, folder)
    return dict(make_url(str(config["SQLALCHEMY_DATABASE_URI"])).query)


def redis(url: str, folder: Path, **environ: str) -> str:
    """What is added to the URL of Redis."""
    environ = REMOTE | {"DATABASE_URL": "postgresql:///d", "REDIS_URL": url} | environ
    return str(load_config(environ, folder)["REDIS_URL"]).removeprefix(url)


def test_the_certificate_of_a_database_elsewhere_is_checked_unless_its_url_says_otherwise(
    tmp_path: Path,
) -> None:
    for url in (
        "postgresql://u:p@db.example/d",
        "postgres://u@192.0.2.1/d",
        "postgresql:///d?host=db.example",
    ):
        query = database(url, tmp_path)
        assert query["sslmode"] == "verify-full", url
        assert Path(str(query["sslrootcert"])).is_file()
    assert database("postgresql:///d", tmp_path, PGHOST="db.example")["sslmode"] == "verify-full"
    two = database("postgresql://u:p@/d?host=db.example,/tmp", tmp_path)
    assert two["sslmode"] == "verify-full", "one of them is elsewhere"

    assert database("postgresql://u:p@db.example/d?sslmode=disable", tmp_path) == {"sslmode": "disable"}
    assert database("postgresql://u:p@db.example/d", tmp_path, PGSSLMODE="require") == {}


def test_a_database_on_this_machine_needs_no_tls(tmp_path: Path) -> None:
    for url in (
        "postgresql:///d",
        "postgresql://u@localhost/d",
        "postgresql://u@127.0.0.2/d",
        "postgresql://u@[::1]/d",
    ):
        assert database(url, tmp_path) == {}, url
    assert database("postgresql:///d?host=/var/run", tmp_path) == {"host": "/var/run"}
    assert [is_here(host) for host in ("localhost.example", "10.0.0.1", "127.0.0.1.example")] == [False] * 3


def test_a_setting_names_who_has_signed_the_certificates(tmp_path: Path) -> None:
    authority = tmp_path / "our authority.pem"
    with pytest.raises(ConfigError, match="TLS_CA_FILE must name a file"):
        database("postgresql://db.example/d", tmp_path, TLS_CA_FILE=str(authority))
    authority.write_text("")
    ours = {"TLS_CA_FILE": str(authority)}

    checked = {"sslmode": "verify-full", "sslrootcert": str(authority)}
    assert database("postgresql://db.example/d", tmp_path, **ours) == checked
    assert database("postgresql://db.example/d", tmp_path, **ours, **DYNO) == checked
    by_url = database("postgresql://db.example/d?sslmode=verify-ca", tmp_path, **ours)
    assert by_url == checked | {"sslmode": "verify-ca"}
    for more in ({}, DYNO):
        said = redis("rediss://r.example", tmp_path, **ours, **more)
        assert said.startswith("?ssl_cert_reqs=required&ssl_ca_certs=%2F")


def test_on_a_dyno_connections_are_encrypted_and_its_add_ons_sign_their_own(tmp_path: Path) -> None:
    assert database("postgres://u:p@db.example/d", tmp_path, **DYNO) == {"sslmode": "require"}
    assert redis("rediss://:p@r.example", tmp_path, **DYNO) == "?ssl_cert_reqs=none"
    assert redis("rediss://r.example?ssl_cert_reqs=required", tmp_path, **DYNO) == ""


def test_the_certificate_of_redis_is_checked_unless_its_url_says_otherwise(tmp_path: Path) -> None:
    assert redis("rediss://:p@r.example:6380/1", tmp_path) == "?ssl_cert_reqs=required"
    assert redis("rediss://r.example?db=1", tmp_path) == "&ssl_cert_reqs=required"
    for as_it_is in ("rediss://r.example?ssl_cert_reqs=none", "redis://r.example", "unix:///r.sock"):
        assert redis(as_it_is, tmp_path) == ""


# What the drivers do with these URLs, against a server whose certificate is for "db.example".


@dataclass
class Server:
    """Answers a TLS handshake; `authority` has signed its certificate."""

    port: int
    authority: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = certified(tmp_path_factory.mktemp("tls"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=_serve, args=(listener, made.context), daemon=True).start()
        yield Server(listener.getsockname()[1], made.authority)


def _serve(listener: socket.socket, context: ssl.SSLContext) -> None:
    """To libpq's request for TLS it says yes; a client of Redis begins with TLS at once. Then it refuses."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with closing(client):
            try:
                client.settimeout(10)
                if client.recv(8, socket.MSG_PEEK)[:1] == b"\0":
                    client.recv(8)
                    client.sendall(b"S")
                with context.wrap_socket(client, server_side=True) as secure:
                    secure.recv(1000)
                    secure.sendall(b"-ERR reached\r\n")
            except OSError:
                pass


def why_not(url: str) -> str:
    """What the driver of the database says: why the connection failed."""
    with pytest.raises(psycopg.OperationalError) as refused:
        psycopg.connect(url.replace("postgresql+psycopg", "postgresql"), connect_timeout=10)
    return str(refused.value)


def test_a_database_with_a_certificate_of_a_stranger_is_not_spoken_to(server: Server, tmp_path: Path) -> None:
    def url(host: str, **environ: str) -> str:
        given = f"postgresql://u:p@{host}:{server.port}/d?hostaddr=127.0.0.1"
        return str(
            load_config(REMOTE | {"DATABASE_URL": given} | environ, tmp_path)["SQLALCHEMY_DATABASE_URI"]
        )

    ours = {"TLS_CA_FILE": str(server.authority)}
    assert "certificate verify failed" in why_not(url("db.example"))
    assert "does not match host name" in why_not(url("other.example", **ours))
    assert "certificate" not in why_not(url("db.example", **ours)), "the handshake is done"
    assert "certificate" not in why_not(url("other.example", **DYNO)), "encrypted, not checked"


def test_a_redis_with_a_certificate_of_a_stranger_is_not_spoken_to(server: Server, tmp_path: Path) -> None:
    def ping(host: str, **environ: str) -> str:
        given = f"rediss://{host}:{server.port}"
        environ = REMOTE | {"DATABASE_URL": "postgresql:///d", "REDIS_URL": given} | environ
        with connect(str(load_config(environ, tmp_path)["REDIS_URL"])) as client:
            try:
                client.ping()
            except RedisConnectionError as error:
                return str(error)
            except Exception as error:
                return f"it answers: {error}"
        return "it answers"

    ours = {"TLS_CA_FILE": str(server.authority)}
    assert "certificate verify failed" in ping("127.0.0.1")
    assert "mismatch" in ping("localhost", **ours)
    assert ping("127.0.0.1", **ours).startswith("it answers")
    assert ping("localhost", **DYNO).startswith("it answers")
