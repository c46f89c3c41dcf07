"""The whole URL table: each route with its view and its access level."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flask import Flask
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter, Map

from webapp.numbers import LARGEST_ID
from webapp.views import (
    account_choice,
    audit,
    automation_edits,
    automations,
    bundles,
    campaign_sends,
    campaigns,
    confirm,
    contact_changes,
    contact_form,
    contact_page,
    deal,
    deal_edits,
    deals,
    delete_all,
    deletion,
    design,
    erase,
    exports,
    first_steps,
    health,
    import_preview,
    import_rejected,
    imports,
    invitations,
    job_list,
    job_notices,
    jobs,
    joining,
    links,
    look,
    metrics,
    notices,
    outbox,
    overview,
    overview_filters,
    plan,
    reset,
    restore_page,
    restores,
    second_factor,
    security,
    sessions,
    settings,
    sign_in,
    statuses,
    step_messages,
    thing_edits,
    undo,
    undo_import,
    user_edits,
    user_groups,
    users,
)
from webapp.views import things as thing_pages
from webapp.views.thing_kinds import ACCOUNTS, LISTS, TAGS, ThingKind
from webapp.web.access import Access, View, guarded

PUBLIC, SIGNED_IN, MAY_RESTORE = Access.PUBLIC, Access.SIGNED_IN, Access.MAY_RESTORE
CAMPAIGNS, DELETE_MANY, ADMINS = Access.CAMPAIGNS, Access.DELETE_MANY, Access.ADMINS


class IdConverter(IntegerConverter):
    """A row's id. A number that no database can store matches no route, so the response is 404."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    endpoint: str
    view: View
    access: Access


def things(kind: ThingKind) -> tuple[Route, ...]:
    """The routes of lists, tags or accounts: of all of them, and of one."""
    at, one = f"/{kind.index}", f"/{kind.index}/<id:thing_id>"

    def route(
        method: str, path: str, endpoint: str, view: Callable[..., ResponseReturnValue], access: Access
    ) -> Route:
        return Route(method, path, endpoint, partial(view, kind), access)

    return (
        route("GET", at, kind.index, thing_pages.index, SIGNED_IN),
        route("GET", f"{at}/new", kind.endpoint("new"), thing_edits.new, SIGNED_IN),
        route("POST", at, kind.endpoint("create"), thing_edits.create_one, SIGNED_IN),
        route("GET", one, kind.page, thing_pages.page, SIGNED_IN),
        route("GET", f"{one}/count", kind.endpoint("count"), thing_pages.count, SIGNED_IN),
        route("GET", f"{one}/rename", kind.endpoint("ask_rename"), thing_edits.ask_rename, SIGNED_IN),
        route("POST", f"{one}/rename", kind.endpoint("rename"), thing_edits.rename_one, SIGNED_IN),
        route("GET", f"{one}/delete", kind.endpoint("ask_delete"), thing_edits.ask_delete, kind.may_delete),
        route("POST", f"{one}/delete", kind.endpoint("delete"), thing_edits.delete_one, kind.may_delete),
    )


