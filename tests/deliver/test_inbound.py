"""What is done about a customer's message: promises C2, C3 and C5."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from engage.deliver import reading
from engage.deliver.answering import Words
from engage.deliver.inbound import Heard, Inbox, receive
from engage.domain.callbacks import CallbackState
from engage.domain.messages import MessageState
from engage.domain.people import LINKS
from engage.domain.replies import Meaning, Reply
from engage.store import audit, callbacks, ledger, outbox, people, replies, rows
from engage.store import context as stored
from tests.deliver.bench import NOON, SENDER, STOP_KEY, Bench, phone
from tests.store.samples import rows as table

S, M = MessageState, Meaning
REST = timedelta(hours=72)
INBOX = Inbox(
    key=STOP_KEY,
    words=Words(
        "Example Bank",
        {
            M.STOP: "{{ company }}: stopped.",
            M.START: "{{ company }}: on.",
            M.HELP: "{{ company }}?",
        },
        b"secret",
    ),
    own=frozenset({SENDER}),
    purposes=frozenset({"sms"}),
    rest=REST,
    provider_answers=False,
)
_numbers = count(1)


def hear(bench: Bench, body: str, number: int = 1, inbox: Inbox = INBOX, **given: Any) -> Heard:
    """Let a customer write something, now."""
    said: dict[str, Any] = {
        "provider_id": f"SM{next(_numbers)}",
        "channel": "sms",
        "sender": phone(number),
        "recipient": SENDER,
        "body": body,
        "received_at": bench.clock.now(),
    } | given
    with bench.store.write() as tx:
        return receive(tx, Reply(**said), inbox, bench.clock.now())


def suppressed(bench: Bench, number: int = 1) -> bool:
    with bench.store.read() as tx:
        listed = stored.read(tx, [f"per_{number}"], bench.clock.now(), STOP_KEY)["suppressions"]
    return bool(listed.num_rows)


def texts(bench: Bench, number: int = 1) -> list[str]:
    """Return what really went to a number, without its code."""
    sent = bench.provider.messages.to(phone(number))
    return [str(one["body"]).partition(" Ref ")[0] for one in sent]


def waiting(bench: Bench) -> list[str]:
    with bench.store.read() as tx:
        return list(replies.waiting(tx)["body"].to_pylist())


def said(bench: Bench) -> list[tuple[str, dict[str, Any]]]:
    """Return the audit log, the oldest first."""
    with bench.store.read() as tx:
        entries = audit.read(tx).to_pylist()
    return [(one["verb"], json.loads(one["details"])) for one in reversed(entries)]


def test_stop_suppresses_cancels_and_is_confirmed_once(bench: Bench) -> None:
    first = bench.message(1)
    later = bench.message(1, decision_id="dec_r", message_id="msg_r", **{"class": "requested"})
    heard = hear(bench, "Stop")
    assert (heard.meaning, heard.cancelled, heard.answered, heard.waits) == (
        M.STOP,
        2,
        "stop",
        False,
    )
    assert (bench.state(first), bench.state(later)) == (S.CANCELLED, S.CANCELLED)
    assert suppressed(bench)
    bench.deliver()
    assert texts(bench) == ["Example Bank: stopped."]
    again = hear(bench, "STOP!!!")
    assert (again.meaning, again.answered) == (M.STOP, "")
    bench.deliver()
    assert texts(bench) == ["Example Bank: stopped."]
    assert [verb for verb, _ in said(bench)] == ["opted out", "opted out"]


def test_a_second_stop_does_not_cancel_the_confirmation_of_the_first(bench: Bench) -> None:
    bench.message(1)
    hear(bench, "stop")
    hear(bench, "I SAID STOP")
    bench.deliver()
    assert texts(bench) == ["Example Bank: stopped."]


def test_the_same_message_twice_counts_once_and_is_kept_raw(bench: Bench) -> None:
    bench.person(1)
    for _ in range(2):
        heard = hear(bench, "stop", provider_id="SM_same", raw={"Body": "stop", "New": "x"})
    assert heard == Heard("")
    with bench.store.read() as tx:
        (row,) = replies.said(tx, phone(1), [M.STOP]).to_pylist()
        sent = outbox.read(tx).to_pylist()
    assert json.loads(row["raw"]) == {"Body": "stop", "New": "x"}
    assert [one["action"] for one in sent] == ["stop_confirmed"]


def test_a_number_that_several_people_have_stops_for_all_of_them_under_every_identity(
    bench: Bench,
) -> None:
    theirs, other = bench.message(1), bench.message(2)
    shared = {"person_id": "per_2", "kind": "phone", "value": phone(1), "known_at": NOON}
    link = {"person_id": "per_browser", "canonical_id": "per_2", "known_at": NOON}
    with bench.store.write() as tx:
        people.add_contact_points(tx, table(shared))
        rows.add(tx, LINKS, table(link), NOON)
    assert hear(bench, "please stop texting me").cancelled == 2
    assert (bench.state(theirs), bench.state(other)) == (S.CANCELLED, S.CANCELLED)
    assert suppressed(bench, 1)
    assert suppressed(bench, 2)
    with bench.store.read() as tx:
        assert stored.read(tx, ["per_browser"], NOON, STOP_KEY)["suppressions"].num_rows


def test_stop_on_one_channel_stops_the_others_and_gives_up_promised_calls(bench: Bench) -> None:
    bench.message(1)
    text = bench.message(2, decision_id="dec_2")
    call = bench.message(
        2, decision_id="dec_c", message_id="msg_c", channel="callback", action="call",
        **{"class": "requested"},
    )  # fmt: skip
    with bench.store.write() as tx:
        from engage.deliver import booking

        made = booking.call_now(tx, decision_id="dec_c", person_id="per_2", now=NOON)
    hear(bench, "END", number=2)
    assert (bench.state(text), bench.state(call)) == (S.CANCELLED, S.CANCELLED)
    with bench.store.read() as tx:
        kept = callbacks.get(tx, made.callback_id)
    assert kept is not None
    assert kept.state is CallbackState.CANCELLED
    assert said(bench)[-1][1]["stops"] == "all"


def test_a_narrower_stop_needs_the_setting_stops_that_channel_alone_and_is_audited(
    bench: Bench,
) -> None:
    alone = replace(INBOX, only_channel=True)
    text = bench.message(1)
    call = bench.message(
        1, decision_id="dec_c", message_id="msg_c", channel="callback", action="call",
        **{"class": "requested"},
    )  # fmt: skip
    hear(bench, "stop", inbox=alone)
    assert (bench.state(text), bench.state(call)) == (S.CANCELLED, S.DUE)
    assert said(bench)[-1][1]["stops"] == "sms"
    again = bench.message(1, decision_id="dec_again", message_id="msg_again")
    bench.deliver()
    assert (bench.state(again), bench.state(call)) == (S.SUPPRESSED, S.SENT)
    hear(bench, "start", inbox=alone)
    once_more = bench.message(1, decision_id="dec_more", message_id="msg_more")
    bench.deliver()
    assert bench.state(once_more) is S.SENT


def test_a_narrower_stop_is_asked_before_each_message_too(bench: Bench) -> None:
    bench.message(1)
    claimed = bench.begin
    with bench.store.write() as tx:
        from engage.deliver import claim

        (held,) = claim.claim(
            tx, bench.channels, bench.recheck, now=NOON, worker="w", limit=1, lease_s=30
        ).claims
        people.suppress(tx, STOP_KEY, person_id="per_9", reason="opt_out", at=NOON)
        assert not bench.recheck.opted_out(tx, held.message)
        from engage.store import suppressions

        suppressions.suppress_channel(tx, phone(1), "sms", key=STOP_KEY, reason="opt_out", now=NOON)
        assert bench.recheck.opted_out(tx, held.message)
    assert claimed is not None


def test_start_lifts_what_stop_did_where_there_was_consent_before(bench: Bench) -> None:
    bench.message(1)
    hear(bench, "stop")
    bench.deliver()
    bench.later(minutes=1)
    heard = hear(bench, "START")
    assert (heard.answered, heard.waits, suppressed(bench)) == ("start", False, False)
    bench.deliver()
    assert texts(bench) == ["Example Bank: stopped.", "Example Bank: on."]
    bench.later(minutes=1)
    assert hear(bench, "stop").answered == "stop"  # a new STOP is confirmed anew


def test_start_without_prior_consent_changes_nothing_and_a_person_reads_it(bench: Bench) -> None:
    bench.person(1)
    no = {"person_id": "per_1", "purpose": "sms", "granted": False, "at": NOON, "source": "app"}
    with bench.store.write() as tx:
        people.add_consents(tx, table(no))
    hear(bench, "stop")
    bench.later(minutes=1)
    heard = hear(bench, "START")
    assert (heard.answered, heard.waits, suppressed(bench)) == ("", True, True)
    assert waiting(bench) == ["START"]


def test_start_lifts_nothing_that_was_listed_for_another_reason(bench: Bench) -> None:
    bench.person(1)
    with bench.store.write() as tx:
        people.suppress(tx, STOP_KEY, person_id="per_1", reason="complaint", at=NOON)
    hear(bench, "stop")
    bench.later(minutes=1)
    hear(bench, "START")
    assert suppressed(bench)


def test_a_start_that_comes_after_a_newer_stop_changes_nothing(bench: Bench) -> None:
    bench.person(1)
    bench.later(minutes=10)
    hear(bench, "stop")
    heard = hear(bench, "START", received_at=NOON + timedelta(minutes=5))
    assert (heard.answered, heard.waits, suppressed(bench)) == ("", False, True)


def test_help_is_given_once_a_day_even_to_who_has_opted_out(bench: Bench) -> None:
    bench.message(1)
    hear(bench, "stop")
    assert hear(bench, "HELP").answered == "help"
    assert hear(bench, "HELP").answered == ""
    bench.deliver()
    assert sorted(texts(bench)) == ["Example Bank: stopped.", "Example Bank?"]
    bench.later(hours=25)
    assert hear(bench, "info").answered == "help"


def test_two_machines_that_answer_each_other_fall_silent(bench: Bench) -> None:
    """Whatever we say comes back to us as a customer's message, and ours go on being sent."""
    bench.message(1)
    bench.deliver()
    hear(bench, "HELP")
    answered = 0
    for _ in range(20):
        bench.later(seconds=30)
        bench.deliver()
        echoed = str(bench.provider.messages.to(phone(1))[-1]["body"])
        answered += bool(hear(bench, echoed).answered)
        answered += bool(hear(bench, "HELP").answered)
    assert answered <= 1
    assert len(bench.provider.messages.to(phone(1))) <= 3


