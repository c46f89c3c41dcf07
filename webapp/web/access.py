"""Who may open what. Each row of the URL table names one of these, so no route can be left unguarded."""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.extensions import db, login_manager
from webapp.models import User
from webapp.web.address import LONGEST_NEXT
from webapp.web.htmx import is_htmx

View = Callable[..., ResponseReturnValue]


class Access(Enum):
    PUBLIC = "anybody"
    SIGNED_IN = "whoever is signed in"
    ADMIN = "members of the group Admin"


def guarded(view: View, access: Access) -> View:
    """`view`, behind the door that `access` names: sign-in for strangers, 403 for those who may not."""
    if access is Access.PUBLIC:
        return view

    @wraps(view)
    def guard(**arguments: Any) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return to_sign_in()
        if access is Access.ADMIN and not current_user.may_restore:
            abort(403)
        return view(**arguments)

    return guard


def to_sign_in() -> ResponseReturnValue:
    """Send a stranger to the sign-in page, and from there back to what they wanted to see."""
    if is_htmx():
        # Never a sign-in form inside a table: the whole page goes there, and comes back as a page.
        return Response(
            status=401, headers={"HX-Redirect": _sign_in(_path(request.headers.get("HX-Current-URL", "")))}
        )
    return redirect(_sign_in(request.full_path.rstrip("?") if request.method == "GET" else None), 303)


def _sign_in(wanted: str | None) -> str:
    """The sign-in page's address, with the way back to `wanted`; without its query where that is long."""
    address = url_for("sign_in", next=wanted or None)
    if wanted and len(address) > LONGEST_NEXT:
        return url_for("sign_in", next=wanted.partition("?")[0])
    return address


def _path(url: str) -> str | None:
    try:
        page = urlsplit(url)
    except ValueError:
        # No browser writes such an address.
        return None
    return page.path + ("?" + page.query if page.query else "")


@login_manager.user_loader
def load_user(user_id: str) -> User | None:
    """The signed-in user; None for one who has been disabled since."""
    user = db.session.get(User, int(user_id)) if user_id.isdecimal() else None
    return user if user is not None and user.is_active else None
