"""Counts worked out by hand from 3GPP TS 23.038: 160/153 for GSM-7, 70/67 for UCS-2."""

from __future__ import annotations

import pytest

from engage.channels.segments import BASIC, EXTENSION, Encoding, segments


@pytest.mark.parametrize(
    ("text", "encoding", "parts"),
    [
        pytest.param("", Encoding.GSM7, 1, id="an empty text is billed as one"),
        pytest.param("a" * 160, Encoding.GSM7, 1, id="160 fit in one"),
        pytest.param("a" * 161, Encoding.GSM7, 2, id="161 need two of 153"),
        pytest.param("a" * 306, Encoding.GSM7, 2, id="2 x 153 = 306"),
        pytest.param("a" * 307, Encoding.GSM7, 3, id="307 need three"),
        pytest.param("€" * 80, Encoding.GSM7, 1, id="80 euro signs take 160 places"),
        pytest.param("€" * 81, Encoding.GSM7, 2, id="81 euro signs take 162 places"),
        pytest.param("€" * 152, Encoding.GSM7, 2, id="76 whole euro signs fit in 153 places"),
        pytest.param("€" * 153, Encoding.GSM7, 3, id="the 153rd is not torn in two"),
        pytest.param("é" * 160, Encoding.GSM7, 1, id="é belongs to the alphabet"),
        pytest.param("ç" * 71, Encoding.UCS2, 2, id="small ç does not"),
        pytest.param("\u2019" + "a" * 69, Encoding.UCS2, 1, id="one curly quote halves the room"),
        pytest.param("\u2019" + "a" * 70, Encoding.UCS2, 2, id="71 in UCS-2 need two of 67"),
        pytest.param("👍" * 35, Encoding.UCS2, 1, id="35 emoji take 70 units"),
        pytest.param("👍" * 36, Encoding.UCS2, 2, id="36 emoji take 72 units"),
        pytest.param("👍" * 67, Encoding.UCS2, 3, id="33 whole emoji fit in 67 units"),
    ],
)
def test_a_text_takes_this_many_parts(text: str, encoding: Encoding, parts: int) -> None:
    assert segments(text) == (encoding, parts)


def test_the_alphabet_has_127_characters_and_9_that_take_two_places_and_the_page_break() -> None:
    # Table 6.2.1 of the standard has 128 positions, one of which is the escape.
    assert len(BASIC) == 127
    assert len(EXTENSION) == 10
    assert not BASIC & EXTENSION
