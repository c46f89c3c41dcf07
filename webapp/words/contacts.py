"""What a contact is called."""

from webapp.models import Contact

NO_NAME = "No name"
PURGED = "Purged contact"


def name_of(contact: Contact | None) -> str:
    """The contact's name, else its e-mail address. None is one that was purged."""
    if contact is None:
        return PURGED
    return contact.name or contact.email or NO_NAME
