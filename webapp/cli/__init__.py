"""Commands for operators: `flask --app webapp …`."""

from flask import Flask

from webapp.cli.contacts import contacts
from webapp.cli.demo import demo


def init_cli(app: Flask) -> None:
    """Add the commands to `flask`."""
    app.cli.add_command(contacts)
    app.cli.add_command(demo)
