"""One request as it arrives. Stricter than waitress where two servers could read it differently."""

import re

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.utilities import BadRequest

from serving.limits import LONGEST_LINE

BARE_LF = re.compile(rb"(?<!\r)\n")
# Everything but printable characters and, as many clients send them, bytes of UTF-8.
NO_ADDRESS = re.compile(r"[\x00-\x20\x7f]")


class Refused:
    """Why a request is not carried out, as waitress keeps it: a status."""

    def __init__(self, code: int) -> None:
        self.code = code


class Request(HTTPRequestParser):  # type: ignore[misc]
    """The bytes of one request; `error` says why it is refused, with the status as its `code`."""

    # What is said of a request whose first line cannot be read.
    version = "1.1"
    command = "-"
    path = "-"
    query = ""
    request_uri = "-"
    first_line = b""
    # Whether the header fields were read and are right.
    is_understood = False

    def received(self, data: bytes) -> int:
        """Take the next bytes; returns how many of them belong to this request."""
        in_head = not self.headers_finished
        taken: int = super().received(data)
        if in_head and not self.completed and BARE_LF.search(self.header_plus):
            self._refuse(BadRequest("Bare LF"))
        line = self.first_line or self.header_plus[: LONGEST_LINE + 2].partition(b"\r\n")[0]
        if in_head and len(line) > LONGEST_LINE:
            self._refuse(Refused(414))
        if self.error:
            # A client that asks before it sends the body gets the refusal, not a "100 Continue".
            self.expect_continue = False
        return taken

    def parse_header(self, header_plus: bytes) -> None:
        """Read first line and header fields. Raises ParsingError for everything that is ambiguous."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            # An address like http://[::1, or a length of thousands of digits.
            raise ParsingError("Unreadable") from error
        if self.version not in ("1.0", "1.1"):
            raise ParsingError("Unknown version")
        if NO_ADDRESS.search(self.request_uri):
            raise ParsingError("Invalid address")
        lines = header_plus.split(b"\r\n")[1:]
        if any(line.startswith((b" ", b"\t")) for line in lines):
            raise ParsingError("A folded field")
        # Read here, because waitress forgets the field of requests of version 1.1, and ignores it in others.
        codings = _values(lines, b"transfer-encoding")
        if codings and (codings != [b"chunked"] or self.version == "1.0" or "CONTENT_LENGTH" in self.headers):
            raise ParsingError("More than one way to find the end of the body")
        hosts = len(_values(lines, b"host"))
        if hosts > 1 or (self.version == "1.1" and not hosts):
            raise ParsingError("Not one host")
        self.is_understood = True

    def _refuse(self, error: object) -> None:
        self.error = error
        self.completed = True


def _values(lines: list[bytes], name: bytes) -> list[bytes]:
    """The values of a header field, in lower case, one for each line that gives it."""
    fields = (line.partition(b":") for line in lines)
    return [value.strip().lower() for given, _, value in fields if given.lower() == name]