def users_and_groups() -> tuple[Route, ...]:
    """The routes by which Admins decide who works in the account, and those by which a person joins it."""
    user, group = "/users/<id:user_id>", "/users/groups/<id:group_id>"
    return (
        Route("GET", "/users", "users", users.index, ADMINS),
        Route("GET", "/users/invite", "ask_invite", invitations.ask_invite, ADMINS),
        Route("POST", "/users", "invite", invitations.invite, ADMINS),
        Route("GET", user, "user", users.page, ADMINS),
        Route("POST", user, "change_user", user_edits.change, ADMINS),
        Route("POST", f"{user}/invite", "invite_again", invitations.invite_again, ADMINS),
        Route("GET", f"{user}/withdraw", "ask_withdraw", invitations.ask_withdraw, ADMINS),
        Route("POST", f"{user}/withdraw", "withdraw_invitation", invitations.withdraw, ADMINS),
        Route("GET", f"{user}/disable", "ask_disable_user", user_edits.ask_disable, ADMINS),
        Route("POST", f"{user}/disable", "disable_user", user_edits.disable_user, ADMINS),
        Route("POST", f"{user}/enable", "enable_user", user_edits.enable_user, ADMINS),
        Route("GET", f"{user}/second-factor", "ask_second_factor", user_edits.ask_second_factor, ADMINS),
        Route("POST", f"{user}/second-factor", "reset_second_factor", user_edits.reset_second_factor, ADMINS),
        Route("GET", "/users/groups", "user_groups", user_groups.index, ADMINS),
        Route("GET", "/users/groups/new", "ask_new_group", user_groups.new, ADMINS),
        Route("POST", "/users/groups", "create_group", user_groups.create, ADMINS),
        Route("GET", f"{group}/rename", "ask_rename_group", user_groups.ask_rename, ADMINS),
        Route("POST", f"{group}/rename", "rename_group", user_groups.rename, ADMINS),
        Route("GET", f"{group}/delete", "ask_delete_group", user_groups.ask_delete, ADMINS),
        Route("POST", f"{group}/delete", "delete_group", user_groups.delete, ADMINS),
        Route("GET", "/invitation", "invitation", joining.invitation, PUBLIC),
        Route("POST", "/invitation", "accept_invitation", joining.accept_invitation, PUBLIC),
        # For a person who has signed in, also while they have not chosen yet: the views look themselves.
        Route("GET", "/account", "choose_account", account_choice.choose, PUBLIC),
        Route("POST", "/account", "switch_account", account_choice.switch, PUBLIC),
    )


