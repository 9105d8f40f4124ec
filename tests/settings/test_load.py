from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from engage import settings
from engage.errors import SettingsError
from engage.settings import Secrets, Settings


def load(folder: Path, text: str) -> Settings:
    (folder / "settings.toml").write_text(text)
    return settings.load(folder, {})


def refused(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as refusal:
        load(folder, text)
    return str(refusal.value)


def test_an_empty_file_gives_every_default(tmp_path: Path) -> None:
    assert load(tmp_path, "") == Settings()


def test_what_the_file_says_is_in_force_and_the_rest_has_its_default(tmp_path: Path) -> None:
    loaded = load(tmp_path, "[delivery]\nattempts = 3\n")
    assert loaded.delivery.attempts == 3
    assert loaded.delivery.batch == Settings().delivery.batch


@pytest.mark.parametrize(
    ("text", "place", "nearest"),
    [
        ("[delivery]\natempts = 3\n", "[delivery] atempts", "attempts"),
        ("[delivry]\nattempts = 3\n", "[delivry]", "delivery"),
        ("[channels.sms]\nsendr = '1'\n", "[channels.sms] sendr", "sender"),
        ("[queues.service]\nagents = 1\nopen = '09:00'\n", "[queues.service] open", "opens"),
        (
            "[triggers.t]\nclas = 'service'\nwhen = 'x'\nsubject = 'session'\ngoal = 'g'\n",
            "[triggers.t] clas",
            "class",
        ),
    ],
)
def test_an_unknown_key_is_refused_with_file_table_key_and_the_nearest_name(
    tmp_path: Path, text: str, place: str, nearest: str
) -> None:
    message = refused(tmp_path, text)
    expected = f"{tmp_path}/settings.toml {place}: unknown key; the nearest is '{nearest}'"
    assert expected in message.splitlines()


def test_names_that_a_project_chooses_itself_are_not_unknown(tmp_path: Path) -> None:
    loaded = load(tmp_path, "[queues.my_own]\nagents = 4\n[channels.sms.bodies]\nmine = 'Hello'\n")
    assert loaded.queues["my_own"].agents == 4
    assert loaded.channels.sms.bodies["mine"] == "Hello"


def test_every_fault_is_told_at_once(tmp_path: Path) -> None:
    lines = refused(tmp_path, "[delivery]\natempts = 3\nbatch = 'many'\n").splitlines()
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[delivery]\nattempts = 'many'\n", "[delivery] attempts: 'many' is not a whole number"),
        ("[delivery]\nattempts = 2.5\n", "[delivery] attempts: 2.5 is not a whole number"),
        ("[delivery]\nlease_s = 'long'\n", "[delivery] lease_s: 'long' is not a number"),
        ("[delivery]\nlease_s = nan\n", "[delivery] lease_s: nan is not a number"),
        ("[delivery]\ndry_run = 'no'\n", "[delivery] dry_run: 'no' is not true or false"),
        ("[delivery]\ndry_run = 0\n", "[delivery] dry_run: 0 is not true or false"),
        ("[project]\nname = 7\n", "[project] name: 7 is not text"),
        ("delivery = 7\n", "[delivery]: 7 is not a table"),
        ("[queues.a]\nagents = 1\ndays = 'sat'\n", "[queues.a] days: 'sat' is not a list"),
        ("[journeys.a]\nmargin_minor = 1\n", "[journeys.a] goal: this key is needed"),
        (
            "[logs]\nformat = 'xml'\n",
            "[logs] format: 'xml' does not fit; input should be 'text' or",
        ),
        ("[caps]\nceiling_24h = 4\n", "[caps] ceiling_24h: 4 does not fit; input should be less"),
        ("[assignment]\nholdout_global = 1.0\n", "holdout_global: 1.0 does not fit"),
        ("[project]\nzone = 'Europe/Atlantis'\n", "'Europe/Atlantis' is no IANA time zone"),
        (
            "[policy.windows]\nGermany = {}\n",
            "[policy.windows.Germany] service: this key is needed",
        ),
    ],
)
def test_a_value_that_does_not_fit_says_where_and_what_would(
    tmp_path: Path, text: str, says: str
) -> None:
    assert says in refused(tmp_path, text)


