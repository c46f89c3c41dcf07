"""The routes of automations and campaigns, of their messages, and of the links in these."""

from webapp.urls.route import get, post
from webapp.views import (
    automation_edits,
    automations,
    campaign_sends,
    campaigns,
    links,
    outbox,
    step_messages,
)
from webapp.web.access import Access

PUBLIC, CAMPAIGNS = Access.PUBLIC, Access.CAMPAIGNS

automation, campaign = "/automations/<id:automation_id>", "/campaigns/<id:campaign_id>"
MARKETING = (
    get("/automations", "automations", automations.index, CAMPAIGNS),
    get("/automations/new", "new_automation", automations.new, CAMPAIGNS),
    post("/automations", "make_automation", automations.make, CAMPAIGNS),
    get(automation, "automation", automations.automation, CAMPAIGNS),
    post(f"{automation}/name", "rename_automation", automation_edits.rename, CAMPAIGNS),
    post(f"{automation}/steps", "add_step", automation_edits.add_step, CAMPAIGNS),
    post(f"{automation}/steps/change", "change_steps", automation_edits.change_steps, CAMPAIGNS),
    post(f"{automation}/state", "change_automation_state", automation_edits.change_state, CAMPAIGNS),
    get(f"{automation}/delete", "confirm_delete_automation", automation_edits.confirm_delete, CAMPAIGNS),
    post(f"{automation}/delete", "delete_automation", automation_edits.delete, CAMPAIGNS),
    get(f"{automation}/message", "new_step_message", step_messages.new, CAMPAIGNS),
    post(f"{automation}/message", "add_step_message", step_messages.make, CAMPAIGNS),
    get("/automations/messages/<id:campaign_id>", "step_message", step_messages.message, CAMPAIGNS),
    post("/automations/messages/<id:campaign_id>", "change_step_message", step_messages.change, CAMPAIGNS),
    get("/campaigns", "campaigns", campaigns.index, CAMPAIGNS),
    get("/campaigns/new", "new_campaign", campaigns.new, CAMPAIGNS),
    post("/campaigns", "make_campaign", campaigns.make, CAMPAIGNS),
    get(campaign, "campaign", campaigns.campaign, CAMPAIGNS),
    post(campaign, "change_campaign", campaigns.change, CAMPAIGNS),
    post(f"{campaign}/test", "try_campaign", campaign_sends.try_out, CAMPAIGNS),
    get(f"{campaign}/send", "confirm_send_campaign", campaign_sends.confirm_send, CAMPAIGNS),
    post(f"{campaign}/send", "send_campaign", campaign_sends.send, CAMPAIGNS),
    get(f"{campaign}/delete", "confirm_delete_campaign", campaign_sends.confirm_delete, CAMPAIGNS),
    post(f"{campaign}/delete", "delete_campaign", campaign_sends.delete, CAMPAIGNS),
    get("/outbox", "outbox", outbox.outbox, CAMPAIGNS),
    get("/suppressed", "suppressed", outbox.suppressed, CAMPAIGNS),
    # From a message, without signing in.
    get("/u/<token>", "ask_unsubscribe", links.ask_unsubscribe, PUBLIC),
    post("/u/<token>", "unsubscribe", links.unsubscribe_now, PUBLIC),
    get("/c/<token>", "ask_confirm", links.ask_confirm, PUBLIC),
    post("/c/<token>", "confirm", links.confirm_now, PUBLIC),
)
