"""What a column of another program says about a person's consent. An import honours what is stricter."""

from webapp.importing.fields import Field
from webapp.models.mailing_list import SubscriptionStatus

# What programs write where a person has not opted out. Anything else, such as the moment, says so.
_NOT_OPTED_OUT = frozenset({"", "0", "-", "false", "no", "n", "off", "none", "null", "never", "nein", "non"})

# Words of statuses, by the beginning of what is written.
_STATUSES = (
    ("unsub", SubscriptionStatus.UNSUBSCRIBED),
    ("opted out", SubscriptionStatus.UNSUBSCRIBED),
    ("opted-out", SubscriptionStatus.UNSUBSCRIBED),
    ("archived", SubscriptionStatus.UNSUBSCRIBED),
    ("complain", SubscriptionStatus.UNSUBSCRIBED),
    ("spam", SubscriptionStatus.UNSUBSCRIBED),
    ("bounce", SubscriptionStatus.BOUNCED),
    ("cleaned", SubscriptionStatus.BOUNCED),
    ("unconfirmed", SubscriptionStatus.UNCONFIRMED),
    ("pending", SubscriptionStatus.UNCONFIRMED),
    ("non-subscribed", SubscriptionStatus.UNCONFIRMED),
    ("nonsubscribed", SubscriptionStatus.UNCONFIRMED),
    ("transactional", SubscriptionStatus.UNCONFIRMED),
)


def refusal_in(field: Field, cell: str) -> SubscriptionStatus | None:
    """The status that the lists of the row have at best, by a cell of a `CONSENT` column; None where it
    forbids nothing."""
    text = " ".join(cell.split()).lower()
    if field is Field.OPTED_OUT:
        return None if text in _NOT_OPTED_OUT else SubscriptionStatus.UNSUBSCRIBED
    return next((status for word, status in _STATUSES if text.startswith(word)), None)
