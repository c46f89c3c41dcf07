"""The name under which a contact is shown."""

from webapp.models import Contact

NO_NAME = "No name"
PURGED = "Purged contact"


def name_of(contact: Contact | None) -> str:
    """The contact's name, or else its e-mail address. None means a purged contact."""
    if contact is None:
        return PURGED
    return contact.name or contact.email or NO_NAME
