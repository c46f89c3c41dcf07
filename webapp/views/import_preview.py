"""The preview of a brought file: its columns with the first rows, the choices, and the start of the import.

What is shown is frozen and signed, and exactly that is started: after a change it is shown anew first.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from flask import Response, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.catalogue.lookup import SUGGESTED, Found, find_named, names_to_suggest
from webapp.characters import name_key
from webapp.clock import read_clock
from webapp.extensions import db
from webapp.forms.typed import searched
from webapp.importing import start as importing
from webapp.importing.brought import KIND, jobs_reading
from webapp.importing.choices import Choices
from webapp.importing.deleted_rows import count_deleted
from webapp.importing.encodings import charset
from webapp.importing.fields import Field
from webapp.importing.reading import MOST_COLUMNS, About
from webapp.importing.records import BEGINNING, Records, StoredRecord
from webapp.importing.work import IMPORT, NoSuchColumn, NoSuchFile, NoSuchList, NothingToFindBy
from webapp.jobs.queries import find_by_key
from webapp.marketing.browse import count_active_automations
from webapp.models import Job, MailingList, StoredFile
from webapp.views.imports import GONE, find_or_404
from webapp.web.errors import error
from webapp.web.htmx import page_or_part
from webapp.web.late import late_part
from webapp.web.signing import Confirmation, ScopeForged, confirmed, freeze
from webapp.web.starting import begin
from webapp.words.imports_reading import ENCODINGS, FIELDS, about_words
from webapp.words.kinds import title
from webapp.worker.services import services

# Rows that the preview shows of each column.
ROWS = 3
LONGEST_CELL = 80
# Without one of these no row can be a contact.
IDENTIFYING = {Field.EMAIL, Field.FIRST_NAME, Field.LAST_NAME, Field.FULL_NAME}
# So many columns that are not known need not be folded away.
FEW = 4

OTHER_CHOICE = "This is the preview for your choice. Nothing was imported yet."
TOO_OLD = "This preview was open for too long. Check it again. Nothing was imported yet."
NOTHING_TO_FIND_BY = (
    "Say first which column has the e-mail addresses, or the names. Nothing was imported yet."
)
NO_SUCH_LIST = "There is no list with this name. Choose one of yours, or none. Nothing was imported yet."


@dataclass(frozen=True)
class ColumnShown:
    """A column of the file: its name, its cells in the first rows, and the field that it is about."""

    index: int
    name: str
    cells: list[str]
    field: str


@dataclass(frozen=True)
class Preview:
    """The preview, for its template. `token` holds what would be started."""

    file: StoredFile
    about: About
    words: str
    choices: Choices
    token: str
    columns: list[ColumnShown]
    automations: int
    # The names of lists to choose from; of very many the first, and any other is typed.
    lists: list[str]
    # What was typed, where no list has that name.
    unknown_list: str = ""
    encodings: list[tuple[str, str]] = field(default_factory=list)
    running: Job | None = None
    running_title: str = ""
    error: str | None = None

    @property
    def known(self) -> list[ColumnShown]:
        """The columns that were recognised: a choice moves none."""
        return [column for column in self.columns if str(column.index) in self.about.mapping]

    @property
    def others(self) -> list[ColumnShown]:
        return [column for column in self.columns if str(column.index) not in self.about.mapping]

    @property
    def opens_others(self) -> bool:
        return not self.has_email or any(column.field for column in self.others) or len(self.others) <= FEW

    @property
    def has_many_lists(self) -> bool:
        return len(self.lists) > SUGGESTED

    @property
    def list_choices(self) -> list[tuple[str, str]]:
        return list(zip(self.lists, self.lists, strict=True))

    @property
    def chosen_list(self) -> str:
        """What the field about the list holds."""
        return self.choices.put_on.name if self.choices.put_on else self.unknown_list

    @property
    def email_columns(self) -> list[int]:
        return [column.index for column in self.columns if column.field == Field.EMAIL]

    @property
    def has_email(self) -> bool:
        return Field.EMAIL in self.choices.mapping.values()

    @property
    def hindrance(self) -> str:
        """The id of the notice that says why this cannot be imported; empty if it can."""
        if not IDENTIFYING & set(self.choices.mapping.values()):
            return "no-email"
        if not self.about.records:
            return "no-rows"
        return "is-running" if self.running else ""


def preview(file_id: int) -> ResponseReturnValue:
    """The page, with the mapping that was found."""
    file = find_or_404(file_id)
    return _show(file, Choices(mapping=dict(About.from_json(file.about or {}).mapping)))


def redraw(file_id: int) -> ResponseReturnValue:
    """The same for other choices: the page, or for htmx its part."""
    file = find_or_404(file_id)
    try:
        choices = _chosen()
    except ValueError:
        return error(422, "There is no such choice.")
    return _show(file, choices, status=422 if _unknown_list(choices) else 200)


def start(file_id: int) -> ResponseReturnValue:
    """Start the import that the preview showed, and go to its page. A form that is sent twice starts one."""
    try:
        confirmation = confirmed(KIND, request.form.get("frozen", ""))
    except ScopeForged:
        return error(400, "This confirmation is incomplete. Open it again. Nothing was changed.")
    try:
        choices = _chosen()
    except ValueError:
        return error(422, "There is no such choice.")
    session, s = db.session(), services()
    is_used, is_unknown = _is_used(confirmation), _unknown_list(choices)
    # What was started goes on, also where its list was deleted afterwards.
    if is_unknown and not is_used:
        return _show(find_or_404(file_id), choices, error=NO_SUCH_LIST, status=422)
    if not is_unknown and confirmation.request != choices.to_request(file_id):
        return _show(find_or_404(file_id), choices, error=OTHER_CHOICE, status=409)
    if not is_used:
        file = find_or_404(file_id)
        if confirmation.is_old(read_clock(session)):
            return _show(file, choices, error=TOO_OLD, status=409)
        if file.id in jobs_reading(session, file.workspace_id):
            return _show(file, choices, status=409)
    try:
        return begin(
            lambda: importing.start(
                session,
                s.lock,
                s.doorbell.ring,
                workspace_id=current_user.workspace_id,
                requested_by=current_user.id,
                key=confirmation.key,
                request=confirmation.request,
            ),
            lambda sentence, status: _show(find_or_404(file_id), choices, error=sentence, status=status),
            group=IMPORT.group,
            key=confirmation.key,
        )
    except NoSuchFile:
        return error(404, GONE)
    except NoSuchList:
        choices = replace(choices, put_on=None)
        return _show(find_or_404(file_id), choices, error=NO_SUCH_LIST, status=422)
    except NothingToFindBy:
        return _show(find_or_404(file_id), choices, error=NOTHING_TO_FIND_BY, status=422)
    except NoSuchColumn:
        return error(422, "The file has no such column. Open its preview again. Nothing was imported.")


def deleted(file_id: int) -> ResponseReturnValue:
    """How many rows have the address of a deleted contact: the part of the preview that arrives later."""
    file = find_or_404(file_id)
    try:
        columns = [_column_number(text) for text in request.args.getlist("column")]
    except ValueError:
        return error(422, "There is no such column.")

    def show(count: int | None) -> Response:
        context: dict[str, Any] = {"file": file, "columns": columns, "count": count, "is_late": False}
        return page_or_part("imports/deleted.html", "imports/_deleted.html", **context)

    return late_part(lambda: show(count_deleted(db.session(), file, columns)), lambda: show(None))


def _is_used(confirmation: Confirmation) -> bool:
    """Whether the confirmation has become a job already: a second click leads to it."""
    return find_by_key(db.session(), current_user.workspace_id, confirmation.key) is not None


def _chosen() -> Choices:
    """The choices of the form. Raises ValueError for one that there is not."""
    form = request.form
    chosen = [column.split(":", 1) for column in form.getlist("column") if column]
    mapping = {str(_column_number(at)): Field(name).value for at, name in chosen}
    return Choices(
        mapping=mapping,
        existing=form.get("existing", "skip"),
        agreed="agreed" in form,
        wake="wake" in form,
        even_if_deleted="even_if_deleted" in form,
        keep_commas="keep_commas" in form,
        put_on=_find_list(_typed_list()),
    )


def _typed_list() -> str:
    """The name in the field about the list; empty if there is nothing to see in it."""
    text = searched(request.form.get("list"))
    return text if name_key(text) else ""


def _find_list(name: str) -> Found | None:
    return find_named(db.session(), MailingList, current_user.workspace_id, name) if name else None


def _unknown_list(choices: Choices) -> str:
    """The name that was typed, if the account has no such list."""
    return "" if choices.put_on else _typed_list()


def _show(file: StoredFile, choices: Choices, *, error: str | None = None, status: int = 200) -> Response:
    session = db.session()
    about = About.from_json(file.about or {})
    first, _ = Records(file.id).take(session, BEGINNING, ROWS + 2)
    running = jobs_reading(session, file.workspace_id).get(file.id)
    shown = Preview(
        file=file,
        about=about,
        words=about_words(about),
        choices=choices,
        token=freeze(KIND, choices.to_request(file.id), read_clock(session)),
        columns=_columns(first[0], [record for record in first[1:] if not record.fault][:ROWS], choices),
        automations=count_active_automations(session, file.workspace_id),
        lists=names_to_suggest(session, MailingList, file.workspace_id, most=SUGGESTED + 1),
        unknown_list=_unknown_list(choices) if request.method == "POST" else "",
        encodings=list(ENCODINGS.items()) if charset(about.encoding) else [],
        running=running,
        running_title=title(running) if running else "",
        error=error,
    )
    return page_or_part(
        "imports/preview.html", "imports/_preview.html", shown=shown, fields=FIELDS.items(), status=status
    )


def _column_number(text: str) -> int:
    """The index of a column. Raises ValueError for what can be none."""
    index = int(text) if text.isascii() and text.isdecimal() and len(text) <= 4 else MOST_COLUMNS
    if index >= MOST_COLUMNS:
        raise ValueError(text)
    return index


def _columns(header: StoredRecord, rows: list[StoredRecord], choices: Choices) -> list[ColumnShown]:
    return [
        ColumnShown(
            at,
            name.strip(),
            _cells(at, rows),
            choices.mapping.get(str(at), ""),
        )
        for at, name in enumerate(header.fields)
    ]


def _cells(at: int, rows: list[StoredRecord]) -> list[str]:
    """The column's cells in these rows; of an empty column one."""
    cells = [_shortened(row.fields[at]) if at < len(row.fields) else "" for row in rows]
    return cells if any(cells) else [""]


def _shortened(cell: str) -> str:
    text = " ".join(cell.split())
    return f"{text[:LONGEST_CELL]}…" if len(text) > LONGEST_CELL else text