ROUTES = (
    Route("GET", "/", "root", sign_in.root, PUBLIC),
    Route("GET", "/login", "sign_in", sign_in.sign_in, PUBLIC),
    Route("POST", "/login", "sign_in_post", sign_in.submit_sign_in, PUBLIC),
    Route("POST", "/logout", "sign_out", sign_in.sign_out, PUBLIC),
    Route("GET", "/second-factor", "second_factor", second_factor.second_factor, PUBLIC),
    Route("POST", "/second-factor", "submit_second_factor", second_factor.submit_second_factor, PUBLIC),
    Route("GET", "/second-factor/recovery", "recovery_code", second_factor.recovery_code, PUBLIC),
    Route(
        "POST",
        "/second-factor/recovery",
        "submit_recovery_code",
        second_factor.submit_recovery_code,
        PUBLIC,
    ),
    Route("GET", "/forgot", "forgotten", reset.forgotten, PUBLIC),
    Route("POST", "/forgot", "submit_forgotten", reset.submit_forgotten, PUBLIC),
    Route("GET", "/forgot/asked", "reset_asked", reset.reset_asked, PUBLIC),
    Route("GET", "/reset", "reset", reset.reset, PUBLIC),
    Route("POST", "/reset", "submit_reset", reset.submit_reset, PUBLIC),
    Route("GET", "/security", "security", security.security, SIGNED_IN),
    Route("POST", "/security/password", "change_password", security.change_password, SIGNED_IN),
    Route("POST", "/security/second-factor", "begin_second_factor", security.begin_second_factor, SIGNED_IN),
    Route("GET", "/security/second-factor", "set_up_second_factor", security.set_up_second_factor, SIGNED_IN),
    Route(
        "POST",
        "/security/second-factor/confirm",
        "confirm_second_factor",
        security.confirm_second_factor,
        SIGNED_IN,
    ),
    Route(
        "POST",
        "/security/second-factor/off",
        "remove_second_factor",
        security.remove_second_factor,
        SIGNED_IN,
    ),
    Route("POST", "/security/recovery-codes", "new_recovery_codes", security.new_recovery_codes, SIGNED_IN),
    Route("GET", "/contacts", "overview", overview.overview, SIGNED_IN),
    Route("GET", "/contacts/selection", "overview_selection", overview.overview_selection, SIGNED_IN),
    Route("GET", "/contacts/count", "overview_count", overview.overview_count, SIGNED_IN),
    Route("GET", "/contacts/new", "new_contact", contact_form.new_contact, SIGNED_IN),
    Route("POST", "/contacts/new", "create_contact", contact_form.create_contact, SIGNED_IN),
    Route("GET", "/contacts/names", "offered_names", overview_filters.offered_names, SIGNED_IN),
    Route("GET", "/contacts/<id:contact_id>", "contact", contact_page.contact, SIGNED_IN),
    Route("GET", "/contacts/<id:contact_id>/edit", "edit_contact", contact_form.edit_form, SIGNED_IN),
    Route("POST", "/contacts/<id:contact_id>/edit", "save_contact", contact_form.save_contact, SIGNED_IN),
    *(
        route
        for part, look, change in (
            ("account", contact_page.contact_account, contact_changes.change_account),
            ("lists", contact_page.contact_lists, contact_changes.change_lists),
            ("tags", contact_page.contact_tags, contact_changes.change_tags),
            ("deals", contact_page.contact_deals, contact_changes.change_deals),
            ("notes", contact_page.contact_notes, contact_changes.change_notes),
        )
        for route in (
            Route("GET", f"/contacts/<id:contact_id>/{part}", f"contact_{part}", look, SIGNED_IN),
            Route("POST", f"/contacts/<id:contact_id>/{part}", f"change_{part}", change, SIGNED_IN),
        )
    ),
    Route(
        "GET",
        "/contacts/<id:contact_id>/timeline",
        "contact_timeline",
        contact_page.contact_timeline,
        SIGNED_IN,
    ),
    Route("GET", "/contacts/delete", "confirm_delete", deletion.confirm_delete, SIGNED_IN),
    Route("POST", "/contacts/delete", "delete_contacts", deletion.delete, SIGNED_IN),
    Route("GET", "/contacts/delete-all", "confirm_delete_all", delete_all.confirm_delete_all, DELETE_MANY),
    Route("POST", "/contacts/delete-all", "delete_all", delete_all.delete_all, DELETE_MANY),
    Route("GET", "/contacts/delete-all/deals", "delete_all_deals", delete_all.deals, DELETE_MANY),
    Route("POST", "/contacts/notices", "dismiss_notice", notices.dismiss, MAY_RESTORE),
    Route("GET", "/contacts/restore", "restore_page", restore_page.restore_page, MAY_RESTORE),
    Route(
        "GET", "/contacts/restore/selection", "restore_selection", restore_page.restore_selection, MAY_RESTORE
    ),
    Route("GET", "/contacts/restore/deletions", "deletions", bundles.deletions, MAY_RESTORE),
    Route("GET", "/contacts/restore/count", "restore_count", restore_page.restore_count, MAY_RESTORE),
    Route("GET", "/contacts/restore/confirm", "confirm_selected", confirm.confirm_selected, MAY_RESTORE),
    Route("GET", "/contacts/restore/confirm-all", "confirm_all", confirm.confirm_all, MAY_RESTORE),
    Route("POST", "/contacts/restore/confirm/again", "confirm_again", confirm.confirm_again, MAY_RESTORE),
    Route("GET", "/contacts/restore/erase", "confirm_erase", erase.confirm_erase, MAY_RESTORE),
    Route("POST", "/contacts/restore/erase", "erase", erase.erase, MAY_RESTORE),
    Route("GET", "/contacts/restore/plan", "restore_plan", plan.restore_plan, MAY_RESTORE),
    Route("GET", "/contacts/restore/plan.csv", "plan_csv", plan.plan_csv, MAY_RESTORE),
    Route("GET", "/contacts/deleted/<id:contact_id>", "deleted_contact", look.deleted_contact, MAY_RESTORE),
    Route("GET", "/contacts/import", "import_file", imports.choose, Access.IMPORT),
    Route("POST", "/contacts/import", "bring_file", imports.bring_file, Access.IMPORT),
    Route("GET", "/contacts/import/<id:file_id>", "import_preview", import_preview.preview, Access.IMPORT),
    Route("POST", "/contacts/import/<id:file_id>", "start_import", import_preview.start, Access.IMPORT),
    Route(
        "POST", "/contacts/import/<id:file_id>/look", "redraw_import", import_preview.redraw, Access.IMPORT
    ),
    Route(
        "POST", "/contacts/import/<id:file_id>/encoding", "read_again", imports.change_encoding, Access.IMPORT
    ),
    Route(
        "GET",
        "/contacts/import/<id:file_id>/deleted",
        "import_deleted",
        import_preview.deleted,
        Access.IMPORT,
    ),
    *users_and_groups(),
    *things(LISTS),
    Route("GET", "/lists/<id:thing_id>/status", "ask_status", statuses.ask_status, SIGNED_IN),
    Route("POST", "/lists/<id:thing_id>/status", "change_status", statuses.change_status, SIGNED_IN),
    *things(TAGS),
    *things(ACCOUNTS),
    Route("GET", "/outbox", "outbox", outbox.outbox, Access.CAMPAIGNS),
    Route("GET", "/suppressed", "suppressed", outbox.suppressed, Access.CAMPAIGNS),
    Route("GET", "/u/<token>", "ask_unsubscribe", links.ask_unsubscribe, PUBLIC),
    Route("POST", "/u/<token>", "unsubscribe", links.unsubscribe_now, PUBLIC),
    Route("GET", "/c/<token>", "ask_confirm", links.ask_confirm, PUBLIC),
    Route("POST", "/c/<token>", "confirm", links.confirm_now, PUBLIC),
    Route("GET", "/deals", "deals", deals.index, SIGNED_IN),
    Route("POST", "/deals", "create_deal", deal_edits.create, SIGNED_IN),
    Route("GET", "/deals/count", "deals_count", deals.count, SIGNED_IN),
    Route("GET", "/deals/board", "board", deals.board, SIGNED_IN),
    Route("GET", "/deals/new", "new_deal", deal_edits.new, SIGNED_IN),
    Route("GET", "/deals/contacts", "pick_contacts", deal_edits.pick_contacts, SIGNED_IN),
    Route("GET", "/deals/<id:deal_id>", "deal", deal.deal, SIGNED_IN),
    Route("GET", "/deals/<id:deal_id>/edit", "edit_deal", deal_edits.edit, SIGNED_IN),
    Route("POST", "/deals/<id:deal_id>/edit", "change_deal", deal_edits.change, SIGNED_IN),
    Route("POST", "/deals/<id:deal_id>/move", "move_deal", deals.move, SIGNED_IN),
    Route("POST", "/deals/<id:deal_id>/contacts", "add_to_deal", deal.add_contact, SIGNED_IN),
    Route("POST", "/deals/<id:deal_id>/primary", "make_primary", deal.make_primary, SIGNED_IN),
    Route("POST", "/deals/<id:deal_id>/remove", "remove_from_deal", deal.remove_contact, SIGNED_IN),
    Route("GET", "/deals/<id:deal_id>/delete", "ask_delete_deal", deal.ask_delete, SIGNED_IN),
    Route("POST", "/deals/<id:deal_id>/delete", "delete_deal", deal.delete, SIGNED_IN),
    Route("GET", "/restores", "restores", restores.restores, MAY_RESTORE),
    Route("POST", "/restores", "start_restore", restores.start_restore, MAY_RESTORE),
    Route("POST", "/restores/line", "line_up_restore", restores.line_up_restore, MAY_RESTORE),
    Route("GET", "/restores/<id:job_id>", "restore_job", restores.restore_job, MAY_RESTORE),
    Route("GET", "/restores/<id:job_id>/continue", "continue_restore", confirm.continue_restore, MAY_RESTORE),
    Route("GET", "/restores/<id:job_id>/retry", "retry_skipped", confirm.retry_skipped, MAY_RESTORE),
    Route("GET", "/restores/<id:job_id>/export", "ask_export_report", exports.ask_export_report, MAY_RESTORE),
    Route("GET", "/restores/<id:job_id>/undo", "confirm_undo", undo.confirm_undo, MAY_RESTORE),
    Route("GET", "/restores/<id:job_id>/undo/plan", "undo_plan", undo.undo_plan, MAY_RESTORE),
    Route("POST", "/restores/<id:job_id>/undos", "undo_restore", undo.undo_restore, MAY_RESTORE),
    Route("POST", "/restores/<id:job_id>/cancel", "cancel_restore", restores.cancel_restore, MAY_RESTORE),
    Route("GET", "/jobs", "jobs", job_list.jobs, Access.JOBS),
    Route("GET", "/jobs/<id:job_id>", "job", jobs.job, Access.JOBS),
    Route("GET", "/jobs/<id:job_id>/file", "job_file", jobs.job_file, Access.JOBS),
    Route("POST", "/jobs/<id:job_id>/cancel", "cancel_job", jobs.cancel_job, Access.JOBS),
    Route("GET", "/contacts/export", "ask_export_contacts", exports.ask_export_contacts, Access.EXPORT),
    Route("GET", "/contacts/restore/export", "ask_export_deleted", exports.ask_export_deleted, MAY_RESTORE),
    Route("GET", "/jobs/<id:job_id>/export", "export_again", exports.export_again, Access.EXPORT),
    Route("POST", "/exports", "start_export", exports.start_export, Access.EXPORT),
    Route(
        "GET", "/jobs/<id:job_id>/rejected.csv", "rejected_rows", import_rejected.rejected_rows, Access.IMPORT
    ),
    Route("GET", "/jobs/<id:job_id>/undo", "undo_import", undo_import.undo_import, DELETE_MANY),
    Route("POST", "/jobs/<id:job_id>/undo", "start_undo_import", undo_import.start_undo_import, DELETE_MANY),
    Route("GET", "/notices", "poll_notices", job_notices.poll_notices, SIGNED_IN),
    Route("POST", "/notices/<id:job_id>/seen", "dismiss_job_notice", job_notices.dismiss_notice, SIGNED_IN),
    Route("GET", "/audit", "audit_log", audit.audit_log, MAY_RESTORE),
    Route("GET", "/audit.csv", "audit_csv", audit.audit_csv, MAY_RESTORE),
    Route("GET", "/automations", "automations", automations.index, CAMPAIGNS),
    Route("GET", "/automations/new", "new_automation", automations.new, CAMPAIGNS),
    Route("POST", "/automations", "make_automation", automations.make, CAMPAIGNS),
    Route("GET", "/automations/<id:automation_id>", "automation", automations.automation, CAMPAIGNS),
    Route(
        "POST",
        "/automations/<id:automation_id>/name",
        "rename_automation",
        automation_edits.rename,
        CAMPAIGNS,
    ),
    Route("POST", "/automations/<id:automation_id>/steps", "add_step", automation_edits.add_step, CAMPAIGNS),
    Route(
        "POST",
        "/automations/<id:automation_id>/steps/change",
        "change_steps",
        automation_edits.change_steps,
        CAMPAIGNS,
    ),
    Route(
        "POST",
        "/automations/<id:automation_id>/state",
        "change_automation_state",
        automation_edits.change_state,
        CAMPAIGNS,
    ),
    Route(
        "GET",
        "/automations/<id:automation_id>/delete",
        "confirm_delete_automation",
        automation_edits.confirm_delete,
        CAMPAIGNS,
    ),
    Route(
        "POST",
        "/automations/<id:automation_id>/delete",
        "delete_automation",
        automation_edits.delete,
        CAMPAIGNS,
    ),
    Route("GET", "/automations/<id:automation_id>/message", "new_step_message", step_messages.new, CAMPAIGNS),
    Route(
        "POST", "/automations/<id:automation_id>/message", "add_step_message", step_messages.make, CAMPAIGNS
    ),
    Route("GET", "/automations/messages/<id:campaign_id>", "step_message", step_messages.message, CAMPAIGNS),
    Route(
        "POST",
        "/automations/messages/<id:campaign_id>",
        "change_step_message",
        step_messages.change,
        CAMPAIGNS,
    ),
    Route("GET", "/campaigns", "campaigns", campaigns.index, CAMPAIGNS),
    Route("GET", "/campaigns/new", "new_campaign", campaigns.new, CAMPAIGNS),
    Route("POST", "/campaigns", "make_campaign", campaigns.make, CAMPAIGNS),
    Route("GET", "/campaigns/<id:campaign_id>", "campaign", campaigns.campaign, CAMPAIGNS),
    Route("POST", "/campaigns/<id:campaign_id>", "change_campaign", campaigns.change, CAMPAIGNS),
    Route("POST", "/campaigns/<id:campaign_id>/test", "try_campaign", campaign_sends.try_out, CAMPAIGNS),
    Route(
        "GET",
        "/campaigns/<id:campaign_id>/send",
        "confirm_send_campaign",
        campaign_sends.confirm_send,
        CAMPAIGNS,
    ),
    Route("POST", "/campaigns/<id:campaign_id>/send", "send_campaign", campaign_sends.send, CAMPAIGNS),
    Route(
        "GET",
        "/campaigns/<id:campaign_id>/delete",
        "confirm_delete_campaign",
        campaign_sends.confirm_delete,
        CAMPAIGNS,
    ),
    Route("POST", "/campaigns/<id:campaign_id>/delete", "delete_campaign", campaign_sends.delete, CAMPAIGNS),
    Route("POST", "/first-steps/demo", "load_demo", first_steps.load_demo, Access.SETTINGS),
    Route("GET", "/settings", "settings", settings.settings, Access.SETTINGS),
    Route("POST", "/settings", "change_settings", settings.change, Access.SETTINGS),
    Route(
        "POST", "/settings/second-factor", "change_second_factor", settings.change_second_factor, MAY_RESTORE
    ),
    Route("POST", "/settings/rights", "change_rights", settings.change_rights, Access.SETTINGS),
    Route("GET", "/in-use", "in_use", sessions.in_use, PUBLIC),
    Route("GET", "/sessions", "sessions", sessions.sessions, SIGNED_IN),
    Route("POST", "/sessions/<id:sign_in_id>/end", "end_session", sessions.end_one, SIGNED_IN),
    Route("POST", "/sessions/others/end", "end_other_sessions", sessions.end_others, SIGNED_IN),
    Route("GET", "/design", "design", design.design, SIGNED_IN),
    Route("GET", "/healthz", "healthz", health.healthz, PUBLIC),
    Route("GET", "/readyz", "readyz", health.readyz, PUBLIC),
    # It asks for a token itself.
    Route("GET", "/metrics", "metrics", metrics.metrics, PUBLIC),
)


# The parts of pages that request themselves: by endpoint, the id of the element. Such a request is no use of
# the session, which ends when no one uses it for a while.
POLLED_BY = {
    **dict.fromkeys(("overview_count", "restore_count", "deals_count"), "results-count"),
    **{kind.endpoint("count"): "results-count" for kind in (LISTS, TAGS, ACCOUNTS)},
    "restore_selection": "selection-bar",
    "restore_plan": "plan",
    "undo_plan": "plan",
    "delete_all_deals": "deals",
    "import_deleted": "deleted-rows",
    "restore_job": "progress",
    "job": "progress",
    "poll_notices": "job-notices",
}


def add_urls(app: Flask) -> None:
    """Add all routes to the app, each with its access check."""
    app.url_map.converters["id"] = IdConverter
    for route in ROUTES:
        app.add_url_rule(
            route.path,
            endpoint=route.endpoint,
            view_func=guarded(route.view, route.access, POLLED_BY.get(route.endpoint, "")),
            methods=[route.method],
            provide_automatic_options=False,
        )
