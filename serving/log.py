"""gunicorn's logger, whose lines nothing in a request can break or disguise."""

from gunicorn.glogging import Logger, SafeAtoms


class Atoms(SafeAtoms):  # type: ignore[misc]
    """What a line of the access log can show: printable ASCII, and \\xNN for everything else."""

    def __init__(self, atoms: dict[str, object]) -> None:
        super().__init__(
            {name: escaped(value) if isinstance(value, str) else value for name, value in atoms.items()}
        )


class Log(Logger):  # type: ignore[misc]
    atoms_wrapper_class = Atoms


def escaped(text: str) -> str:
    """The text in printable ASCII."""
    return "".join(char if " " <= char <= "~" else f"\\x{ord(char):02x}" for char in text)
