"""Each action decided has its outbox row, and each outbox row its decision, or what it answers."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="Each action that was decided has its outbox row, and each outbox row its decision.",
    sql="""
    select d.decision_id, 'was decided but has no outbox row'
    from decisions d left join messages m on m.decision_id = d.decision_id
    where d.source = 'engage' and d.action <> 'none' and m.message_id is null
    union all
    select m.message_id, 'has no decision'
    from messages m left join decisions d on d.decision_id = m.decision_id
    left join replies r on r.reply_id = m.decision_id
    where d.decision_id is null and r.reply_id is null
    order by 1
""",
)
