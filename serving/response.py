"""One request's answer: the app's, which the app logs, or the server's own refusal."""

from http import HTTPStatus
from io import BytesIO
from typing import Any

import structlog
from waitress.task import WSGITask

from serving.limits import REFUSED

log = structlog.get_logger("access")

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
    """The app's answer."""

    def service(self) -> None:
        self.channel.has_asked = True
        self.channel.server.worker.count_request()
        super().service()

    def build_response_header(self) -> bytes:
        if not self.channel.server.worker.alive:
            # The process stops: the client's next request needs another connection.
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def get_environment(self) -> dict[str, Any]:
        if self.environ is None:
            environ: dict[str, Any] = super().get_environment()
            environ["RAW_URI"] = self.request.request_uri
            # Files are read by the app, block by block, and so counted like every other response.
            del environ["wsgi.file_wrapper"]
        return self.environ  # type: ignore[no-any-return]


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
        # Where it came from: behind a proxy that is the proxy.
        log.info("refused", status=code, peer=str(self.channel.addr[0]))
