from __future__ import annotations

from tests.collect.samples import Reading, utc

PEOPLE = """
kind = "people"
source = "crm"
person = { column = "id" }
[columns]
valid_from = { column = "since" }
attributes = { pack = ["region"] }
[contact.phone]
column = "phone"
region = "DE"
[contact.email]
column = "mail"
[consents.sms_marketing]
granted = { column = "sms" }
at = { column = "sms_at" }
text_version = "2025-03"
"""
HEADER = "id,since,region,phone,mail,sms,sms_at\n"
NEW_YEAR = utc(2026, 1, 1)


def test_phones_become_e164_and_addresses_lower_case(reading: Reading) -> None:
    made = reading(PEOPLE, HEADER + "1,2026-01-01,north,030 1234567,Ada@Example.ORG,,\n")
    (person,) = made.rows["person_id"].to_pylist()
    assert made.extras["contact_points"].to_pylist() == [
        {"person_id": person, "kind": "phone", "value": "+49301234567", "known_at": NEW_YEAR},
        {"person_id": person, "kind": "email", "value": "ada@example.org", "known_at": NEW_YEAR},
    ]


def test_a_number_with_its_country_needs_no_region(reading: Reading) -> None:
    toml = PEOPLE.replace('region = "DE"', "")
    made = reading(
        toml, HEADER + "1,2026-01-01,n,+44 20 7946 0958,,,\n2,2026-01-01,n,030 1234567,,,\n"
    )
    assert made.extras["contact_points"]["value"].to_pylist() == ["+442079460958"]
    assert made.extras["parts"]["reason"].to_pylist() == ["phone: not a number to call"]


def test_a_bad_number_is_set_aside_and_its_person_stays(reading: Reading) -> None:
    made = reading(PEOPLE, HEADER + "1,2026-01-01,north,12,nobody,,\n")
    assert made.rows.num_rows == 1
    assert made.bad.num_rows == 0
    assert made.extras["contact_points"].num_rows == 0
    assert [(row["line"], row["reason"]) for row in made.extras["parts"].to_pylist()] == [
        (2, "phone: not a number to call; email: not an address"),
    ]


def test_consents_carry_their_date_source_and_text(reading: Reading) -> None:
    made = reading(
        PEOPLE,
        HEADER
        + "1,2026-01-01,n,,,yes,2025-05-01\n"
        + "2,2026-01-01,n,,,no,2025-05-02\n"
        + "3,2026-01-01,n,,,,\n"
        + "4,2026-01-01,n,,,yes,\n",
    )
    said = made.extras["consents"].to_pylist()
    assert [(row["granted"], row["at"]) for row in said] == [
        (True, utc(2025, 5, 1)),
        (False, utc(2025, 5, 2)),
    ]
    assert {(row["purpose"], row["source"], row["text_version"]) for row in said} == {
        ("sms_marketing", "crm", "2025-03")
    }
    # A yes of nobody knows when could never grow too old to rely on.
    assert made.extras["parts"]["reason"].to_pylist() == ["consents.sms_marketing: when is missing"]


def test_a_row_that_is_set_aside_leaves_no_number_behind(reading: Reading) -> None:
    made = reading(PEOPLE, HEADER + "1,0000-00-00,n,030 1234567,,yes,2025-05-01\n")
    assert made.rows.num_rows == 0
    assert made.extras["contact_points"].num_rows == 0
    assert made.extras["consents"].num_rows == 0
