"""A person has at most one open action."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="A person has at most one open action.",
    sql="""
    select person_id, 'has ' || count(*) || ' open actions'
    from messages
    where state in ('due', 'claimed', 'sending', 'unknown') and class <> 'requested'
    group by person_id having count(*) > 1
    order by 1
""",
)
