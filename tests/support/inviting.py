"""Inviting a person on the pages, and the link that they get."""

from urllib.parse import urlsplit

from tests.factories.people import number
from tests.support.browser import Browser
from tests.support.seen import Seen


def new_address() -> str:
    """An address that no test has used."""
    return f"new{number()}@example.com"


def invite(admin: Browser, email: str, name: str = "Pat Doe", *groups: str) -> Seen:
    """Fill in and send the dialog; what the Admin sees then."""
    dialog = admin.press(admin.get("/users"), "Invite a user")
    for box in dialog.all("input[name=group]"):
        label = box.find_parent("label")
        if label is not None and label.get_text(strip=True) in groups:
            box["checked"] = ""
    return admin.submit(dialog, "#invite-form", email=email, name=name)


def link_on(page: Seen) -> str:
    """The path and query of the link that the page of an invited user shows."""
    address = urlsplit(str(page.one("#link")["value"]))
    return f"{address.path}?{address.query}"
