"""What all tables share: names of constraints, types of keys and times, and conditions on columns.

The models are plain SQLAlchemy, so that the domain can be tested and run without Flask; `webapp.extensions`
gives the same metadata to Flask-SQLAlchemy.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Self

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    Select,
    and_,
    bindparam,
    case,
    false,
    literal,
    text,
    true,
    tuple_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, InstrumentedAttribute, registry
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType
from sqlalchemy.types import TypeDecorator

from webapp.numbers import LARGEST_ID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Constraints have names, so that a migration can drop one and the code can distinguish errors.
NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

# SQLite assigns row ids only in a column declared INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """A moment, stored and returned in UTC.

    Accepts aware datetimes only; a naive one raises ValueError.
    """

    impl = DateTime(timezone=True)
    cache_ok = True
    python_type = datetime

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMING), type_annotation_map={datetime: UtcDateTime()}
    )


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that fulfil `where`, on both databases."""
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def is_in(column: InstrumentedAttribute[str], *values: str) -> ColumnElement[bool]:
    """Whether the column is one of the values, which become literals in the statement.

    The planner uses a partial index only if the statement contains its condition literally.
    """
    if len(values) == 1:
        return column == literal(values[0], literal_execute=True)
    return column.in_(bindparam(None, values, expanding=True, literal_execute=True))


def begins_with(columns: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """The rows with these values in the first of the columns of an index that ends with the row's id.

    As a range of the whole index: by an equation the planner would see that the ids alone are in order, too,
    and could walk the rows of all workspaces.
    """
    first, last = (
        tuple_(*(literal(value, column.type) for column, value in zip(columns, [*values, end], strict=True)))
        for end in (0, LARGEST_ID)
    )
    return and_(tuple_(*columns) > first, tuple_(*columns) <= last)


def filter_only(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same condition, used only to check rows that the other conditions find.

    The CASE keeps the planner off the condition's indexes, which it misjudges with stale statistics: right
    after a mass deletion it would walk the whole recycle bin to find 50 contacts by their ids.
    """
    return case((condition, true()), else_=false())


class _IsOneOf(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """A condition by itself. Otherwise SQLAlchemy compares a boolean function with 1 on SQLite, and
        `(id IN (…)) = 1` keeps SQLite off the index of `id`."""
        return self


@compiles(_IsOneOf)
def _as_subquery(element: _IsOneOf, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **kw)} IN {compiler.process(ids, **kw)}"


@compiles(_IsOneOf, "postgresql")
def _as_array(element: _IsOneOf, compiler: SQLCompiler, **kw: Any) -> str:
    column, ids = element.clauses
    return f"{compiler.process(column, **kw)} = ANY (ARRAY{compiler.process(ids, **kw)})"


def is_one_of(column: InstrumentedAttribute[Any], ids: Select[Any]) -> ColumnElement[bool]:
    """Whether the column is one of the ids that a query selects, one or a million.

    The same as `column.in_(ids)`. On PostgreSQL the ids become an array first: for a join the planner has no
    statistics right after the tables were filled, and can choose to compare every row with every id.
    """
    return _IsOneOf(column, ids.correlate(None).scalar_subquery())
