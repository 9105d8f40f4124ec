"""The chosen action's propensity is above zero and at most one."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="The chosen action's propensity is above zero and at most one.",
    sql="""
    select decision_id, 'has propensity ' || coalesce(cast(propensity as varchar(40)), 'nothing')
    from decisions
    where source = 'engage' and (propensity is null or propensity <= 0 or propensity > 1.0000001)
    order by 1
""",
)
