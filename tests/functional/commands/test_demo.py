"""`flask demo` on an empty database: its users find every case of a restore."""

from datetime import timedelta

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, aliased

from webapp.clock import read_clock
from webapp.contacts.address import email_key
from webapp.contacts.folding import folded
from webapp.models import (
    Account,
    Contact,
    ContactSearch,
    Deal,
    DealContact,
    Deletion,
    MailingList,
    Subscription,
    Tag,
    User,
    Workspace,
    days_left,
)
from webapp.models.mailing_list import SubscriptionStatus
from webapp.passwords import password_matches


def count(session: Session, what: type, *where: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(what).where(*where)) or 0


def workspace_called(session: Session, name: str) -> int:
    return session.scalars(select(Workspace.id).where(Workspace.name == name)).one()


class TestOnAnEmptyDatabase:
    def test_the_command_says_what_it_did_and_who_can_sign_in(self, first_run: Result) -> None:
        assert "1,800 live and 620 deleted contacts added" in first_run.output
        for said in ("admin@example.com", "member@example.com", "admin@other.example", "restore-demo"):
            assert said in first_run.output

    @pytest.mark.parametrize(
        ("email", "workspace", "may_restore"),
        [
            ("admin@example.com", "Northwind Traders", True),
            ("member@example.com", "Northwind Traders", False),
            ("admin@other.example", "Contoso", True),
        ],
    )
    def test_the_demo_users_can_sign_in(
        self, demo: Session, email: str, workspace: str, may_restore: bool
    ) -> None:
        user = demo.scalars(select(User).where(User.email == email)).one()

        assert user.workspace.name == workspace
        assert user.may_restore is may_restore
        assert user.person
        assert password_matches(user.person.password_hash, "restore-demo")

    def test_no_other_user_can_sign_in(self, first_run: Result, demo: Session) -> None:
        """The colleagues only appear in the data; they have no password."""
        others = [user for user in demo.scalars(select(User)) if user.email not in first_run.output]

        assert len(others) == 2
        assert all(user.person and user.person.password_hash is None for user in others)

    def test_the_number_of_contacts_is_exact(self, demo: Session) -> None:
        here = Contact.workspace_id == workspace_called(demo, "Northwind Traders")
        assert count(demo, Contact, here, Contact.deleted_at.is_(None)) == 1800
        assert count(demo, Contact, here, Contact.deleted_at.is_not(None)) == 620
        assert 20 < count(demo, Contact, Contact.workspace_id == workspace_called(demo, "Contoso")) < 60

    def test_deletions_are_numbered_in_the_order_of_time(self, demo: Session) -> None:
        deletions = demo.scalars(
            select(Deletion)
            .where(Deletion.workspace_id == workspace_called(demo, "Northwind Traders"))
            .order_by(Deletion.number)
        ).all()

        moments = [deletion.created_at for deletion in deletions]
        assert moments == sorted(set(moments))
        left = [days_left(moment, read_clock(demo)) for moment in moments]
        assert left[:3] == [0, 1, 2]
        assert left[-1] == 29
        assert len({deletion.user_id for deletion in deletions}) == 4
        assert all(deletion.description for deletion in deletions)
        accident = deletions[10:]
        assert {deletion.user.email for deletion in accident if deletion.user} == {"member@example.com"}
        assert [deletion.contact_count for deletion in accident] == [100] * 5 + [40]
        assert moments[-1] - moments[10] < timedelta(minutes=10)
        assert sum(deletion.in_bin for deletion in deletions) == 620

    def test_the_bin_holds_every_case_of_a_restore(self, demo: Session) -> None:
        here = Contact.workspace_id == workspace_called(demo, "Northwind Traders")
        deleted, live = here & Contact.deleted_at.is_not(None), aliased(Contact)
        taken = (live.workspace_id == Contact.workspace_id) & (live.email_key == Contact.email_key)
        conflicts = select(func.count()).select_from(Contact).join(live, taken & live.deleted_at.is_(None))
        assert demo.scalar(conflicts.where(deleted, live.created_at > Contact.deleted_at)) == 6
        assert demo.scalar(conflicts.where(deleted)) == 6

        twins = demo.execute(
            select(func.count(), func.count(func.distinct(Contact.deletion_id)))
            .where(deleted, Contact.email_key.is_not(None))
            .group_by(Contact.email_key)
            .having(func.count() > 1)
        ).all()
        assert [tuple(row) for row in twins] == [(2, 2)] * 6
        assert count(demo, Contact, deleted, Contact.email.is_(None)) > 0
        assert set(demo.scalars(select(Subscription.status).join(Contact).where(deleted))) == set(
            SubscriptionStatus
        )
        for kind in (MailingList, Tag, Account):
            gone = demo.scalars(
                select(kind.deleted_at).where(
                    kind.workspace_id == workspace_called(demo, "Northwind Traders"),
                    kind.deleted_at.is_not(None),
                )
            ).one()
            assert count(demo, Contact, deleted, Contact.deleted_at < gone) > 0

    def test_live_deals_have_a_primary_and_the_others_are_deleted(self, demo: Session) -> None:
        on_it = (DealContact.deal_id == Deal.id) & DealContact.detached_at.is_(None)
        attached = (
            select(
                func.count(DealContact.id),
                func.count(DealContact.id).filter(DealContact.is_primary),
                Deal.deleted_at.is_not(None),
            )
            .select_from(Deal)
            .outerjoin(DealContact, on_it)
            .group_by(Deal.id)
        )
        kinds = {tuple(row) for row in demo.execute(attached)}
        assert {kind for kind in kinds if kind[2]} == {(0, 0, True)}
        assert {kind[1] for kind in kinds if not kind[2]} == {1}
        assert {1, 2, 3} <= {kind[0] for kind in kinds if not kind[2]}
        assert count(demo, DealContact, DealContact.detached_at < DealContact.attached_at) == 0

    def test_every_contact_can_be_found_and_compared(self, demo: Session) -> None:
        for contact, text in demo.execute(
            select(Contact, ContactSearch.folded).outerjoin(
                ContactSearch, ContactSearch.contact_id == Contact.id
            )
        ):
            assert text == folded(contact.first_name, contact.last_name, contact.email)
            assert contact.email_key == email_key(contact.email)
            assert contact.created_at < (contact.deleted_at or read_clock(demo))

    def test_if_empty_does_nothing_the_second_time(self, demo: Session, empty_app: Flask) -> None:
        before = count(demo, Contact)
        result = empty_app.test_cli_runner().invoke(args=["demo", "--if-empty"])

        assert result.exit_code == 0
        assert "nothing was added" in result.output
        demo.rollback()
        assert count(demo, Contact) == before
