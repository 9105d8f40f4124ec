"""Each decision of ours was stored as qualified, with its arm."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="Each decision of ours was stored as qualified, with its arm.",
    sql="""
    select d.decision_id, 'has no qualification'
    from decisions d left join qualifications q on q.decision_id = d.decision_id
    where d.source = 'engage' and q.decision_id is null
    union all
    select d.decision_id, 'has no arm'
    from decisions d where d.source = 'engage' and d.arm is null
    order by 1
""",
)
