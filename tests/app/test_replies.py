"""What Twilio tells and what it is asked: promises B1, B3, C2 and the second net of B8."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from engage.app import replies, webhooks
from engage.app.app import App
from engage.app.checkup import check_up
from engage.channels.sms import Sms
from engage.channels.twilio.client import connect
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio, Fault
from engage.clock import MovingClock
from engage.collect.replies import understand
from engage.domain.messages import MessageState
from engage.errors import WrongUse
from engage.store import outbox, people
from engage.store import replies as stored
from tests.bank import MakeBank
from tests.channels.forged import PUBLIC_URL, TOKEN, forged, incoming, status_report
from tests.deliver.bench import NOON, SENDER, Bench, phone

TABLES = ("replies", "receipts", "messages", "suppressions", "audit_entries")


@pytest.fixture
def provider() -> Iterator[FakeTwilio]:
    with FakeTwilio(clock=MovingClock(NOON)) as running:
        yield running


@pytest.fixture
def app(make_bank: MakeBank, provider: FakeTwilio) -> App:
    """An installation that really sends, whose address the provider knows."""
    opened = make_bank(
        {
            'public_url = ""': f'public_url = "{PUBLIC_URL}"',
            r'(?m)^sender = "" {5,}# number that messages': f'sender = "{SENDER}" # number',
        }
    ).app
    client = connect(ACCOUNT_SID, AUTH_TOKEN, base_url=provider.url, read_s=2.0)
    clock = MovingClock(NOON)
    provider.messages.clock = clock
    return replace(
        opened,
        clock=clock,
        secrets=replace(opened.secrets, twilio_auth_token=TOKEN),
        channels={**opened.channels, "sms": Sms(client, sender=SENDER, public_url=PUBLIC_URL)},
    )


@pytest.fixture
def bench(app: App, provider: FakeTwilio) -> Bench:
    """The same installation, with people and messages to them."""
    assert isinstance(app.clock, MovingClock)
    return Bench(app.store, provider, app.clock, channels={"sms": app.channels["sms"]})


def rows(app: App) -> dict[str, list[Any]]:
    import sqlalchemy as sa

    with app.store.read() as tx:
        return {
            name: [tuple(row) for row in tx.execute(sa.text(f"select * from {name} order by 1"))]
            for name in TABLES
        }


def test_a_stop_that_twilio_hands_over_is_in_force_when_it_is_answered(
    app: App, bench: Bench
) -> None:
    message_id = bench.message(1)
    assert webhooks.incoming_message(app, incoming("please stop", phone(1))) == 200
    assert bench.state(message_id) is MessageState.CANCELLED
    again = bench.message(1, message_id="msg_2", decision_id="dec_2")
    standing = replace(bench.recheck, key=app.suppression_key)
    bench.recheck = standing
    bench.deliver()
    assert bench.state(again) is MessageState.SUPPRESSED


def test_the_same_hand_over_twice_counts_once(app: App, bench: Bench) -> None:
    bench.person(1)
    request = incoming("stop", phone(1))
    assert [webhooks.incoming_message(app, request) for _ in range(2)] == [200, 200]
    assert len(rows(app)["replies"]) == 1


def test_a_status_moves_the_message_that_its_address_names(app: App, bench: Bench) -> None:
    message_id = bench.message(1)
    bench.deliver()
    (asked,) = bench.provider.creates
    told = f"{PUBLIC_URL}/webhooks/twilio/status?message={message_id}&attempt=1#rc=5&rp=all"
    assert asked.form["StatusCallback"] == [told]
    assert webhooks.message_status(app, status_report(message_id)) == 200
    assert bench.state(message_id) is MessageState.DELIVERED


def test_a_thousand_forged_requests_change_nothing(app: App, bench: Bench) -> None:
    message_id = bench.message(1)
    bench.deliver()
    before = rows(app)
    answers = [
        webhooks.message_status(app, one) for one in forged(status_report(message_id), 500)
    ] + [webhooks.incoming_message(app, one) for one in forged(incoming("STOP", phone(1)), 500)]
    print({code: answers.count(code) for code in sorted(set(answers))})
    assert {code // 100 for code in answers} == {4}
    assert rows(app) == before


def test_without_a_public_address_or_a_token_everything_is_refused(app: App, bench: Bench) -> None:
    bench.person(1)
    mute = replace(app, secrets=replace(app.secrets, twilio_auth_token=""))
    assert webhooks.incoming_message(mute, incoming("STOP", phone(1))) == 403
    assert rows(app)["replies"] == []


@pytest.mark.parametrize("sid", ["", "SM1", "CA" + "0" * 32])
def test_a_genuine_request_that_says_nothing_is_malformed(app: App, sid: str) -> None:
    assert webhooks.message_status(app, status_report(sid=sid)) == 400
    assert webhooks.incoming_message(app, incoming("STOP", phone(1), sid=sid)) == 400


def test_what_no_webhook_told_is_asked_for_and_what_one_told_counts_once(
    app: App, bench: Bench, provider: FakeTwilio
) -> None:
    first, second = bench.message(1), bench.message(2)
    sid = provider.messages.receive(phone(1), SENDER, "STOP")
    provider.messages.receive(phone(2), "+15005550999", "STOP")  # to another number of the account
    provider.messages.create({"To": phone(2), "From": SENDER, "Body": "ours"})
    report = replies.poll_inbound(app)
    assert (report.seen, report.done) == (1, 1)
    assert (bench.state(first), bench.state(second)) == (MessageState.CANCELLED, MessageState.DUE)
    assert webhooks.incoming_message(app, incoming("STOP", phone(1), sid=sid)) == 200
    assert len(rows(app)["replies"]) == 1
    bench.later(seconds=60)
    assert replies.poll_inbound(app).skipped == {replies.KNOWN: 1}
    for seen in (1, 0):  # a look begins five minutes before the last one did
        bench.later(minutes=10)
        assert replies.poll_inbound(app).seen == seen


def test_after_an_outage_everything_since_the_last_look_is_taken_in_order(
    app: App, bench: Bench, provider: FakeTwilio
) -> None:
    replies.poll_inbound(app)
    for number in range(100):
        bench.person(number)
    bench.later(hours=2)
    for number in range(100):
        provider.messages.receive(phone(number), SENDER, "stop it")
    bench.later(minutes=1)
    provider.messages.receive(phone(7), SENDER, "START")
    provider.fail_reads(Fault.ERROR)
    bench.later(hours=1)
    assert replies.poll_inbound(app).skipped == {"the provider's list cannot be read": 1}
    assert replies.poll_inbound(app).done == 101
    with app.store.read() as tx:
        said = stored.waiting(tx).num_rows
    assert said == 0
    listed = {row[1] for row in rows(app)["suppressions"]}
    assert len(listed) == 2 * 99  # a number and a person each, but for the one who came back


def test_a_message_on_which_we_break_stops_no_other_and_is_asked_for_again(
    app: App, bench: Bench, provider: FakeTwilio, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.message(1)
    second = bench.message(2)
    provider.messages.receive(phone(1), SENDER, "break")
    provider.messages.receive(phone(2), SENDER, "stop")

    def breaks(text: str) -> Any:
        if text == "break":
            raise ZeroDivisionError
        return understand(text)

    with monkeypatch.context() as patched:
        patched.setattr("engage.deliver.inbound.understand", breaks)
        assert replies.poll_inbound(app).skipped == {"could not be taken": 1}
    assert bench.state(second) is MessageState.CANCELLED
    bench.later(hours=1)
    assert replies.poll_inbound(app).done == 1


def test_in_dry_run_nobody_is_asked(make_bank: MakeBank, provider: FakeTwilio) -> None:
    report = make_bank().run("poll_inbound")
    assert (report.seen, report.done) == (0, 0)
    assert "none are asked for" in report.note
    assert provider.asked == []


def test_somebody_reads_what_is_not_clear(app: App, bench: Bench) -> None:
    bench.person(1)
    assert webhooks.incoming_message(app, incoming("who is this", phone(1))) == 200
    (one,) = replies.waiting(app)
    assert (one["meaning"], one["body"]) == ("unsure", "who is this")
    assert phone(1) not in str(one)
    with pytest.raises(WrongUse, match="is no verdict"):
        replies.judge(app, one["reply_id"], "maybe", "Eve")
    with pytest.raises(WrongUse, match="--by NAME"):
        replies.judge(app, one["reply_id"], "other", " ")
    replies.judge(app, one["reply_id"], "other", "Eve")
    assert replies.waiting(app) == []
    with app.store.read() as tx:
        assert outbox.read(tx).num_rows == 0
        assert people.find(tx, "phone", phone(1)) == ["per_1"]
    with pytest.raises(WrongUse, match="waits to be read"):
        replies.judge(app, one["reply_id"], "stop", "Eve")


def test_nothing_personal_stands_in_the_log(
    app: App, bench: Bench, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.person(1)

    def breaks(text: str) -> Any:
        raise ValueError(f"{text} of {phone(1)}")

    monkeypatch.setattr("engage.deliver.inbound.understand", breaks)
    bench.provider.messages.receive(phone(1), SENDER, "Miller says stop")
    replies.poll_inbound(app)
    told = "".join(capsys.readouterr())
    assert "could not be taken" in told
    assert phone(1) not in told


def test_the_check_up_says_what_waits_to_be_read_and_that_a_stop_is_narrow(
    app: App, bench: Bench
) -> None:
    bench.person(1)
    webhooks.incoming_message(app, incoming("who is this", phone(1)))
    narrow = app.settings.replies.model_copy(update={"stop_scope": "channel"})
    told = replace(app, settings=app.settings.model_copy(update={"replies": narrow}))
    found = [one.says for one in check_up(told, {}, {}) if one.about == "replies"]
    assert found == [
        "1 messages of customers wait for somebody to read them",
        "a STOP stops its own channel alone: [replies] stop_scope",
    ]
    assert not [one for one in check_up(app, {}, {}) if "alone" in one.says]
