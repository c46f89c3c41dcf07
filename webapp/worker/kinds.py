"""Every kind of job. docs/recipes.md says how to add one."""

from collections.abc import Mapping

from webapp.contacts.delete_work import DELETE
from webapp.importing.work import IMPORT
from webapp.jobs.work import Work
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE

ALL: tuple[Work, ...] = (
    RESTORE,
    UNDO,
    IMPORT,
    DELETE,
)
KINDS: Mapping[str, Work] = {work.kind: work for work in ALL}
