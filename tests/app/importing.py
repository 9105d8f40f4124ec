"""Files to import in tests, their mappings, and what is stored in the end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from engage.app.imported import ImportReport
from engage.domain.catalog import ARCHIVED, IMPORTABLE
from engage.domain.ids import Prefix, derive
from engage.domain.relations import Relation
from engage.store import Store, rows

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

SALES = """
kind = "transactions"
source = "shop"
person = { column = "who" }
key = { columns = ["bill"] }
[columns]
ts = { column = "day" }
amount_minor = { column = "euros", scale = 100 }
"""
WEB = """
kind = "events"
source = "web"
person = { column = "user", anonymous = "browser" }
key = { columns = ["id"] }
[columns]
ts = { column = "at" }
type = { constant = "page" }
page = { column = "page" }
"""
CRM = """
kind = "people"
source = "crm"
person = { column = "id" }
[columns]
attributes = { pack = ["region"] }
[contact.phone]
column = "phone"
region = "DE"
[consents.sms]
granted = { column = "sms" }
at = { column = "sms_at" }
"""

Bring = Callable[..., ImportReport]


def held(store: Store, relation: Relation) -> pa.Table:
    with store.read() as tx:
        return rows.read(tx, relation).sort_by([(name, "ascending") for name in relation.key])


def everything(store: Store) -> dict[str, list[Any]]:
    names = {*ARCHIVED, *IMPORTABLE}
    return {name: held(store, {**ARCHIVED, **IMPORTABLE}[name]).to_pylist() for name in names}


def sales(count: int, *, start: int = 0) -> str:
    lines = (f"{n},c{n % 7},2026-01-{n % 28 + 1:02d},{n}.50" for n in range(start, start + count))
    return "bill,who,day,euros\n" + "\n".join(lines) + "\n"


VISITS = [
    # id, browser, user, minute: one visitor who logs in, a shared computer, a second visit
    ("1", "b1", "", 0),
    ("2", "b1", "ada", 10),
    ("3", "", "ada", 35),
    ("4", "b2", "ada", 200),
    ("5", "b2", "grace", 205),
    ("6", "b2", "", 210),
    ("7", "b1", "", 300),
    ("8", "", "bob", 20),
    ("9", "", "bob", 45),
]


def web(visits: list[tuple[str, str, str, int]]) -> str:
    start = datetime(2026, 3, 1, 8, tzinfo=UTC)
    lines = [
        f"{one},{browser},{user},{(start + timedelta(minutes=minute)).isoformat()},/p"
        for one, browser, user, minute in visits
    ]
    return "id,browser,user,at,page\n" + "\n".join(lines) + "\n"


def person(user: str) -> str:
    return derive(Prefix.PERSON, "customer", user)


def browser(name: str) -> str:
    return derive(Prefix.PERSON, "customer", "anonymous", name)


HEADER = "id,region,phone,sms,sms_at\n"
