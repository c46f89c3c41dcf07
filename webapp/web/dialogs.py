"""Dialogs: opened by htmx a part of the page, and without JavaScript a page of their own."""

from typing import Any

from flask import Response, redirect
from flask.typing import ResponseReturnValue

from webapp.web.htmx import is_htmx, page_or_part


def show_dialog(template: str, *, here: str, status: int = 200, **context: Any) -> Response:
    """The dialog of `template`, whose context has its `title`. As a page it marks the entry `here` in the
    navigation."""
    return page_or_part("dialog.html", template, status=status, dialog_part=template, here=here, **context)


def leave_for(address: str) -> ResponseReturnValue:
    """Go to `address` after a dialog's form has done its work."""
    return Response(headers={"HX-Redirect": address}) if is_htmx() else redirect(address, 303)
