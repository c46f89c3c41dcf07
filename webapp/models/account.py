"""A company record in the CRM; never the tenant."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base, BigId
from webapp.models.naming import name_indexes, name_key_column


class Account(Base):
    __tablename__ = "account"
    __table_args__ = name_indexes("account")

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(160))
    name_key: Mapped[str | None] = name_key_column()
    # A deleted account is hidden and its row stays; a new one with the same name is another row.
    deleted_at: Mapped[datetime | None]
