"""When the workers of each queue were last seen, so that a page can say that no worker runs."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from webapp.models.base import Base


class WorkerHeartbeat(Base):
    __tablename__ = "worker_heartbeat"

    queue: Mapped[str] = mapped_column(String(40), primary_key=True)
    seen_at: Mapped[datetime]
