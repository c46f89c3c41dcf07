"""The least that Flask can do: what a page's rate is compared with."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def nothing() -> str:
    """Answer with nothing."""
    return ""
