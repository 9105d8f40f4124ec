"""How tables are written here: column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeEngine

from engage.clock import as_utc
from engage.domain.relations import Column as Declared
from engage.domain.relations import Kind, Relation

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Time(sa.types.TypeDecorator[datetime]):
    """A moment in UTC to the microsecond.

    PostgreSQL: `timestamp` without zone. SQLite: microseconds since 1970, so that order and
    difference are those of integers.
    """

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the type the database itself uses."""
        return dialect.type_descriptor(
            sa.BigInteger() if dialect.name == "sqlite" else sa.DateTime()
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Return what is stored for this moment."""
        if value is None:
            return None
        utc = as_utc(value)
        if dialect.name == "sqlite":
            return (utc - EPOCH) // timedelta(microseconds=1)
        return utc.replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the aware moment that was stored."""
        if value is None:
            return None
        if dialect.name == "sqlite":
            return EPOCH + timedelta(microseconds=value)
        return as_utc(value)


# Byte order, whatever the server's locale: ORDER BY an id means the same on every machine.
Words = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
Whole = sa.BigInteger()
Real: sa.Double[float] = sa.Double()
Flag = sa.Boolean()
Json = sa.Text()
Sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_TYPES: dict[Kind, TypeEngine[Any]] = {
    Kind.ID: Words,
    Kind.TEXT: Words,
    Kind.TIME: Time(),
    Kind.INTEGER: Whole,
    Kind.REAL: Real,
    Kind.FLAG: Flag,
    Kind.MONEY: Whole,
    Kind.JSON: Json,
}


def words(name: str, *, key: bool = False, null: bool = False, empty: bool = False) -> Any:
    """Return a text column; `empty` means that it is stored as "" when nobody says."""
    default = "" if empty else None
    return sa.Column(name, Words, primary_key=key, nullable=null, server_default=default)


def moment(name: str, *, key: bool = False, null: bool = False) -> Any:
    """Return a column that holds a moment."""
    return sa.Column(name, Time(), primary_key=key, nullable=null)


def whole(name: str, *, key: bool = False, null: bool = False, start: int | None = None) -> Any:
    """Return an integer column, beginning at `start` when nobody says."""
    default = None if start is None else sa.text(str(start))
    return sa.Column(
        name, Whole, primary_key=key, nullable=null, autoincrement=False, server_default=default
    )


def real(name: str, *, null: bool = False) -> Any:
    """Return a column of double precision."""
    return sa.Column(name, Real, nullable=null)


def flag(name: str, *, null: bool = False, no: bool = False) -> Any:
    """Return a yes-or-no column; `no` means that it is stored as no when nobody says."""
    return sa.Column(name, Flag, nullable=null, server_default=sa.false() if no else None)


def json(name: str, *, null: bool = True) -> Any:
    """Return a column that holds JSON as text."""
    return sa.Column(name, Json, nullable=null)


def seq(name: str = "seq") -> Any:
    """Return the column that counts rows in the order they were stored; numbers are not reused."""
    return sa.Column(name, Sequence, sa.Identity(), primary_key=True)


def declared(column: Declared) -> Any:
    """Return the table column for a relation's column."""
    return sa.Column(column.name, _TYPES[column.kind], nullable=not column.required)


def hot(relation: Relation, *more: Any) -> sa.Table:
    """Return the table that holds a relation's rows while they are hot.

    `seq` orders rows as they were stored, `gone` marks a row that was taken back after it had
    been archived.
    """
    return sa.Table(
        relation.name,
        metadata,
        seq(),
        *(declared(column) for column in relation.columns),
        *more,
        flag("gone", no=True),
        moment("stored_at"),
        sa.UniqueConstraint(*relation.key),
        *([sa.Index(None, "person_id", relation.time)] if relation.personal else []),
        *([] if relation.time == "known_at" else [sa.Index(None, relation.time)]),
        sqlite_autoincrement=True,
    )
