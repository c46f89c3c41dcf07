"""One request's answer: the app's, or the server's own refusal. Both are logged here."""

from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from io import BytesIO
from time import monotonic
from typing import Any

from waitress.channel import ClientDisconnected
from waitress.task import WSGITask

from serving.limits import REFUSED

# The app answers these, if the header fields could be read: its page says more.
BY_THE_APP = {400, 413}

SENTENCES = {
    400: "The request could not be read. Go back, reload the page and try again.",
    408: "The request did not arrive in time. Try again.",
    413: "The request is too large. Send less.",
    414: "The address is too long. Select or type less.",
    431: "The request's header is too large. Delete the cookies of this site and try again.",
    500: "Something went wrong on our side. Try again later.",
    501: "The request is encoded in a way that this server does not know.",
}


class Answer(WSGITask):  # type: ignore[misc]
    """The app's answer; it goes into the access log when it ends."""

    sent = 0

    def service(self) -> None:
        began = monotonic()
        self.channel.has_asked = True
        self.channel.server.worker.count_request()
        try:
            super().service()
        except ClientDisconnected:
            self._log(began)
            raise
        if self.wrote_header:
            self._log(began)

    def build_response_header(self) -> bytes:
        if not self.channel.server.worker.alive:
            # The process stops: the client's next request needs another connection.
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def write(self, data: bytes) -> None:
        super().write(data)
        self.sent += len(data)

    def get_environment(self) -> dict[str, Any]:
        if self.environ is None:
            environ: dict[str, Any] = super().get_environment()
            environ["RAW_URI"] = self.request.request_uri
            # Files are read by the app, block by block, and so counted like every other response.
            del environ["wsgi.file_wrapper"]
            # For the log: an error of the app is answered by a task with another request.
            self.request.environ = self.environ
        return self.environ  # type: ignore[no-any-return]

    def _log(self, began: float) -> None:
        request = next(iter(self.channel.requests), self.request)
        environ = getattr(request, "environ", None) or _unread(self.channel.addr[0])
        seen = Seen(self.status, self.sent, self.response_headers)
        self.channel.server.worker.log.access(seen, {}, environ, timedelta(seconds=monotonic() - began))


class Refusal(Answer):
    """The answer to a request that is incomplete or unreadable."""

    def execute(self) -> None:
        self.set_close_on_finish()
        self.channel.has_refused = True
        code = self.request.error.code
        if self.request.is_understood and code in BY_THE_APP:
            self.get_environment().update({REFUSED: code, "CONTENT_LENGTH": "0", "wsgi.input": BytesIO()})
            super().execute()
            return
        body = f"{SENTENCES[code]} Nothing was changed.\n".encode()
        self.complete = True
        self.status = f"{code} {HTTPStatus(code).phrase}"
        self.response_headers += [("Content-Type", "text/plain; charset=utf-8"), *self.channel.server.headers]
        self.content_length = len(body)
        self.write(b"" if self.request.command == "HEAD" else body)


@dataclass(frozen=True)
class Seen:
    """A response, as gunicorn's logger wants it."""

    status: str
    sent: int
    headers: list[tuple[str, str]]


def _unread(address: str) -> dict[str, Any]:
    """The environment, for the log, of a request that could not be read."""
    return {
        "REMOTE_ADDR": address,
        "REQUEST_METHOD": "-",
        "PATH_INFO": "-",
        "QUERY_STRING": "",
        "RAW_URI": "-",
        "SERVER_PROTOCOL": "-",
    }
