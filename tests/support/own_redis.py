"""A Redis that tests may make ill: it goes away, or answers and refuses writes, as a real server does."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from redis import Redis

from tests.support.another_app import unused_redis_url
from tests.support.processes import wait_until
from webapp.local_services import private_redis, redis_url
from webapp.worker.connection import connect

WELL, AWAY = "well", "away"


@dataclass(frozen=True)
class OwnRedis:
    """A running Redis; `folder` holds its file and its socket."""

    folder: Path
    redis: Redis

    @contextmanager
    def state(self, name: str) -> Iterator[str]:
        """Keep it in this state inside the block; yields the address under which an app finds it so."""
        with ILLNESSES[name](self) if name in ILLNESSES else nullcontext():
            yield unused_redis_url(self.folder) if name == AWAY else redis_url(self.folder)

    def cut_connections(self) -> None:
        """Close all connections but this one, as for clients that were idle for too long."""
        self.redis.client_kill_filter(_type="normal", skipme=True)


@contextmanager
def own_redis(folder: Path) -> Iterator[OwnRedis]:
    with private_redis(folder) as url, connect(url) as redis:
        yield OwnRedis(folder, redis)


@contextmanager
def _full(own: OwnRedis) -> Iterator[None]:
    """Its memory is used up, and it may not evict: OOM."""
    own.redis.config_set("maxmemory-policy", "noeviction")
    own.redis.config_set("maxmemory", 1)
    try:
        yield
    finally:
        own.redis.config_set("maxmemory", 0)


@contextmanager
def _replica(own: OwnRedis) -> Iterator[None]:
    """It follows a primary that is away: READONLY."""
    own.redis.config_set("replica-read-only", "yes")
    own.redis.replicaof("127.0.0.1", 1)
    try:
        yield
    finally:
        own.redis.replicaof("NO", "ONE")


@contextmanager
def _unable_to_save(own: OwnRedis) -> Iterator[None]:
    """Its disk fails: MISCONF. A folder is in the place of its file."""
    in_the_way = own.folder / "dump.rdb"
    in_the_way.mkdir()
    own.redis.config_set("stop-writes-on-bgsave-error", "yes")
    own.redis.config_set("save", "3600 1")
    own.redis.bgsave()
    wait_until(lambda: own.redis.info("persistence")["rdb_last_bgsave_status"] == "err")
    try:
        yield
    finally:
        # It tries again and again to save: one that succeeded would leave a file.
        own.redis.config_set("save", "")
        wait_until(lambda: not own.redis.info("persistence")["rdb_bgsave_in_progress"])
        in_the_way.rmdir()


# The ways in which it answers and refuses writes.
ILLNESSES: dict[str, Callable[[OwnRedis], AbstractContextManager[None]]] = {
    "full": _full,
    "a replica": _replica,
    "unable to save": _unable_to_save,
}
