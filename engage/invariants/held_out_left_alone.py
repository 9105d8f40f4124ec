"""Nobody who is held out is contacted."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="Nobody who is held out is contacted.",
    sql="""
    select m.message_id, 'goes to somebody held out'
    from messages m join decisions d on d.decision_id = m.decision_id
    where d.arm = 'held_out' or d.action = 'none'
    order by 1
""",
)
