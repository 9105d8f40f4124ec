"""Real files of other people's shape, and the mappings that bring them in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RealFile:
    """A file of the shared data, its mapping, and how many rows it gives."""

    name: str
    mapping: str
    rows: int
    left_out: int = 0


REAL = {
    "shoppers": RealFile(
        "online_shoppers_intention.csv",
        """
        kind = "events"
        source = "shoppers"
        person = { row = true }
        key = { row = true }
        [columns]
        ts = { start = "2018-02-01T00:00:00Z", step_s = 60 }
        type = { constant = "page" }
        name = { constant = "visit" }
        properties = { pack = "all" }
        """,
        rows=12_330,
    ),
    "bank people": RealFile(
        "bank-additional-full.csv",
        """
        kind = "people"
        source = "bank"
        person = { row = true }
        [columns]
        valid_from = { start = "2008-05-01T00:00:00Z", step_s = 1800 }
        attributes = { pack = "all", drop = ["duration", "y"] }
        """,
        rows=41_188,
    ),
    "bank interactions": RealFile(
        "bank-additional-full.csv",
        """
        kind = "interactions"
        source = "bank"
        person = { row = true }
        key = { row = true }
        [columns]
        ts = { start = "2008-05-01T00:00:00Z", step_s = 1800 }
        ended_at = { from = "ts", plus_column = "duration" }
        channel = { constant = "call" }
        direction = { constant = "outbound" }
        initiated_by = { constant = "company" }
        talk_s = { column = "duration" }
        disposition = { column = "y", values = { yes = "subscribed", no = "declined" } }
        """,
        rows=41_188,
    ),
    "bank outcomes": RealFile(
        "bank-additional-full.csv",
        """
        kind = "outcomes"
        source = "bank"
        person = { row = true }
        key = { row = true }
        where = { column = "y", in = ["yes"], skip = ["no"] }
        [columns]
        goal = { constant = "subscribed" }
        ts = { start = "2008-05-01T00:00:00Z", step_s = 1800 }
        """,
        rows=4_640,
        left_out=41_188 - 4_640,
    ),
    "helpdesk events": RealFile(
        "helpdesk.csv",
        """
        kind = "events"
        source = "helpdesk"
        person = { column = "CaseID" }
        key = { row = true }
        [columns]
        ts = { column = "CompleteTimestamp", zone = "Europe/Rome" }
        type = { constant = "track" }
        [columns.name]
        column = "ActivityID"
        values = { 1 = "opened", 6 = "closed", 8 = "taken", 9 = "waiting" }
        unlisted = "keep"
        """,
        rows=13_710,
    ),
    "helpdesk interactions": RealFile(
        "helpdesk.csv",
        """
        kind = "interactions"
        source = "helpdesk"
        person = { column = "CaseID" }
        key = { row = true }
        where = { column = "ActivityID", in = [6] }
        [columns]
        ts = { column = "CompleteTimestamp", zone = "Europe/Rome" }
        channel = { constant = "message" }
        initiated_by = { constant = "customer" }
        disposition = { constant = "closed" }
        thread_id = { column = "CaseID" }
        """,
        rows=4_150,  # grep -c ',6,' helpdesk.csv
        left_out=13_710 - 4_150,
    ),
    "hillstrom people": RealFile(
        "hillstrom.csv",
        """
        kind = "people"
        source = "hillstrom"
        person = { row = true }
        [columns]
        valid_from = { constant = "2008-03-19" }
        attributes = { pack = "rest", drop = ["segment", "visit", "conversion", "spend"] }
        """,
        rows=64_000,
    ),
    "hillstrom decisions": RealFile(
        "hillstrom.csv",
        """
        kind = "decisions"
        source = "hillstrom"
        person = { row = true }
        key = { row = true }
        [columns]
        trigger = { constant = "e_mail" }
        decided_at = { constant = "2008-03-20" }
        [columns.arm]
        column = "segment"
        values = { "Mens E-Mail" = "treated", "Womens E-Mail" = "treated", "No E-Mail" = "held_out" }
        [columns.action]
        column = "segment"
        values = { "Mens E-Mail" = "mens", "Womens E-Mail" = "womens", "No E-Mail" = "none" }
        [columns.propensity]
        column = "segment"
        values = { "Mens E-Mail" = "1/3", "Womens E-Mail" = "1/3", "No E-Mail" = "1/3" }
        """,
        rows=64_000,
    ),
    "hillstrom visits": RealFile(
        "hillstrom.csv",
        """
        kind = "outcomes"
        source = "hillstrom"
        person = { row = true }
        key = { row = true }
        where = { column = "visit", in = [1], skip = [0] }
        [columns]
        goal = { constant = "visit" }
        ts = { constant = "2008-03-27" }
        """,
        rows=9_394,
        left_out=64_000 - 9_394,
    ),
    "hillstrom spend": RealFile(
        "hillstrom.csv",
        """
        kind = "outcomes"
        source = "hillstrom"
        person = { row = true }
        key = { row = true }
        where = { column = "conversion", in = [1], skip = [0] }
        [columns]
        goal = { constant = "spend" }
        ts = { constant = "2008-03-27" }
        value_minor = { column = "spend", scale = 100 }
        """,
        rows=578,
        left_out=64_000 - 578,
    ),
    "cdnow": RealFile(
        "CDNOW_master.txt",
        """
        kind = "transactions"
        source = "cdnow"
        person = { column = "customer_id" }
        key = { row = true }
        [columns]
        ts = { column = "date", format = "%Y%m%d" }
        kind = { constant = "purchase" }
        amount_minor = { column = "dollar_value", scale = 100 }
        currency = { constant = "USD" }
        """,
        rows=69_659,
    ),
}