@pytest.mark.parametrize(
    ("window", "says"),
    [
        ("monday 9-17", "'monday 9-17' is no window; write it as 'mon-sat 09:00-19:00'"),
        ("mon-xyz 09:00-17:00", "is no window"),
        ("mon-fri 17:00-09:00", "ends before it begins"),
        ("sat-mon 09:00-17:00", "ends before it begins"),
    ],
)
def test_a_window_that_cannot_be_read_is_refused(tmp_path: Path, window: str, says: str) -> None:
    row = f"{{ hours = ['{window}'], source = 's', as_of = '2026' }}"
    assert says in refused(tmp_path, f"[policy.regions]\nUS-CA = {row}\n")


def test_a_country_is_named_by_its_code(tmp_path: Path) -> None:
    row = "{ service = [], marketing = [], source = 's', as_of = '2026' }"
    assert "'USA' is no ISO 3166 code" in refused(tmp_path, f"[policy.windows]\nUSA = {row}\n")


def test_a_window_holds_its_days_and_hours(tmp_path: Path) -> None:
    row = "{ hours = ['mon-wed 09:00-17:30', 'sun 12:00-24:00'], source = 's', as_of = '2026' }"
    hours = load(tmp_path, f"[policy.regions]\nUS-CA = {row}\n").policy.regions["US-CA"].hours
    assert hours[0].days == ("mon", "tue", "wed")
    assert (hours[0].opens, hours[0].closes) == ("09:00", "17:30")
    assert (hours[1].days, hours[1].closes) == (("sun",), "24:00")


def test_text_that_is_not_toml_is_refused_with_its_line(tmp_path: Path) -> None:
    message = refused(tmp_path, "[delivery]\nattempts = = 3\n")
    assert "not TOML" in message
    assert "line 2" in message


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"settings\.toml: cannot be read"):
        settings.load(tmp_path, {})


def test_bytes_that_are_not_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        settings.load(tmp_path, {})


@pytest.mark.parametrize(
    "text",
    [
        "[channels.sms]\nauth_token = 'x'\n",
        "[twilio]\naccount_sid = 'AC1'\n",
        "password = 'x'\n",
        "[store]\nsecret = 'x'\n",
        "[store]\nurl = 'postgresql://engage:hunter2@db/engage'\n",
    ],
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(tmp_path: Path, text: str) -> None:
    message = refused(tmp_path, text)
    assert "environment" in message or "ENGAGE_STORE_URL" in message
    assert "hunter2" not in message
    assert "AC1" not in message


def test_settings_cannot_be_changed_once_read(tmp_path: Path) -> None:
    loaded = load(tmp_path, "[queues.service]\nagents = 4\n")
    with pytest.raises(ValidationError, match="frozen"):
        loaded.delivery.attempts = 9  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        loaded.delivery = Settings().delivery  # type: ignore[misc]
    with pytest.raises(TypeError):
        loaded.queues["service"] = loaded.queues["service"]  # type: ignore[index]


def test_secrets_come_from_the_environment_and_do_not_show() -> None:
    secrets = Secrets.from_environ({"ENGAGE_SECRET": "hush", "ENGAGE_STORE_URL": "postgresql://x"})
    assert (secrets.secret, secrets.store_url) == ("hush", "postgresql://x")
    assert secrets.twilio_auth_token == ""
    assert "hush" not in repr(secrets)


def test_a_misspelt_variable_is_refused_with_the_right_name(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("")
    with pytest.raises(
        SettingsError, match="ENGAGE_SECERT is not known; did you mean ENGAGE_SECRET"
    ):
        settings.load(tmp_path, {"ENGAGE_SECERT": "hush"})


def test_other_variables_of_the_machine_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "settings.toml").write_text("")
    environment = {"PATH": "/usr/bin", "ENGAGE_SHARED_DATA": "/data", "SECRET": "x"}
    assert settings.load(tmp_path, environment) == Settings()