def test_what_seems_to_come_from_our_own_number_is_never_answered(bench: Bench) -> None:
    heard = hear(bench, "stop", sender=SENDER)
    assert (heard.answered, heard.cancelled) == ("", 0)
    assert hear(bench, "help", sender="").answered == ""


def test_a_number_we_never_knew_is_suppressed_in_silence(bench: Bench) -> None:
    assert hear(bench, "stop", number=99).answered == ""
    late = bench.message(99)
    bench.deliver()
    assert bench.state(late) is S.SUPPRESSED


@pytest.mark.parametrize(
    ("given", "body"),
    [({}, " stop "), ({}, "STOPALL"), ({"opt_out": "STOP"}, "arrêtez donc")],
)
def test_what_the_provider_has_answered_is_not_answered_again(
    bench: Bench, given: dict[str, Any], body: str
) -> None:
    bench.message(1)
    theirs = replace(INBOX, provider_answers=True)
    heard = hear(bench, body, inbox=theirs, **given)
    assert (heard.meaning, heard.answered, heard.cancelled) == (M.STOP, "stop", 1)
    hear(bench, "please stop", inbox=theirs)
    bench.deliver()
    assert texts(bench) == []


def test_unsure_suppresses_and_a_person_decides(bench: Bench) -> None:
    message_id = bench.message(1)
    heard = hear(bench, "not interested")
    assert (heard.meaning, heard.cancelled, heard.answered) == (M.UNSURE, 1, "")
    assert heard.waits
    assert suppressed(bench)
    assert bench.state(message_id) is S.CANCELLED
    assert read_as(bench, heard.reply_id, M.OTHER)
    assert not suppressed(bench)
    assert waiting(bench) == []
    assert not read_as(bench, heard.reply_id, M.STOP)  # it was read already


