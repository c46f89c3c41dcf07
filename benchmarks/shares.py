"""The five large acts, each as a share of the rate of the same in bare SQL, in CPU time.

`restoring.py` and its neighbours measure a worker, with its rests, on a large database by the clock. Here an
act is carried out in this process, without rests, on a small database, by turns with its floor.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.orm import Session

from benchmarks import deleting, restoring
from benchmarks.cpu import Cpu
from benchmarks.exporting import bare_copy, export_all
from benchmarks.floor import bare_restore
from benchmarks.importing import bare_import, last_id
from benchmarks.loading import write_file
from benchmarks.purging import bare_purge, move_back, purge
from benchmarks.stage import Databases, Stage, stage
from tests.factories.people import World
from webapp.contacts.delete_work import DELETE
from webapp.jobs.run import carry_out
from webapp.jobs.settings import BatchSettings, Rest
from webapp.purging.work import PURGE
from webapp.restoring.work import RESTORE
from webapp.worker.kinds import KINDS

ROUNDS = 3
IMPORTED = 5_000
# An export takes too little time for one to be measured.
EXPORTS = 4
NO_REST = BatchSettings(300, rest=Rest())


def to_measure(
    made: Databases, cpu: Cpu, url: str, world: World
) -> Iterator[tuple[str, Callable[[], float]]]:
    """Names, and what measures the share, of which more is better, on copies of the database at `url`; each
    before the next one is asked for."""
    with _prepared(made, cpu, url, world) as acts:
        for name, (ours, bare) in ACTS.items():
            yield f"{name}, share of bare SQL", partial(share, partial(ours, acts), partial(bare, acts))


def share(ours: Callable[[], float], bare: Callable[[], float]) -> float:
    """The least time of `bare` in a round, divided by that of `ours`: what else the machine does only adds to
    either. Which is first changes, so that a machine that slows down slows both."""
    times: dict[Callable[[], float], list[float]] = {ours: [], bare: []}
    for turn in range(ROUNDS):
        for act in (ours, bare) if turn % 2 else (bare, ours):
            times[act].append(act())
    return min(times[bare]) / min(times[ours])


@dataclass(frozen=True)
class Acts:
    """Each act and its floor, each on a copy of its own; they return CPU seconds."""

    made: Databases
    cpu: Cpu
    world: World
    url: str
    # Where all that is deleted was deleted long ago.
    old: str
    # Where the file has been imported, and the last contact before it.
    imported: str
    last: int
    file: Path

    def restore(self) -> float:
        return self._job(restoring.start_all)

    def bare_restore(self) -> float:
        with self.made.copy(self.url) as copy:
            size = RESTORE.batch_sizes[self.made.kind]
            return self.cpu.spent(lambda: bare_restore(copy, size, NO_REST.rest))

    def delete(self) -> float:
        return self._job(deleting.start_all)

    def bare_delete(self) -> float:
        with self.made.copy(self.url) as copy:
            size = DELETE.batch_sizes[self.made.kind]
            return self.cpu.spent(lambda: deleting.bare_deletion(copy, size, NO_REST.rest))

    def purge(self) -> float:
        with self._stage(self.old) as here:
            size = PURGE.batch_sizes[self.made.kind]
            return self.cpu.spent(lambda: purge(here, self.world, size, NO_REST.rest))

    def bare_purge(self) -> float:
        with self.made.copy(self.old) as copy:
            size = PURGE.batch_sizes[self.made.kind]
            return self.cpu.spent(lambda: bare_purge(copy, size, NO_REST.rest))

    def do_import(self) -> float:
        with self._stage(self.url) as here:
            return self.cpu.spent(lambda: import_file(here, self.file))

    def bare_import(self) -> float:
        with self.made.copy(self.url) as copy:
            return bare_import(self.imported, copy, self.last, self.cpu.seconds)

    def export(self) -> float:
        with self._stage(self.url) as here:
            return self.cpu.spent(lambda: [export_all(here, self.world) for _ in range(EXPORTS)])

    def bare_export(self) -> float:
        with self._stage(self.url) as here:
            return self.cpu.spent(lambda: [bare_copy(here, self.world) for _ in range(EXPORTS)])

    def _job(self, start: Callable[[Stage, World], tuple[int, float, float]]) -> float:
        with self._stage(self.url) as here:
            job_id = start(here, self.world)[0]
            return self.cpu.spent(lambda: _carried_out(here, job_id))

    @contextmanager
    def _stage(self, url: str) -> Iterator[Stage]:
        with self.made.copy(url) as copy, stage(copy) as here:
            yield here


ACTS = {
    "Restoring": (Acts.restore, Acts.bare_restore),
    "Deleting": (Acts.delete, Acts.bare_delete),
    "Purging": (Acts.purge, Acts.bare_purge),
    "Importing": (Acts.do_import, Acts.bare_import),
    "Exporting": (Acts.export, Acts.bare_export),
}


@contextmanager
def _prepared(made: Databases, cpu: Cpu, url: str, world: World) -> Iterator[Acts]:
    with (
        TemporaryDirectory(prefix="restore-bench-") as folder,
        made.copy(url) as old,
        made.copy(url) as imported,
    ):
        file = Path(folder) / "contacts.csv"
        write_file(file, IMPORTED)
        with stage(old) as here:
            move_back(here.engine)
        with stage(imported) as here:
            last = last_id(here.engine)
            import_file(here, file)
        yield Acts(made, cpu, world, url, old, imported, last, file)


def import_file(here: Stage, file: Path) -> None:
    """`flask contacts import`, in this process."""
    done = here.app.test_cli_runner().invoke(args=["contacts", "import", str(file)])
    assert done.exit_code == 0, done.output


def _carried_out(here: Stage, job_id: int) -> None:
    with Session(here.engine) as session:
        ended = carry_out(session, here.services.lock, KINDS, job_id, settings=NO_REST)
        assert ended == "done", ended
