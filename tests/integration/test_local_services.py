"""The private Redis: it answers, is shared, is adopted, and leaves nothing running."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import psutil
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoAnswer

from tests.support.processes import wait_until
from webapp.local_services import LocalServiceError, private_redis, redis_url

LEAVES_REDIS_BEHIND = """
import os, signal, sys
from pathlib import Path
from webapp.local_services import private_redis

with private_redis(Path(sys.argv[1])):
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=["redis", "a folder = trouble", "so_long_that_no_socket_fits_into_it_" * 4])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    name: str = request.param
    return tmp_path / name


def answers(url: str) -> bool:
    with Redis.from_url(url) as client:
        try:
            return bool(client.ping())
        except NoAnswer:
            return False


def pid(url: str) -> int:
    with Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])


def test_redis_answers_while_it_is_needed_and_stops_afterwards(folder: Path) -> None:
    with private_redis(folder) as url:
        assert url == redis_url(folder)
        assert answers(url)
        number = pid(url)

    assert not answers(url)
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_redis_listens_on_a_private_socket_only(folder: Path) -> None:
    with private_redis(folder) as url, Redis.from_url(url) as client:
        assert client.config_get("port") == {"port": "0"}
        socket = Path(client.config_get("unixsocket")["unixsocket"])
        assert socket.stat().st_mode & 0o077 == 0
        if socket.parent != folder:
            assert socket.parent.stat().st_mode & 0o077 == 0
    assert not socket.exists()


def test_the_client_list_of_redis_can_be_read(folder: Path) -> None:
    # RQ's workers read it before they take a job; a space in the path once left every job queued.
    with private_redis(folder) as url, Redis.from_url(url) as client:
        assert len(client.client_list()) >= 1


def test_redis_can_be_started_again_after_a_stop(folder: Path) -> None:
    for _ in range(2):
        with private_redis(folder) as url:
            assert answers(url)


def test_the_last_of_several_users_stops_redis(folder: Path) -> None:
    with private_redis(folder) as url:
        with private_redis(folder):
            assert answers(url)
        assert answers(url)
    assert not answers(url)


def test_a_leftover_redis_is_adopted(folder: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", LEAVES_REDIS_BEHIND, str(folder)], check=False)
    assert killed.returncode == -signal.SIGKILL
    left_over = pid(redis_url(folder))

    with private_redis(folder) as url:
        assert pid(url) == left_over

    assert not answers(url)


def test_redis_starts_over_a_stale_socket(folder: Path) -> None:
    with private_redis(folder) as url:
        os.kill(pid(url), signal.SIGKILL)
        while answers(url):
            time.sleep(0.01)

    with private_redis(folder) as url:
        assert answers(url)


def kill(url: str) -> int:
    number = pid(url)
    os.kill(number, signal.SIGKILL)
    return number


def test_a_lasting_redis_that_dies_is_replaced(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    again = "Redis had stopped and was started again."

    def is_logged(messages: list[str]) -> bool:
        return caplog.messages == messages

    with private_redis(folder, lasting=True) as url:
        for times in (1, 2):
            killed = kill(url)
            wait_until(partial(is_logged, [again] * times))
            assert pid(url) != killed
    assert not answers(url)
    assert redis_servers(folder) == []


def test_an_adopted_redis_that_dies_is_replaced_too(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", LEAVES_REDIS_BEHIND, str(tmp_path)], check=False)

    with private_redis(tmp_path, lasting=True) as url:
        kill(url)
        wait_until(lambda: answers(url))

    assert not answers(url)


# The one that started it again may leave first, and leaves the server to the other.
@pytest.mark.filterwarnings("ignore:subprocess .* is still running:ResourceWarning")
def test_one_of_several_users_starts_redis_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with private_redis(tmp_path, lasting=True) as url, private_redis(tmp_path, lasting=True):
        kill(url)
        wait_until(lambda: answers(url))
        assert len(redis_servers(tmp_path)) == 1
    assert not answers(url)
    assert redis_servers(tmp_path) == []
    assert caplog.messages == ["Redis had stopped and was started again."]


def test_a_redis_that_dies_as_its_user_exits_leaves_nothing_behind(tmp_path: Path) -> None:
    for _ in range(5):
        with private_redis(tmp_path, lasting=True) as url:
            kill(url)
        assert not answers(url)
    assert redis_servers(tmp_path) == []


def redis_servers(folder: Path) -> list[int]:
    """The servers that run in the folder, whether or not they answer."""
    return [
        process.pid
        for process in psutil.process_iter(["name", "cwd"])
        if process.info["name"] in ("redis-server", "valkey-server")
        and process.info["cwd"] == str(folder.resolve())
    ]


def executable(url: str) -> str:
    """The path by which the running server was started."""
    with Redis.from_url(url) as client:
        return str(client.info("server")["executable"])


@pytest.mark.parametrize("name", ["redis-server", "valkey-server"])
def test_a_server_on_path_comes_before_the_bundled_one(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    with private_redis(tmp_path / "bundled") as url:
        bundled = executable(url)
    assert bundled.endswith("/valkey-server")
    installed = tmp_path / "bin" / name
    installed.parent.mkdir()
    installed.symlink_to(bundled)
    monkeypatch.setenv("PATH", str(installed.parent))

    with private_redis(tmp_path / "installed") as url:
        assert executable(url) == str(installed)


def test_a_missing_redis_server_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("webapp.local_services.find_spec", lambda _name: None)

    with (
        pytest.raises(LocalServiceError, match="apt install redis-server"),
        private_redis(tmp_path / "redis"),
    ):
        pass
