"""The messages to persons that wait for the worker."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from webapp.database import write_transaction
from webapp.models import OneTimeLink, ResetRequest, SecurityNotice


def forget_personal_mail(store: Session) -> None:
    """Forget what other tests have left: it would be sent as well."""
    with write_transaction(store):
        for kind in (OneTimeLink, ResetRequest, SecurityNotice):
            store.execute(delete(kind))
