"""No call-back slot is sold twice."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="No call-back slot is sold twice.",
    sql="""
    select slot_id, 'has ' || booked || ' bookings for ' || capacity || ' places'
    from slots where booked > capacity or booked < 0
    order by 1
""",
)
