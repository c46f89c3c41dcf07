"""What a person is told by mail: that something which protects them has changed."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class SecurityNotice(Base):
    """A message about one change, written in its transaction, for the worker (`people/security_mail.py`).

    Codes are plain text, so that each release can read every row.
    """

    __tablename__ = "security_notice"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    # Null where an address was tried that no one has: what is written must not tell.
    person_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("person.id", ondelete="CASCADE"), index=True
    )
    # The action of the audit log.
    action: Mapped[str] = mapped_column(String(60))
    # A member of `By`.
    by: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime]
    # The browser's own words for itself, shortened.
    browser: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # From then on it is not sent any more, and erased.
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # As of OneTimeLink: null as soon as it is in hand, because it is sent at most once.
    mail_at: Mapped[datetime | None]
    # Null also where nothing was sent.
    sent_at: Mapped[datetime | None]
