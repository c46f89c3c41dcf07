"""What lies in `instance/` is for its user only, and a Redis of another user is not adopted."""

import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT
from webapp.config import ConfigError, load_config
from webapp.local_services import LocalServiceError, private_redis, redis_url
from webapp.private_files import BelongsToAnother, make_private, make_private_folder

STRANGER = 65534
needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can give a file to another user")

STARTS = """
import os, sys
from pathlib import Path
os.umask(0)
import webapp.app
webapp.app.ROOT = Path(sys.argv[1])
from webapp.extensions import db
from webapp.local_services import private_redis
app = webapp.create_app({})
with app.app_context(), private_redis(Path(app.instance_path) / "redis"):
    with db.engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (x)")
        for root, folders, files in os.walk(sys.argv[1] + "/instance"):
            for name in [".", *folders, *files]:
                path = os.path.join(root, name)
                print(oct(os.lstat(path).st_mode & 0o777), os.path.relpath(path, sys.argv[1]))
"""


@pytest.fixture
def in_the_shared_folder(tmp_path: Path) -> Path:
    """A folder whose path no socket can have: its socket lies in the directory for temporary files."""
    return tmp_path / "a checkout" / "redis"


@pytest.fixture
def place(in_the_shared_folder: Path) -> Iterator[Path]:
    """Where its socket lies, before anybody has created that."""
    socket_path = Path(redis_url(in_the_shared_folder).removeprefix("unix://").partition("?")[0])
    assert not socket_path.is_relative_to(in_the_shared_folder)
    socket_path.parent.rmdir()
    yield socket_path
    socket_path.unlink(missing_ok=True)
    if socket_path.parent.is_symlink():
        socket_path.parent.unlink()
    else:
        socket_path.parent.rmdir()


def listen(path: Path) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    return listener


def refuse(folder: Path, instance: Path) -> None:
    """Neither is it adopted by `make run`, nor found by any other process."""
    with pytest.raises(LocalServiceError, match="another user"), private_redis(folder):
        pass
    with pytest.raises(ConfigError, match="another user"):
        load_config({}, instance)


@needs_root
@pytest.mark.parametrize("what", ["folder", "socket", "both"])
def test_a_socket_of_another_user_in_the_shared_folder_is_not_adopted(
    what: str, place: Path, in_the_shared_folder: Path
) -> None:
    place.parent.mkdir(mode=0o700)
    with listen(place):
        os.chmod(place, 0o777)
        if what != "folder":
            os.chown(place, STRANGER, STRANGER)
        if what != "socket":
            os.chown(place.parent, STRANGER, STRANGER)

        refuse(in_the_shared_folder, in_the_shared_folder.parent)


def test_a_link_in_the_shared_folder_is_not_followed(
    place: Path, in_the_shared_folder: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    place.parent.symlink_to(elsewhere)

    refuse(in_the_shared_folder, in_the_shared_folder.parent)


@needs_root
def test_a_socket_of_another_user_in_the_checkout_is_not_adopted_either(tmp_path: Path) -> None:
    folder = tmp_path / "redis"
    folder.mkdir()
    with listen(folder / "redis.sock"):
        os.chown(folder / "redis.sock", STRANGER, STRANGER)

        refuse(folder, tmp_path)


def test_our_own_is_adopted_and_nobody_else_can_enter(place: Path, in_the_shared_folder: Path) -> None:
    place.parent.mkdir(mode=0o777)
    os.chmod(place.parent, 0o777)

    with private_redis(in_the_shared_folder) as url, private_redis(in_the_shared_folder) as again:
        assert url == again
        assert place.is_socket()
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_all_that_an_app_creates_is_for_its_user_only(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS, str(tmp_path)]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)

    modes = {name: mode for mode, name in map(str.split, done.stdout.splitlines())}
    assert {"secret_key", "app.db", "app.db-wal", "app.db-shm", "redis", "redis/redis.log"} <= {
        name.removeprefix("instance/") for name in modes
    }
    for name, mode in modes.items():
        is_folder = "." not in Path(name).name and Path(name).name != "secret_key"
        is_folder = is_folder or name.endswith(".")
        allowed = {"0o700"} if is_folder or name.endswith(".sock") else {"0o600"}
        assert mode in allowed, f"{name} is {mode}"


def test_what_an_earlier_release_left_open_is_closed(tmp_path: Path) -> None:
    instance = tmp_path / "instance"
    (instance / "redis").mkdir(parents=True)
    kept = [instance / "app.db", instance / "redis" / "redis.log"]
    for path in kept:
        path.write_text("data")
        path.chmod(0o666)
    outside = tmp_path / "outside"
    outside.write_text("not ours to change")
    outside.chmod(0o644)
    (instance / "link").symlink_to(outside)

    make_private(instance)

    assert [stat.S_IMODE(path.stat().st_mode) for path in (instance, instance / "redis", *kept, outside)] == [
        0o700,
        0o700,
        0o600,
        0o600,
        0o644,
    ]
    assert kept[0].read_text() == "data"


def test_a_file_in_the_place_of_a_folder_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "instance").write_text("")
    with pytest.raises(BelongsToAnother):
        make_private_folder(tmp_path / "instance")
