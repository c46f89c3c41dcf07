"""Every kind of job. docs/recipes.md says how to add one."""

from collections.abc import Mapping

from webapp.contacts.delete_work import DELETE
from webapp.exporting.outcomes import Lines
from webapp.exporting.work import ExportWork
from webapp.importing.work import IMPORT
from webapp.jobs.work import Work
from webapp.purging.erase_work import ERASE
from webapp.purging.work import PURGE
from webapp.restoring.undo_work import UNDO
from webapp.restoring.work import RESTORE
from webapp.words.outcome_lines import HEADER, outcome_line

EXPORT = ExportWork(Lines(HEADER, outcome_line))
ALL: tuple[Work, ...] = (
    RESTORE,
    UNDO,
    EXPORT,
    IMPORT,
    DELETE,
    PURGE,
    ERASE,
)
KINDS: Mapping[str, Work] = {work.kind: work for work in ALL}