def read_as(bench: Bench, reply_id: str, verdict: Meaning) -> bool:
    with bench.store.write() as tx:
        return reading.judge(tx, reply_id, verdict, by="Eve", inbox=INBOX, now=bench.clock.now())


def test_a_stop_after_a_perhaps_stays_whatever_a_person_reads_in_the_first(bench: Bench) -> None:
    bench.person(1)
    unsure = hear(bench, "wrong number")
    assert hear(bench, "stop").answered == "stop"
    assert read_as(bench, unsure.reply_id, M.OTHER)
    assert suppressed(bench)


def test_a_perhaps_that_a_person_reads_as_stop_is_confirmed_and_stays(bench: Bench) -> None:
    bench.person(1)
    unsure = hear(bench, "wrong number")
    assert read_as(bench, unsure.reply_id, M.STOP)
    bench.deliver()
    assert texts(bench) == ["Example Bank: stopped."]
    assert suppressed(bench)


def test_another_perhaps_that_still_waits_keeps_the_number_suppressed(bench: Bench) -> None:
    bench.person(1)
    first, second = hear(bench, "wrong number"), hear(bench, "who is this")
    assert read_as(bench, first.reply_id, M.OTHER)
    assert suppressed(bench)
    assert read_as(bench, second.reply_id, M.OTHER)
    assert not suppressed(bench)


