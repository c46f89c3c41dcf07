"""What a column of a file can be about. An export writes columns of these names, an import reads them.

Several columns of a file can be about one field, as the second and third e-mail column of an address book
are. Of columns about `TAGS` or about a field of lists (`STATUSES`) all names count together. Of columns about
any other field the first one, in the order of the file, that has something in it counts. `CONSENT` columns
say something about all lists that the row names in a `LISTS` column: `importing.consent.refusal_in` reads
them, and the strictest counts.
"""

from collections.abc import Mapping
from enum import StrEnum

from webapp.models.mailing_list import SubscriptionStatus


class Field(StrEnum):
    EMAIL = "email"
    FIRST_NAME = "first_name"
    LAST_NAME = "last_name"
    # First and last name in one column. An export never writes it.
    FULL_NAME = "full_name"
    PHONE = "phone"
    ACCOUNT = "account"
    TAGS = "tags"
    # The lists of a contact by its status on them, each separated by ";".
    LISTS = "lists"
    UNCONFIRMED = "lists_unconfirmed"
    UNSUBSCRIBED = "lists_unsubscribed"
    BOUNCED = "lists_bounced"
    CREATED = "created"
    # Whether the person has unsubscribed: "Yes", or when. An export never writes it, nor the next one.
    OPTED_OUT = "opted_out"
    # The person's status as another program words it: "Active", "Unsubscribed", "Bounced", "Cleaned".
    STATUS = "status"


# The names of the columns, in the order of an export.
COLUMNS: Mapping[Field, str] = {
    Field.EMAIL: "Email",
    Field.FIRST_NAME: "First Name",
    Field.LAST_NAME: "Last Name",
    Field.PHONE: "Phone",
    Field.ACCOUNT: "Account",
    Field.TAGS: "Tags",
    Field.LISTS: "Lists",
    Field.UNCONFIRMED: "Unconfirmed Lists",
    Field.UNSUBSCRIBED: "Unsubscribed Lists",
    Field.BOUNCED: "Bounced Lists",
    Field.CREATED: "Created Date",
}
STATUSES: Mapping[Field, SubscriptionStatus] = {
    Field.LISTS: SubscriptionStatus.SUBSCRIBED,
    Field.UNCONFIRMED: SubscriptionStatus.UNCONFIRMED,
    Field.UNSUBSCRIBED: SubscriptionStatus.UNSUBSCRIBED,
    Field.BOUNCED: SubscriptionStatus.BOUNCED,
}
# What columns of other programs say about consent.
CONSENT = frozenset({Field.OPTED_OUT, Field.STATUS})
