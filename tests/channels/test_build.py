"""Which channel a project gets: nothing that can send, until somebody says so and sets it up."""

from __future__ import annotations

from pathlib import Path

import pytest

from engage.channels import build
from engage.channels.callback import Callback
from engage.channels.chat_offer import ChatOffer
from engage.channels.dry_run import DryRun
from engage.channels.sms import Sms
from engage.channels.twilio.fake import ACCOUNT_SID, AUTH_TOKEN, FakeTwilio
from engage.domain.messages import Message
from engage.errors import SettingsError
from engage.settings import Secrets, Settings, load

CREDENTIALS = Secrets(twilio_account_sid=ACCOUNT_SID, twilio_auth_token=AUTH_TOKEN)


def live(root: Path, **sms: object) -> Settings:
    shipped = load(root, {})
    channels = shipped.channels.model_copy(
        update={"sms": shipped.channels.sms.model_copy(update=sms)}
    )
    delivery = shipped.delivery.model_copy(update={"dry_run": False})
    return shipped.model_copy(update={"delivery": delivery, "channels": channels})


def test_a_new_installation_sends_nothing(root: Path) -> None:
    channels = build(load(root, {}), Secrets())
    assert {name: type(one) for name, one in channels.items()} == {
        "callback": DryRun,
        "chat_offer": ChatOffer,
        "sms": DryRun,
    }


def test_leaving_dry_run_without_a_sender_stops_the_start(root: Path) -> None:
    with pytest.raises(SettingsError, match=r"channels\.sms.*sender"):
        build(live(root), CREDENTIALS)


def test_leaving_dry_run_without_credentials_stops_the_start(root: Path) -> None:
    with pytest.raises(SettingsError, match="ENGAGE_TWILIO_ACCOUNT_SID"):
        build(live(root, sender="+15005550006"), Secrets())


def test_a_project_that_is_set_up_sends_through_its_provider(
    root: Path, provider: FakeTwilio, message: Message
) -> None:
    channels = build(live(root, sender="+15005550006", base_url=provider.url), CREDENTIALS)
    assert isinstance(channels["sms"], Sms)
    assert isinstance(channels["callback"], Callback)
    channels["sms"].send(message)
    assert len(provider.messages.items) == 1


def test_an_action_on_an_unknown_channel_is_told_the_nearest(root: Path) -> None:
    shipped = load(root, {})
    pigeon = shipped.actions["sms_morning"].model_copy(update={"channel": "smss"})
    settings = shipped.model_copy(update={"actions": {"letter": pigeon}})
    with pytest.raises(SettingsError, match="nearest is 'sms'"):
        build(settings, Secrets())


def test_a_wording_that_could_not_be_sent_stops_the_start(root: Path) -> None:
    settings = live(root, bodies={"sms_morning": "Your balance is {{ balance }}"})
    with pytest.raises(SettingsError, match=r"bodies\] sms_morning: .*balance"):
        build(settings, CREDENTIALS)