@pytest.mark.parametrize(("body", "waits"), [("1", False), ("2", True), ("3", True)])
def test_a_digit_answers_a_reminder(bench: Bench, body: str, waits: bool) -> None:
    message_id = bench.message(1, **{"class": "requested"})
    bench.deliver()
    heard = hear(bench, body)
    assert (heard.meaning, heard.waits) == (M.DIGIT, waits)
    with bench.store.read() as tx:
        row = replies.get(tx, heard.reply_id)
        assert callbacks.read(tx) == []
    assert row is not None
    assert (row["message_id"], row["digit"]) == (message_id, int(body))


def test_1_to_an_offer_is_a_call_and_2_is_peace(bench: Bench) -> None:
    bench.message(1)
    bench.message(2)
    bench.deliver()
    for _ in range(2):
        assert not hear(bench, "1 please", number=1).waits
    assert not hear(bench, "2", number=2).waits
    with bench.store.read() as tx:
        promised = callbacks.read(tx)
        (spent,) = ledger.contacts(tx, ["per_2"]).to_pylist()
    assert [(one.person_id, one.state) for one in promised] == [("per_1", CallbackState.BOOKED)]
    assert spent["rest_until"] == (NOON + REST).replace(tzinfo=None)


def test_a_digit_without_a_question_or_after_a_stop_is_read_by_a_person(bench: Bench) -> None:
    bench.message(1)
    assert hear(bench, "1").waits  # nothing has left yet
    bench.deliver()
    hear(bench, "stop")
    assert hear(bench, "1").waits
    with bench.store.read() as tx:
        assert callbacks.read(tx) == []


def test_anything_else_is_read_by_a_person_and_stops_nothing(bench: Bench) -> None:
    message_id = bench.message(1)
    assert hear(bench, "please don't stop calling, I need help").waits
    assert not suppressed(bench)
    assert bench.deliver().done == 1
    assert bench.state(message_id) is S.SENT


def test_the_audit_log_holds_no_number_and_no_words_of_the_customer(bench: Bench) -> None:
    bench.message(1)
    for body in ("stop, says Miller", "START", "HELP", "who is this, says Miller"):
        hear(bench, body)
    with bench.store.read() as tx:
        told = str(audit.read(tx).to_pylist())
    assert phone(1) not in told
    assert "Miller" not in told
