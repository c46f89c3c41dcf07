"""The routes of people: signing in, one's own password and sessions, the users and groups of the account."""

from webapp.urls.route import get, post
from webapp.views import (
    account_choice,
    invitations,
    joining,
    reset,
    second_factor,
    security,
    sessions,
    sign_in,
    user_edits,
    user_groups,
    users,
)
from webapp.web.access import Access

PUBLIC, SIGNED_IN, ADMINS = Access.PUBLIC, Access.SIGNED_IN, Access.ADMINS

# Also for a person who has signed in and has still to be asked for a code, or to choose an account: the views
# look themselves.
SIGNING_IN = (
    get("/", "root", sign_in.root, PUBLIC),
    get("/login", "sign_in", sign_in.sign_in, PUBLIC),
    post("/login", "sign_in_post", sign_in.submit_sign_in, PUBLIC),
    post("/logout", "sign_out", sign_in.sign_out, PUBLIC),
    get("/second-factor", "second_factor", second_factor.second_factor, PUBLIC),
    post("/second-factor", "submit_second_factor", second_factor.submit_second_factor, PUBLIC),
    get("/second-factor/recovery", "recovery_code", second_factor.recovery_code, PUBLIC),
    post("/second-factor/recovery", "submit_recovery_code", second_factor.submit_recovery_code, PUBLIC),
    get("/forgot", "forgotten", reset.forgotten, PUBLIC),
    post("/forgot", "submit_forgotten", reset.submit_forgotten, PUBLIC),
    get("/forgot/asked", "reset_asked", reset.reset_asked, PUBLIC),
    get("/reset", "reset", reset.reset, PUBLIC),
    post("/reset", "submit_reset", reset.submit_reset, PUBLIC),
    get("/invitation", "invitation", joining.invitation, PUBLIC),
    post("/invitation", "accept_invitation", joining.accept_invitation, PUBLIC),
    get("/account", "choose_account", account_choice.choose, PUBLIC),
    post("/account", "switch_account", account_choice.switch, PUBLIC),
)

factor = "/security/second-factor"
ONESELF = (
    get("/security", "security", security.security, SIGNED_IN),
    post("/security/password", "change_password", security.change_password, SIGNED_IN),
    post(factor, "begin_second_factor", security.begin_second_factor, SIGNED_IN),
    get(factor, "set_up_second_factor", security.set_up_second_factor, SIGNED_IN),
    post(f"{factor}/confirm", "confirm_second_factor", security.confirm_second_factor, SIGNED_IN),
    post(f"{factor}/off", "remove_second_factor", security.remove_second_factor, SIGNED_IN),
    post("/security/recovery-codes", "new_recovery_codes", security.new_recovery_codes, SIGNED_IN),
    get("/in-use", "in_use", sessions.in_use, PUBLIC),
    get("/sessions", "sessions", sessions.sessions, SIGNED_IN),
    post("/sessions/<id:sign_in_id>/end", "end_session", sessions.end_one, SIGNED_IN),
    post("/sessions/others/end", "end_other_sessions", sessions.end_others, SIGNED_IN),
)

user, group = "/users/<id:user_id>", "/users/groups/<id:group_id>"
USERS_AND_GROUPS = (
    get("/users", "users", users.index, ADMINS),
    get("/users/invite", "ask_invite", invitations.ask_invite, ADMINS),
    post("/users", "invite", invitations.invite, ADMINS),
    get(user, "user", users.page, ADMINS),
    post(user, "change_user", user_edits.change, ADMINS),
    post(f"{user}/invite", "invite_again", invitations.invite_again, ADMINS),
    get(f"{user}/withdraw", "ask_withdraw", invitations.ask_withdraw, ADMINS),
    post(f"{user}/withdraw", "withdraw_invitation", invitations.withdraw, ADMINS),
    get(f"{user}/disable", "ask_disable_user", user_edits.ask_disable, ADMINS),
    post(f"{user}/disable", "disable_user", user_edits.disable_user, ADMINS),
    post(f"{user}/enable", "enable_user", user_edits.enable_user, ADMINS),
    get(f"{user}/second-factor", "ask_second_factor", user_edits.ask_second_factor, ADMINS),
    post(f"{user}/second-factor", "reset_second_factor", user_edits.reset_second_factor, ADMINS),
    get("/users/groups", "user_groups", user_groups.index, ADMINS),
    get("/users/groups/new", "ask_new_group", user_groups.new, ADMINS),
    post("/users/groups", "create_group", user_groups.create, ADMINS),
    get(f"{group}/rename", "ask_rename_group", user_groups.ask_rename, ADMINS),
    post(f"{group}/rename", "rename_group", user_groups.rename, ADMINS),
    get(f"{group}/delete", "ask_delete_group", user_groups.ask_delete, ADMINS),
    post(f"{group}/delete", "delete_group", user_groups.delete, ADMINS),
)

PEOPLE = SIGNING_IN + ONESELF + USERS_AND_GROUPS
