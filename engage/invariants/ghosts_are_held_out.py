"""The ghost ledger holds exactly the held-out decisions."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="The ghost ledger holds exactly the held-out decisions.",
    sql="""
    select g.decision_id, 'is a ghost but was not held out'
    from ghost_ledger g left join decisions d on d.decision_id = g.decision_id
    where d.decision_id is null or d.arm <> 'held_out'
    union all
    select d.decision_id, 'was held out but has no ghost'
    from decisions d left join ghost_ledger g on g.decision_id = d.decision_id
    where d.source = 'engage' and d.arm = 'held_out' and g.decision_id is null
    order by 1
""",
)
