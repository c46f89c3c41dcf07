"""The events of signing in and of users in words, for the audit log."""

from collections.abc import Callable, Mapping

from webapp.audit.log import Entry
from webapp.models.audit_event import Action, Refused, SessionsEnded
from webapp.words.isolation import isolated
from webapp.words.numbers import counted
from webapp.words.told import Told

LABELS: Mapping[Action, str] = {
    Action.SIGNED_IN: "Signed in",
    Action.SIGN_IN_REFUSED: "Sign-in refused",
    Action.SIGN_IN_LIMITED: "Too many sign-ins refused",
    Action.PROMPT_REFUSED: "Wrong password or code under Security",
    Action.SIGNED_OUT: "Signed out",
    Action.RESET_REQUESTED: "New password requested",
    Action.SESSIONS_ENDED: "Sessions ended",
    Action.PASSWORD_CHANGED: "Password changed",
    Action.SECOND_FACTOR_ADDED: "Second factor added",
    Action.SECOND_FACTOR_REMOVED: "Second factor removed",
    Action.RECOVERY_CODES_MADE: "Recovery codes made",
    Action.ACCESS_REFUSED: "Access refused",
    Action.USER_ADDED: "User added",
    Action.USER_INVITED: "User invited",
    Action.INVITATION_WITHDRAWN: "Invitation withdrawn",
    Action.USER_JOINED: "User joined",
    Action.USER_DISABLED: "User disabled",
    Action.USER_ENABLED: "User enabled",
    Action.GROUP_JOINED: "User added to a group",
    Action.GROUP_LEFT: "User removed from a group",
    Action.USER_RENAMED: "User renamed",
    Action.GROUP_CREATED: "Group created",
    Action.GROUP_RENAMED: "Group renamed",
    Action.GROUP_DELETED: "Group deleted",
}
WITH = {"second_factor": " with a second factor", "recovery_code": " with a recovery code"}
REFUSED: Mapping[str, str] = {
    Refused.UNKNOWN: "no user has the address",
    Refused.PASSWORD: "the password was wrong",
    Refused.NO_PASSWORD: "the user has no password yet",
    Refused.DISABLED: "the user is disabled",
    Refused.SECOND_FACTOR: "the second factor was wrong",
}
ENDED: Mapping[str, str] = {
    SessionsEnded.PASSWORD_CHANGED: " because the password changed",
    SessionsEnded.SECOND_FACTOR_ADDED: " because a second factor was added",
    SessionsEnded.USER_DISABLED: " because the user was disabled",
}
HOW = {
    "reset": " by the link in a message",
    "invitation": " by an invitation",
    "command": " by a command",
}


def _user(entry: Entry) -> str:
    return f"“{isolated(entry.name)}”" if entry.name else "a user"


def _from(entry: Entry) -> str:
    """The network address, as long as it is kept."""
    return f", from {isolated(entry.private)}" if entry.private else ""


def _visit(verb: str, detail: str = "", words: Mapping[str, str] | None = None) -> Callable[[Entry], Told]:
    """ "Signed in with a second factor, from 203.0.113.7"; the page names who beside it."""

    def told(entry: Entry) -> Told:
        more = (words or {}).get(str(entry.event.detail.get(detail)), "")
        return Told(f"{verb}{more}{_from(entry)}")

    return told


def _refused(entry: Entry) -> Told:
    why = REFUSED.get(str(entry.event.detail.get("why")))
    return Told(f"Refused to sign in {_user(entry)}{f': {why}' if why else ''}{_from(entry)}")


def _about(before: str, after: str = "") -> Callable[[Entry], Told]:
    """ "Disabled the user “Max Member”"."""
    return lambda entry: Told(f"{before} {_user(entry)}{after}{_from(entry)}")


def _sessions_ended(entry: Entry) -> Told:
    count = entry.event.detail.get("sessions")
    sessions = counted(count, "session") if count is not None else "the sessions"
    return Told(
        f"Ended {sessions} of {_user(entry)}{ENDED.get(str(entry.event.detail.get('why')), '')}{_from(entry)}"
    )


def _password_changed(entry: Entry) -> Told:
    how = HOW.get(str(entry.event.detail.get("how")), "")
    return Told(f"Changed the password of {_user(entry)}{how}{_from(entry)}")


def _access_refused(entry: Entry) -> Told:
    """ "Was refused “change settings”, which their groups do not allow"."""
    route = entry.event.detail.get("route")
    what = f"“{str(route).replace('_', ' ')}”, which their groups do not allow" if route else "a page"
    return Told(f"Was refused {what}")


def _group(verb: str) -> Callable[[Entry], Told]:
    """ "Added “Max Member” to the group “Admin”"."""

    def told(entry: Entry) -> Told:
        group = f"the group “{isolated(entry.other)}”" if entry.other else "a group"
        before, _, after = verb.partition("|")
        return Told(f"{before} {_user(entry)} {after} {group}")

    return told


def _itself(verb: str) -> Callable[[Entry], Told]:
    """ "Created the group “Sales”"; its name is the one that it has now."""
    return lambda entry: Told(
        f"{verb} the group “{isolated(entry.name)}”" if entry.name else f"{verb} a group"
    )


TELLERS: Mapping[Action, Callable[[Entry], Told]] = {
    Action.SIGNED_IN: _visit("Signed in", "with", WITH),
    Action.SIGN_IN_REFUSED: _refused,
    Action.SIGN_IN_LIMITED: _about("Refused to sign in", ": too many attempts"),
    Action.PROMPT_REFUSED: _visit(
        "Was refused a change under Security", "why", {why: f": {words}" for why, words in REFUSED.items()}
    ),
    Action.SIGNED_OUT: _visit("Signed out"),
    Action.RESET_REQUESTED: _about("A visitor requested a new password for"),
    Action.SESSIONS_ENDED: _sessions_ended,
    Action.PASSWORD_CHANGED: _password_changed,
    Action.SECOND_FACTOR_ADDED: _about("Added a second factor for"),
    Action.SECOND_FACTOR_REMOVED: _about("Removed the second factor of"),
    Action.RECOVERY_CODES_MADE: _about("Made new recovery codes for"),
    Action.ACCESS_REFUSED: _access_refused,
    Action.USER_ADDED: _about("Added the user"),
    Action.USER_INVITED: _about("Invited"),
    Action.INVITATION_WITHDRAWN: _about("Withdrew the invitation of"),
    Action.USER_JOINED: _about("The invitation was accepted by"),
    Action.USER_DISABLED: _about("Disabled the user"),
    Action.USER_ENABLED: _about("Enabled the user"),
    Action.GROUP_JOINED: _group("Added|to"),
    Action.GROUP_LEFT: _group("Removed|from"),
    Action.USER_RENAMED: _about("Renamed the user"),
    Action.GROUP_CREATED: _itself("Created"),
    Action.GROUP_RENAMED: _itself("Renamed"),
    Action.GROUP_DELETED: _itself("Deleted"),
}
