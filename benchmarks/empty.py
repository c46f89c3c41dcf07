"""The smallest Flask app, with whose rate a page's rate is compared."""

from flask import Flask

app = Flask(__name__)
# The server asks the app that it runs for them (`serving/worker.py`).
app.config["SECURITY_HEADERS"] = {}


@app.get("/")
def nothing() -> str:
    """Answer with nothing."""
    return ""
