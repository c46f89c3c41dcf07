"""The smallest Flask app, with whose rate a page's rate is compared."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    """Answer with nothing."""
    return ""
