"""Access levels. Each row of the URL table names one, so no route is left unguarded."""

from collections.abc import Callable
from enum import Enum
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from flask import Response, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user

from webapp.models import Right, User
from webapp.web.address import LONGEST_NEXT
from webapp.web.htmx import is_htmx, requested_by
from webapp.web.second_factor import SETTING_UP, must_set_up
from webapp.web.sessions import current_sign_in, note_use

View = Callable[..., ResponseReturnValue]


class Access(Enum):
    PUBLIC = "everyone"
    SIGNED_IN = "users who are signed in"
    MAY_RESTORE = "users who may restore contacts"
    JOBS = "users who may import, export or delete many contacts"
    IMPORT = "users who may import contacts"
    EXPORT = "users who may export contacts"
    DELETE_MANY = "users who may delete more contacts than can be ticked"
    CAMPAIGNS = "users who may make and send campaigns"
    SETTINGS = "users who may change the settings"
    DELETE_LISTS = "users who may delete lists"
    ADMINS = "Admins, who alone decide who works in the account"

    def admits(self, user: User) -> bool:
        """Whether a user who is signed in may see such a page."""
        if self in (Access.MAY_RESTORE, Access.ADMINS):
            return user.may_restore
        rights = RIGHTS.get(self)
        return rights is None or any(map(user.may, rights))


# Each of these is enough.
RIGHTS = {
    Access.JOBS: (Right.IMPORT, Right.EXPORT, Right.DELETE_MANY),
    Access.IMPORT: (Right.IMPORT,),
    Access.EXPORT: (Right.EXPORT,),
    Access.DELETE_MANY: (Right.DELETE_MANY,),
    Access.CAMPAIGNS: (Right.CAMPAIGNS,),
    Access.SETTINGS: (Right.SETTINGS,),
    Access.DELETE_LISTS: (Right.DELETE_LISTS,),
}


def guarded(view: View, access: Access, polled_by: str = "") -> View:
    """`view` for the users whom `access` admits. Others are redirected to sign in, or get 403.

    The request is noted as a use of the session, unless the element with the id `polled_by` has sent it.
    """
    if access is Access.PUBLIC:
        return view

    @wraps(view)
    def guard(**arguments: Any) -> ResponseReturnValue:
        if not current_user.is_authenticated:
            return _redirect_to_what_is_missing() or redirect_to_sign_in()
        if not (polled_by and requested_by() == polled_by):
            note_use()
        if request.endpoint not in SETTING_UP and must_set_up():
            return _go_to(url_for("security"))
        if not access.admits(current_user):
            abort(403)
        return view(**arguments)

    return guard


def _redirect_to_what_is_missing() -> ResponseReturnValue | None:
    """A person who has signed in, but is no user yet, goes on with the second factor or the accounts."""
    sign_in = current_sign_in()
    if sign_in is None:
        return None
    return _go_to(leading_back("choose_account" if sign_in.proved_at else "second_factor", _requested()))


def _go_to(address: str) -> ResponseReturnValue:
    """Redirect the whole page: what asks who someone is must not appear inside a table."""
    return Response(status=401, headers={"HX-Redirect": address}) if is_htmx() else redirect(address, 303)


def redirect_to_sign_in() -> ResponseReturnValue:
    """Redirect a user who is not signed in to the sign-in page, and from there to the page requested."""
    return _go_to(leading_back("sign_in", _requested()))


def is_from_our_page() -> bool:
    """Whether the browser says that a page of this app has sent the request. No page can set this header
    (Fetch Metadata); browsers send it over HTTPS and to this machine, and older ones never do."""
    return request.headers.get("Sec-Fetch-Site") == "same-origin"


def leading_back(endpoint: str, wanted: str | None) -> str:
    """The address of a step of signing in, which leads on to `wanted`; without its query if that is too
    long."""
    address = url_for(endpoint, next=wanted or None)
    if wanted and len(address) > LONGEST_NEXT:
        return url_for(endpoint, next=wanted.partition("?")[0])
    return address


def _requested() -> str | None:
    """The page that was asked for, or that a part was asked for; None where a form was sent."""
    if is_htmx():
        return _path(request.headers.get("HX-Current-URL", ""))
    return request.full_path.rstrip("?") if request.method == "GET" else None


def _path(url: str) -> str | None:
    try:
        page = urlsplit(url)
    except ValueError:
        # No browser sends such an address.
        return None
    return page.path + ("?" + page.query if page.query else "")
