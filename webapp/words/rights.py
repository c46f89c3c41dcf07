"""What a group may do, in words."""

from webapp.models import Right

RIGHTS = {
    Right.CAMPAIGNS: "Make and send automations and campaigns",
    Right.DELETE_LISTS: "Delete lists",
    Right.SETTINGS: "Change these settings",
}
