from __future__ import annotations

from engage.decide.naming import reference
from tests.decide.world import World, only


def test_a_reference_is_short_and_cannot_be_misread() -> None:
    codes = [reference(b"key", f"dec_{i}") for i in range(5_000)]
    letters = set("".join(codes))
    assert {len(code) for code in codes} == {7}
    assert not letters & set("AEIOU01258BGILOQSUZ")
    # 5,000 of 20^7 codes: a pair would be alike once in a hundred such sets.
    assert len(set(codes)) == 5_000


def test_a_reference_belongs_to_its_decision_and_its_key() -> None:
    assert reference(b"key", "dec_1") == reference(b"key", "dec_1")
    assert reference(b"key", "dec_1") != reference(b"key", "dec_2")
    assert reference(b"key", "dec_1") != reference(b"lock", "dec_1")


def test_every_message_carries_its_reference() -> None:
    decided = World().decide()
    decision_id = only(decided.decisions)["decision_id"]
    assert only(decided.messages)["reference"] == reference(b"secret", decision_id)
