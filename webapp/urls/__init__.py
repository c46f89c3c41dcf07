"""The whole URL table: each route with its view and its access level."""

from flask import Flask
from werkzeug.routing import IntegerConverter, Map

from webapp.numbers import LARGEST_ID
from webapp.urls.marketing import MARKETING
from webapp.urls.people import PEOPLE
from webapp.urls.route import get, post
from webapp.urls.things import things
from webapp.views import (
    audit,
    bundles,
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
    job_list,
    job_notices,
    jobs,
    look,
    metrics,
    notices,
    overview,
    overview_filters,
    plan,
    restore_page,
    restores,
    settings,
    statuses,
    undo,
    undo_import,
)
from webapp.views.thing_kinds import ACCOUNTS, LISTS, TAGS
from webapp.web.access import Access, guarded

PUBLIC, SIGNED_IN, MAY_RESTORE = Access.PUBLIC, Access.SIGNED_IN, Access.MAY_RESTORE
DELETE_MANY, IMPORT, EXPORT, JOBS = Access.DELETE_MANY, Access.IMPORT, Access.EXPORT, Access.JOBS


class IdConverter(IntegerConverter):
    """A row's id. A number that no database can store matches no route, so the response is 404."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, min=1, max=LARGEST_ID)


ROUTES = (
    *PEOPLE,
    get("/contacts", "overview", overview.overview, SIGNED_IN),
    get("/contacts/selection", "overview_selection", overview.overview_selection, SIGNED_IN),
    get("/contacts/count", "overview_count", overview.overview_count, SIGNED_IN),
    get("/contacts/new", "new_contact", contact_form.new_contact, SIGNED_IN),
    post("/contacts/new", "create_contact", contact_form.create_contact, SIGNED_IN),
    get("/contacts/names", "offered_names", overview_filters.offered_names, SIGNED_IN),
    get("/contacts/<id:contact_id>", "contact", contact_page.contact, SIGNED_IN),
    get("/contacts/<id:contact_id>/edit", "edit_contact", contact_form.edit_form, SIGNED_IN),
    post("/contacts/<id:contact_id>/edit", "save_contact", contact_form.save_contact, SIGNED_IN),
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
            get(f"/contacts/<id:contact_id>/{part}", f"contact_{part}", look, SIGNED_IN),
            post(f"/contacts/<id:contact_id>/{part}", f"change_{part}", change, SIGNED_IN),
        )
    ),
    get("/contacts/<id:contact_id>/timeline", "contact_timeline", contact_page.contact_timeline, SIGNED_IN),
    get("/contacts/delete", "confirm_delete", deletion.confirm_delete, SIGNED_IN),
    post("/contacts/delete", "delete_contacts", deletion.delete, SIGNED_IN),
    get("/contacts/delete-all", "confirm_delete_all", delete_all.confirm_delete_all, DELETE_MANY),
    post("/contacts/delete-all", "delete_all", delete_all.delete_all, DELETE_MANY),
    get("/contacts/delete-all/deals", "delete_all_deals", delete_all.deals, DELETE_MANY),
    post("/contacts/notices", "dismiss_notice", notices.dismiss, MAY_RESTORE),
    get("/contacts/restore", "restore_page", restore_page.restore_page, MAY_RESTORE),
    get("/contacts/restore/selection", "restore_selection", restore_page.restore_selection, MAY_RESTORE),
    get("/contacts/restore/deletions", "deletions", bundles.deletions, MAY_RESTORE),
    get("/contacts/restore/count", "restore_count", restore_page.restore_count, MAY_RESTORE),
    get("/contacts/restore/confirm", "confirm_selected", confirm.confirm_selected, MAY_RESTORE),
    get("/contacts/restore/confirm-all", "confirm_all", confirm.confirm_all, MAY_RESTORE),
    post("/contacts/restore/confirm/again", "confirm_again", confirm.confirm_again, MAY_RESTORE),
    get("/contacts/restore/erase", "confirm_erase", erase.confirm_erase, MAY_RESTORE),
    post("/contacts/restore/erase", "erase", erase.erase, MAY_RESTORE),
    get("/contacts/restore/plan", "restore_plan", plan.restore_plan, MAY_RESTORE),
    get("/contacts/restore/plan.csv", "plan_csv", plan.plan_csv, MAY_RESTORE),
    get("/contacts/deleted/<id:contact_id>", "deleted_contact", look.deleted_contact, MAY_RESTORE),
    get("/contacts/import", "import_file", imports.choose, IMPORT),
    post("/contacts/import", "bring_file", imports.bring_file, IMPORT),
    get("/contacts/import/<id:file_id>", "import_preview", import_preview.preview, IMPORT),
    post("/contacts/import/<id:file_id>", "start_import", import_preview.start, IMPORT),
    post("/contacts/import/<id:file_id>/look", "redraw_import", import_preview.redraw, IMPORT),
    post("/contacts/import/<id:file_id>/encoding", "read_again", imports.change_encoding, IMPORT),
    get("/contacts/import/<id:file_id>/deleted", "import_deleted", import_preview.deleted, IMPORT),
    *things(LISTS),
    get("/lists/<id:thing_id>/status", "ask_status", statuses.ask_status, SIGNED_IN),
    post("/lists/<id:thing_id>/status", "change_status", statuses.change_status, SIGNED_IN),
    *things(TAGS),
    *things(ACCOUNTS),
    get("/deals", "deals", deals.index, SIGNED_IN),
    post("/deals", "create_deal", deal_edits.create, SIGNED_IN),
    get("/deals/count", "deals_count", deals.count, SIGNED_IN),
    get("/deals/board", "board", deals.board, SIGNED_IN),
    get("/deals/new", "new_deal", deal_edits.new, SIGNED_IN),
    get("/deals/contacts", "pick_contacts", deal_edits.pick_contacts, SIGNED_IN),
    get("/deals/<id:deal_id>", "deal", deal.deal, SIGNED_IN),
    get("/deals/<id:deal_id>/edit", "edit_deal", deal_edits.edit, SIGNED_IN),
    post("/deals/<id:deal_id>/edit", "change_deal", deal_edits.change, SIGNED_IN),
    post("/deals/<id:deal_id>/move", "move_deal", deals.move, SIGNED_IN),
    post("/deals/<id:deal_id>/contacts", "add_to_deal", deal.add_contact, SIGNED_IN),
    post("/deals/<id:deal_id>/primary", "make_primary", deal.make_primary, SIGNED_IN),
    post("/deals/<id:deal_id>/remove", "remove_from_deal", deal.remove_contact, SIGNED_IN),
    get("/deals/<id:deal_id>/delete", "ask_delete_deal", deal.ask_delete, SIGNED_IN),
    post("/deals/<id:deal_id>/delete", "delete_deal", deal.delete, SIGNED_IN),
    get("/restores", "restores", restores.restores, MAY_RESTORE),
    post("/restores", "start_restore", restores.start_restore, MAY_RESTORE),
    post("/restores/line", "line_up_restore", restores.line_up_restore, MAY_RESTORE),
    get("/restores/<id:job_id>", "restore_job", restores.restore_job, MAY_RESTORE),
    get("/restores/<id:job_id>/continue", "continue_restore", confirm.continue_restore, MAY_RESTORE),
    get("/restores/<id:job_id>/retry", "retry_skipped", confirm.retry_skipped, MAY_RESTORE),
    get("/restores/<id:job_id>/export", "ask_export_report", exports.ask_export_report, MAY_RESTORE),
    get("/restores/<id:job_id>/undo", "confirm_undo", undo.confirm_undo, MAY_RESTORE),
    get("/restores/<id:job_id>/undo/plan", "undo_plan", undo.undo_plan, MAY_RESTORE),
    post("/restores/<id:job_id>/undos", "undo_restore", undo.undo_restore, MAY_RESTORE),
    post("/restores/<id:job_id>/cancel", "cancel_restore", restores.cancel_restore, MAY_RESTORE),
    get("/jobs", "jobs", job_list.jobs, JOBS),
    get("/jobs/<id:job_id>", "job", jobs.job, JOBS),
    get("/jobs/<id:job_id>/file", "job_file", jobs.job_file, JOBS),
    post("/jobs/<id:job_id>/cancel", "cancel_job", jobs.cancel_job, JOBS),
    get("/contacts/export", "ask_export_contacts", exports.ask_export_contacts, EXPORT),
    get("/contacts/restore/export", "ask_export_deleted", exports.ask_export_deleted, MAY_RESTORE),
    get("/jobs/<id:job_id>/export", "export_again", exports.export_again, EXPORT),
    post("/exports", "start_export", exports.start_export, EXPORT),
    get("/jobs/<id:job_id>/rejected.csv", "rejected_rows", import_rejected.rejected_rows, IMPORT),
    get("/jobs/<id:job_id>/undo", "undo_import", undo_import.undo_import, DELETE_MANY),
    post("/jobs/<id:job_id>/undo", "start_undo_import", undo_import.start_undo_import, DELETE_MANY),
    get("/notices", "poll_notices", job_notices.poll_notices, SIGNED_IN),
    post("/notices/<id:job_id>/seen", "dismiss_job_notice", job_notices.dismiss_notice, SIGNED_IN),
    get("/audit", "audit_log", audit.audit_log, MAY_RESTORE),
    get("/audit.csv", "audit_csv", audit.audit_csv, MAY_RESTORE),
    *MARKETING,
    post("/first-steps/demo", "load_demo", first_steps.load_demo, Access.SETTINGS),
    get("/settings", "settings", settings.settings, Access.SETTINGS),
    post("/settings", "change_settings", settings.change, Access.SETTINGS),
    post("/settings/second-factor", "change_second_factor", settings.change_second_factor, MAY_RESTORE),
    post("/settings/rights", "change_rights", settings.change_rights, Access.SETTINGS),
    get("/design", "design", design.design, SIGNED_IN),
    get("/healthz", "healthz", health.healthz, PUBLIC),
    get("/readyz", "readyz", health.readyz, PUBLIC),
    # It asks for a token itself.
    get("/metrics", "metrics", metrics.metrics, PUBLIC),
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
