"""Columns that hold one of a few words."""

from enum import StrEnum

from sqlalchemy import Enum


def choice(kind: type[StrEnum], name: str, *, length: int = 16) -> Enum:
    """The type of the column `name`: one of the words of `kind`, stored as text, and the database checks it.

    What is read is a member of `kind`. A version of the app that does not know a word cannot read it, so a
    new word is written only by a later release than the one that has learnt it.
    """
    return Enum(
        kind,
        name=name,
        length=length,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda kind: [member.value for member in kind],
    )
