"""Users, their groups, and what these permit."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.models.base import Base, BigId
from webapp.models.person import Person
from webapp.models.workspace import Workspace

ADMIN = "Admin"


class UserGroup(Base):
    __tablename__ = "user_group"
    __table_args__ = (UniqueConstraint("workspace_id", "name"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"))
    name: Mapped[str] = mapped_column(String(80))

    rights: Mapped[list["GroupRight"]] = relationship()


class Right(StrEnum):
    """What only Admins may do, unless the settings give it to another group. Restoring is not among them:
    "only users in the Admin group can restore contacts" (article)."""

    IMPORT = "import"
    EXPORT = "export"
    # More contacts at once than can be ticked on a page.
    DELETE_MANY = "delete_many"
    CAMPAIGNS = "campaigns"
    SETTINGS = "settings"
    DELETE_LISTS = "delete_lists"


class GroupRight(Base):
    """A right that the settings give to a group. Plain text, so that each release can read every right."""

    __tablename__ = "group_right"

    group_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("user_group.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    )
    right: Mapped[str] = mapped_column(String(30), primary_key=True)


class GroupMembership(Base):
    __tablename__ = "group_membership"

    user_id: Mapped[int] = mapped_column(BigId, ForeignKey("app_user.id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(BigId, ForeignKey("user_group.id"), primary_key=True, index=True)


class User(Base):
    """A person in one of their accounts. Flask-Login's protocol is fulfilled here without importing it."""

    __tablename__ = "app_user"
    __table_args__ = (
        UniqueConstraint("workspace_id", "email"),
        UniqueConstraint("workspace_id", "person_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(BigId, ForeignKey("workspace.id"), index=True)
    # Null only in rows that the previous release has written since: it knows no persons.
    person_id: Mapped[int | None] = mapped_column(BigId, ForeignKey("person.id"), index=True)
    # The same as the person's: pages name users by it.
    email: Mapped[str] = mapped_column(String(254), index=True)
    name: Mapped[str] = mapped_column(String(120))
    # Read by the previous release only, where it still runs (`webapp/people/passwords.py` keeps it).
    password_hash: Mapped[str] = mapped_column(String(200), default="!", server_default="!")
    is_active: Mapped[bool] = mapped_column(default=True)
    # When an invited person has accepted; until then the user is not active. Null for an open invitation.
    accepted_at: Mapped[datetime | None]

    workspace: Mapped[Workspace] = relationship()
    person: Mapped[Person | None] = relationship()
    groups: Mapped[list[UserGroup]] = relationship(secondary="group_membership", order_by=UserGroup.name)

    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def may_restore(self) -> bool:
        """Whether the user can restore: only active users in the group "Admin" can (article)."""
        return any(group.name == ADMIN for group in self._own_groups)

    def may(self, right: Right) -> bool:
        """Whether the user has a right: Admins have each, others those of their groups."""
        return self.may_restore or any(
            given.right == right for group in self._own_groups for given in group.rights
        )

    @property
    def _own_groups(self) -> list[UserGroup]:
        """The groups that count: none of another workspace, and none for a disabled user."""
        return [g for g in self.groups if g.workspace_id == self.workspace_id] if self.is_active else []
