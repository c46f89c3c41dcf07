"""Why a workspace's messages wait: the mail server is away or refuses them all. One row while it lasts."""

from datetime import datetime

from sqlalchemy import ForeignKey, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class MailTrouble(Base):
    __tablename__ = "mail_trouble"

    workspace_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("workspace.id"), primary_key=True, autoincrement=False
    )
    # A `Fate` (webapp/marketing/transport.py), and the server's code if it answered.
    reason: Mapped[str] = mapped_column(String(40))
    reply: Mapped[int | None] = mapped_column(SmallInteger)
    since: Mapped[datetime]
    # How often it was tried in vain, and when it is tried again.
    tries: Mapped[int]
    again_at: Mapped[datetime]
