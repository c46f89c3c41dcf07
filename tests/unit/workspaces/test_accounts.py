"""Making an account, also when two operators do it at once."""

from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from tests.factories.people import number
from tests.support.second_writer import SecondWriter
from webapp.database import write_transaction
from webapp.models import Workspace
from webapp.workspaces.accounts import ensure_account


def test_of_two_at_once_one_makes_the_account_and_the_other_finds_it(engine: Engine, store: Session) -> None:
    name = f"Fabrikam {number()}"

    def make(own: Session) -> tuple[int, bool]:
        with write_transaction(own):
            return ensure_account(own, name)

    with ThreadPoolExecutor() as threads, Session(engine) as session:
        with write_transaction(session):
            first, is_new = ensure_account(session, name)
            second = SecondWriter(threads, engine, make)
            second.check_that_it_waits(session)
        assert is_new
        assert second.result() == (first, False)

    assert store.scalar(select(func.count()).where(Workspace.name == name)) == 1
