"""What left the building is in the contact ledger, and only that counts as used."""

from engage.invariants.invariant import Invariant

INVARIANT = Invariant(
    sentence="What left the building is in the contact ledger, and only that counts as used.",
    sql="""
    select m.message_id, 'was sent but is not used in the contact ledger'
    from messages m left join contact_ledger l on l.decision_id = m.decision_id
    where m.state in ('sent', 'delivered') and m.class <> 'requested'
        and (l.state is null or l.state <> 'used')
    union all
    select l.decision_id, 'is in the contact ledger without a message'
    from contact_ledger l left join messages m on m.decision_id = l.decision_id
    where m.message_id is null
    order by 1
""",
)
