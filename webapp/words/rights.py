"""What a group may do, in words."""

from webapp.models import Right

RIGHTS = {
    Right.IMPORT: "Import contacts",
    Right.EXPORT: "Export contacts",
    Right.DELETE_MANY: "Delete more than 100 contacts at a time",
    Right.CAMPAIGNS: "Make and send automations and campaigns",
    Right.DELETE_LISTS: "Delete lists",
    Right.SETTINGS: "Change these settings",
}
