"""Nobody on an exclusion list is contacted, unless they must be served."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="Nobody on an exclusion list is contacted, unless they must be served.",
    sql="""
    select m.message_id, 'went to somebody excluded for ' || x.reason
    from messages m
    join exclusions x on x.person_id = m.person_id
        and x.known_at <= m.created_at and x.valid_from <= m.created_at
        and (x.valid_until is null or x.valid_until > m.created_at)
    left join replies r on r.reply_id = m.decision_id
    where not coalesce(x.must_serve, false) and r.reply_id is null
    order by 1
""",
)
