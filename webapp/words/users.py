"""Users, groups and invitations in words."""

from collections.abc import Mapping

from webapp.people.links import LinkState
from webapp.workspaces.acting import Why
from webapp.workspaces.groups import MOST_GROUPS
from webapp.workspaces.users import UserState

STATES: Mapping[UserState, str] = {
    UserState.ACTIVE: "Active",
    UserState.INVITED: "Invited",
    UserState.DISABLED: "Disabled",
}
PILLS: Mapping[UserState, str] = {
    UserState.ACTIVE: "done",
    UserState.INVITED: "queued",
    UserState.DISABLED: "cancelled",
}
NOTHING = "Nothing was changed."
WHY_NOT: Mapping[Why, str] = {
    Why.NOT_ALLOWED: "You are not an Admin of this account any more.",
    Why.ONESELF: "You cannot disable yourself, or leave the group Admin. Ask another Admin to do it.",
    Why.LAST_ADMIN: "This is the account’s last active Admin. Make another user an Admin first.",
    Why.NO_SUCH_USER: "This has changed in the meantime. Open the user again.",
    Why.ALREADY_USER: "This address belongs to a user of this account.",
    Why.ALREADY_INVITED: "This address has been invited already.",
    Why.NO_SUCH_GROUP: "Choose from the groups of this account. One of them may have been deleted.",
    Why.NAME_TAKEN: "Another group has this name.",
    Why.TOO_MANY_GROUPS: f"An account has at most {MOST_GROUPS} groups.",
    Why.GROUP_IN_USE: "Users are in this group, perhaps invited or disabled ones. Take them out of it first.",
    Why.ADMIN_STAYS: "The group Admin stays as it is.",
    Why.NOT_OURS_ALONE: (
        "The second factor of this person cannot be removed by one account alone. They can use a recovery"
        " code, or ask the operator of this app."
    ),
}


def why_not(why: Why) -> str:
    """Why nothing was changed, and what to do."""
    return f"{WHY_NOT[why]} {NOTHING}"


NO_LINK = "This link does not work"
LINK_STATES: Mapping[LinkState | None, str] = {
    None: "This invitation was withdrawn, or its link was edited or cut off.",
    LinkState.USED: "This invitation has been accepted. Sign in to work in the account.",
    LinkState.OLD: "This link is too old, or a later one has replaced it. Ask an Admin for another.",
}
DISABLING = [
    "They are signed out of this account at once and cannot sign in to it again.",
    "Their running jobs stop. What they have done stays, under their name.",
    "You can enable them again at any time.",
]
REMOVING_SECOND_FACTOR = [
    "Their password alone lets them sign in, until they set up a second factor again.",
    "Do this only if you are sure that they ask for it themselves.",
]
WITHDRAWING = ["The link of the invitation works no more, and the address is removed from this account."]
DELETING_GROUP = ["No user may be in it. Its rights go with it."]
SIGN_IN_FIRST = "You have a password here already. Sign in with it to accept."
