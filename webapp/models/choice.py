"""Columns with one of a few values."""

from enum import StrEnum

from sqlalchemy import Enum


def choice(kind: type[StrEnum], name: str, *, length: int = 16) -> Enum:
    """The type of the column `name`: a member of `kind`, stored as text and checked by the database.

    A release that does not know a value cannot read it. So one release adds a new value, and only the next
    one writes it.
    """
    return Enum(
        kind,
        name=name,
        length=length,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda kind: [member.value for member in kind],
    )
