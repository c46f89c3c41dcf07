"""Every kind of job. docs/recipes.md says how to add one."""

from collections.abc import Mapping

from webapp.contacts.delete_work import DELETE
from webapp.importing.work import IMPORT
from webapp.jobs.work import Work
from webapp.purging.erase_work import ERASE
from webapp.purging.work import PURGE
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE

ALL: tuple[Work, ...] = (
    RESTORE,
    UNDO,
    IMPORT,
    DELETE,
    PURGE,
    ERASE,
)
KINDS: Mapping[str, Work] = {work.kind: work for work in ALL}
