from __future__ import annotations

import pytest

from engage.decide.whereabouts import narrowed, of_phone, place


@pytest.mark.parametrize(
    ("country", "region", "expected"),
    [
        ("DE", "", "DE"),
        ("us", "ca", "US-CA"),
        ("US", "US-CA", "US-CA"),
        ("US", "California", "US"),
        (" de ", None, "DE"),
        ("Germany", "", ""),
        (None, "CA", ""),
        ("", "", ""),
    ],
)
def test_a_place_is_a_country_and_a_region_s_code(
    country: object, region: object, expected: str
) -> None:
    assert place(country, region) == expected


def test_a_country_is_dropped_where_its_region_is_known() -> None:
    assert narrowed(["US", "US-CA", "", "DE"]) == ("DE", "US-CA")
    assert narrowed(["US", "DE"]) == ("DE", "US")


def test_a_number_tells_where_it_may_be() -> None:
    # The zones are those of Google's libphonenumber.
    assert of_phone("+493012345678") == ("DE", ("Europe/Berlin",))
    assert of_phone("+12125551234") == ("US", ("America/New_York",))


def test_a_toll_free_number_may_be_anywhere_in_its_country_code() -> None:
    _, zones = of_phone("+18005550100")
    assert len(zones) > 40
    assert {"America/New_York", "Pacific/Honolulu", "America/Halifax"} <= set(zones)


@pytest.mark.parametrize("number", ["", "abc", "+999123456789"])
def test_a_number_that_tells_nothing_is_nowhere(number: str) -> None:
    assert of_phone(number) == ("", ())
