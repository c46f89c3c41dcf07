"""What became of messages, and why they wait."""

from webapp.marketing.messages import EndedWhy
from webapp.marketing.transport import Fate
from webapp.models import CampaignSend, MailTrouble
from webapp.models.campaign import MessageKind, SendState
from webapp.models.suppression import SuppressionReason

KINDS = {
    MessageKind.CAMPAIGN: "Campaign",
    MessageKind.AUTOMATION: "Automation",
    MessageKind.TEST: "Test",
    MessageKind.CONFIRMATION: "Confirmation",
}
STATES = {SendState.PENDING: "Waiting", SendState.SENT: "Sent", SendState.ENDED: "Not sent"}
UNKNOWN = "Unknown"

# Why a message has ended.
ENDED = {
    EndedWhy.NOT_MAILABLE: "The contact may not be written to any more.",
    EndedWhy.GAVE_UP: "The mail server has refused it for a day.",
    Fate.UNKNOWN: "The mail server got it and did not answer. It may have arrived; it is not sent again.",
    Fate.BOUNCED: "The mail server refuses this address for good.",
    Fate.REFUSED: "The mail server refuses this message by its rules.",
    Fate.NOT_COMPOSED: "It could not be made into an e-mail.",
    Fate.NO_UNICODE: "The mail server takes no address with such letters.",
    "contact_deleted": "The contact was deleted.",
    "campaign_deleted": "The campaign was deleted.",
    "list_deleted": "The list was deleted.",
    "restore_undone": "The contact’s restore was undone.",
}
NOT_KNOWN = "It was ended."

# Why all messages of an account wait.
TROUBLE = {
    Fate.AWAY: "The mail server cannot be reached.",
    Fate.BUSY: "The mail server takes no messages for now.",
    Fate.NO_TLS: "The mail server does not offer an encrypted connection.",
    Fate.NOT_TRUSTED: "The certificate of the mail server is not trusted, or is for another host.",
    Fate.SIGN_IN_REFUSED: "The mail server refuses the user or the password in SMTP_URL.",
    Fate.SENDER_REFUSED: "The mail server refuses the sender’s address in the settings.",
    Fate.BROKEN: "The connection to the mail server broke.",
    Fate.UNKNOWN: "The mail server got a message and did not answer.",
}

SUPPRESSED = {
    SuppressionReason.UNSUBSCRIBE: "Unsubscribed",
    SuppressionReason.BOUNCE: "Bounced",
    SuppressionReason.COMPLAINT: "Complained",
}


def state_of(send: CampaignSend) -> str:
    """The state in one or two words."""
    if send.state == SendState.ENDED and send.ended_why == Fate.UNKNOWN:
        return UNKNOWN
    if send.state == SendState.PENDING and send.taken_at is not None:
        return "Being sent"
    return STATES[send.state]


def reason_of(send: CampaignSend) -> str:
    """Why it has not been sent, or how it was; empty where there is nothing to say."""
    code = f" It answered {send.reply}." if send.reply and send.reply > 0 else ""
    if send.state == SendState.ENDED:
        return ENDED.get(send.ended_why or "", NOT_KNOWN) + code
    if send.state == SendState.PENDING and send.attempts:
        return f"The mail server has refused it for now; it is tried again.{code}"
    return ""


def trouble_in_words(trouble: MailTrouble) -> str:
    """Why the messages wait."""
    known = TROUBLE.get(Fate(trouble.reason)) if trouble.reason in set(Fate) else None
    code = f" It answered {trouble.reply}." if trouble.reply and trouble.reply > 0 else ""
    return (known or "The mail server is in trouble.") + code
