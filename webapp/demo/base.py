"""The workspaces of the demo and their users."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.clock import read_clock
from webapp.contacts.address import read_address
from webapp.models import ADMIN, User, UserGroup, Workspace
from webapp.passwords import hash_password
from webapp.people.passwords import store_password
from webapp.people.users import add_user

# Not a secret: printed at every run, and the data is made up.
PASSWORD = "restore-demo"  # noqa: S105
SALES = "Sales"


@dataclass(frozen=True)
class Colleague:
    email: str
    name: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class Company:
    name: str
    timezone: str
    currency: str
    sender_email: str
    postal_line: str
    people: tuple[Colleague, ...]
    # They only appear in the demo data and cannot sign in.
    colleagues: tuple[Colleague, ...] = ()


NORTHWIND = Company(
    "Northwind Traders",
    "Europe/Berlin",
    "EUR",
    "hello@northwind.example",
    "Northwind Traders, Speicherstraße 4, 20457 Hamburg, Germany",
    (
        Colleague("admin@example.com", "Dana Whitfield", (ADMIN,)),
        Colleague("member@example.com", "Jonas Lindqvist", (SALES,)),
    ),
    (
        Colleague("miriam.vogel@northwind.example", "Miriam Vogel", (SALES,)),
        Colleague("tomasz.nowak@northwind.example", "Tomasz Nowak", (SALES,)),
    ),
)
CONTOSO = Company(
    "Contoso",
    "America/New_York",
    "USD",
    "hello@contoso.example",
    "Contoso, 4 Pine Street, New York, NY 10005, USA",
    (Colleague("admin@other.example", "Priya Raman", (ADMIN, SALES)),),
)
COMPANIES = (NORTHWIND, CONTOSO)


def is_empty(session: Session) -> bool:
    """Whether the database has no workspace."""
    return session.scalar(select(Workspace.id).limit(1)) is None


def workspace_of(session: Session, company: Company) -> int | None:
    """The id of the workspace with the company's people; None if none of them exists."""
    emails = [person.email for person in company.people]
    return session.scalar(select(User.workspace_id).where(User.email.in_(emails)).order_by(User.id).limit(1))


def ensure_base(session: Session) -> list[Company]:
    """Create missing workspaces of the companies, with groups and users.

    Runs in the caller's write transaction. Returns the companies whose workspaces were created.
    """
    missing = [company for company in COMPANIES if workspace_of(session, company) is None]
    if missing:
        # One hash for all users: hashing is slow, and the password is not a secret.
        password_hash, now = hash_password(PASSWORD), read_clock(session)
        for company in missing:
            _make(session, company, password_hash, now)
    return missing


def _make(session: Session, company: Company, password_hash: str, now: datetime) -> None:
    workspace = Workspace(
        name=company.name,
        timezone=company.timezone,
        currency=company.currency,
        sender_name=company.name,
        sender_email=company.sender_email,
        postal_line=company.postal_line,
    )
    session.add(workspace)
    session.flush()
    groups = {name: UserGroup(workspace_id=workspace.id, name=name) for name in (ADMIN, SALES)}
    session.add_all(groups.values())
    for each in (*company.people, *company.colleagues):
        user = add_user(
            session,
            workspace.id,
            read_address(each.email).email or "",
            each.name,
            [groups[name] for name in each.groups],
            now,
        )
        if each in company.people:
            assert user.person
            store_password(session, user.person, password_hash, now)
    session.flush()
