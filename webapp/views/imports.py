"""Bringing a file: the page where it is chosen, the upload, and reading it again in another encoding."""

from typing import BinaryIO, cast

from flask import Response, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db
from webapp.gates import Gate, TooBusy
from webapp.importing.brought import FileGone, bring, read_again
from webapp.importing.csv_lines import UnreadableFile
from webapp.importing.encodings import CHOICES
from webapp.jobs.files import find_file
from webapp.models import StoredFile
from webapp.web.errors import error, with_retry_after
from webapp.web.rates import UPLOADS, limited, take
from webapp.web.sessions import request_time
from webapp.words.imports_reading import FORMATS_READ

# A file of 20 MB with more lines is none of contacts, and each line takes time, an empty one too.
MOST_LINES = 500_000
# Reading a file keeps a thread and the interpreter busy for seconds. One at a time leaves the other threads
# to other pages.
READING = Gate(at_once=1, waiting=2, patience=10.0)
# In seconds: a large file may be read by then.
SOON = 10
BUSY = "Other files are being read at the moment. Nothing was changed. Try again in a few seconds."

GONE = (
    "This file is not here any longer. A file is kept until its import has ended or another one is chosen, "
    "and for a day at most. Choose it again."
)


def choose() -> ResponseReturnValue:
    """The page where a file is chosen."""
    return _page()


def bring_file() -> ResponseReturnValue:
    """Store the file, and go to its preview. Of one that cannot be imported nothing is stored."""
    if too_many := take(UPLOADS):
        return too_many.told_by(_page(too_many.sentence, status=429))
    file = request.files.get("file")
    if file is None or not file.filename:
        return _page("Choose a file first.", status=422)
    source, name = cast(BinaryIO, file.stream), _last_part(file.filename)
    workspace_id, user_id = current_user.workspace_id, current_user.id
    session = db.session()
    # Nothing is held while the file waits for its turn and is read.
    session.rollback()
    try:
        with READING.turn():
            stored = bring(
                session, source, name, workspace_id=workspace_id, user_id=user_id, most_lines=MOST_LINES
            )
    except TooBusy:
        return with_retry_after(_page(BUSY, status=503), SOON)
    except UnreadableFile as problem:
        return _page(f"This file cannot be imported. {problem}", status=422)
    return redirect(url_for("import_preview", file_id=stored.id), 303)


@limited(UPLOADS)
def change_encoding(file_id: int) -> ResponseReturnValue:
    """Read the file again in the chosen encoding, and go to the preview of what comes out."""
    find_or_404(file_id)
    encoding = request.form.get("encoding", "")
    if encoding not in CHOICES:
        abort(422, "There is no such choice.")
    session = db.session()
    session.rollback()
    try:
        with READING.turn():
            # While this one waited, another file may have taken its place.
            again = read_again(session, find_or_404(file_id), encoding)
    except TooBusy:
        back = url_for("import_preview", file_id=file_id), "Back to the file"
        return with_retry_after(error(503, BUSY, back=back), SOON)
    except FileGone:
        abort(404, GONE)
    except ValueError:
        abort(422, "This file has one way to be read only.")
    return redirect(url_for("import_preview", file_id=again.id), 303)


def find_or_404(file_id: int) -> StoredFile:
    """The file that waits for its import, if this user may see it: an Admin those of the account, others
    their own."""
    session = db.session()
    file = find_file(session, current_user.workspace_id, file_id, request_time())
    if file is None or file.about is None:
        abort(404, GONE)
    if not (current_user.may_restore or file.user_id == current_user.id):
        abort(404, GONE)
    return file


def _last_part(path: str) -> str:
    """The name of the file without folders, as text that the databases can store."""
    name = path.replace("\0", "").replace("\\", "/").rpartition("/")[2]
    return name.encode("utf-8", "replace").decode()


def _page(problem: str = "", *, status: int = 200) -> Response:
    return make_response(render_template("imports/choose.html", error=problem, formats=FORMATS_READ), status)
