"""The tenant: a customer's account, which the pages call "your account"."""

from zoneinfo import ZoneInfo

from sqlalchemy import BigInteger, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class Workspace(Base):
    __tablename__ = "workspace"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")
    # Of a new deal (ISO 4217).
    currency: Mapped[str] = mapped_column(String(3), default="USD", server_default="USD")
    # The language in which dates are written: "en", "de".
    date_language: Mapped[str] = mapped_column(String(12), default="en", server_default="en")
    # Who writes to contacts, and the postal address below each message.
    sender_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    sender_email: Mapped[str] = mapped_column(String(254), default="", server_default="")
    postal_line: Mapped[str] = mapped_column(Text, default="", server_default="")
    # Signs the links in messages, which never expire; so it is no key of the deployment, which can change.
    # Null until the first message (webapp/marketing/links.py).
    link_key: Mapped[str | None] = mapped_column(String(64))
    # Whether each user must have a second factor.
    requires_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())
    # Rises with each change of what belongs to it (`webapp.database.lock_workspace`).
    changes: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of this workspace's dates."""
        return ZoneInfo(self.timezone)
