"""An empty Flask app, whose rate of requests a page's rate is compared with."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    """An empty response."""
    return ""
