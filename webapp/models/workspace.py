"""The tenant: a customer's account, which the pages call "your account"."""

from zoneinfo import ZoneInfo

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId


class Workspace(Base):
    __tablename__ = "workspace"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    timezone: Mapped[str] = mapped_column(String(64), default="UTC")

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of this workspace's dates."""
        return ZoneInfo(self.timezone)
