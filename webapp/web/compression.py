"""Pages are compressed, except where a page of another site may have asked for them.

The length of a compressed page tells how much of it repeats. A page of another site that could ask for ours
again and again, each time with another text in the address, and see the lengths on the network, could guess
what else is on it (BREACH). So a page is compressed only if the browser says that this site, or the person
alone, has asked for it (docs/adr/0044-first-visit.md).
"""

from flask import Flask, Response, request
from flask_compress import Compress

# Fetch Metadata: no page can set this header, and browsers without it get pages as they are.
ASKED_FOR_HERE = ("same-origin", "none")


def init_compression(app: Flask) -> None:
    """Compress the pages that may be."""
    app.config.update(
        COMPRESS_REGISTER=False,
        COMPRESS_STREAMS=False,
        COMPRESS_MIMETYPES=["text/html"],
        COMPRESS_ALGORITHM=["br", "gzip"],
    )
    compress = Compress(app)

    @app.after_request
    def compress_page(response: Response) -> Response:
        if request.headers.get("Sec-Fetch-Site") not in ASKED_FOR_HERE:
            return response
        compressed: Response = compress.after_request(response)
        return compressed
