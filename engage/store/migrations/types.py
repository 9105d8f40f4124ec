"""Column types as the steps wrote them: never change one, add another."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

TIME = sa.DateTime().with_variant(sa.BigInteger(), "sqlite")
WORDS = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
SEQ = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
