"""Folders and files that only the user of this process can read: the secret key, the data, the queue."""

import os
import stat
from contextlib import suppress
from pathlib import Path

FOLDER, FILE = 0o700, 0o600


class BelongsToAnother(Exception):
    """A folder is another user's, or a link to somewhere else; the message names it."""


def make_private_folder(folder: Path) -> None:
    """Create the folder if it is missing, and keep every other user out of it. Raises BelongsToAnother."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        folder.mkdir(FOLDER)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise BelongsToAnother(f"{folder} is another user's.")
    _restrict(folder, found, FOLDER)


def make_private(folder: Path) -> None:
    """The same, with everything in it: also what an earlier release has created for others to read. Where
    the folder is another user's, as in a container that maps users, it stays as it is."""
    with suppress(BelongsToAnother):
        make_private_folder(folder)
        for root, folders, files in os.walk(folder):
            for names, mode in ((folders, FOLDER), (files, FILE)):
                for name in names:
                    path = Path(root, name)
                    # It may be gone by now, as journals are.
                    with suppress(FileNotFoundError):
                        _restrict(path, path.lstat(), mode)


def make_private_file(path: Path) -> None:
    """Create the file if it is missing, empty, for this user only: what opens it later keeps its mode."""
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, FILE))


def _restrict(path: Path, found: os.stat_result, mode: int) -> None:
    """Take rights away from a folder or a file of ours, and give none."""
    is_plain = stat.S_ISDIR(found.st_mode) or stat.S_ISREG(found.st_mode)
    if is_plain and found.st_uid == os.getuid() and found.st_mode & 0o777 & ~mode:
        path.chmod(found.st_mode & mode)
