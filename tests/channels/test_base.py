from __future__ import annotations

from types import ModuleType

import pytest

from engage.channels.base import channel_in
from engage.errors import DefinitionError


def file_with(text: str) -> ModuleType:
    module = ModuleType("engage.channels.pigeon")
    module.__file__ = "engage/channels/pigeon.py"
    exec(text, module.__dict__)  # noqa: S102 - the text stands below, in this file
    return module


def test_a_file_is_a_channel() -> None:
    found = channel_in(file_with("class Pigeon:\n name = 'pigeon'\n def send(self, m): ..."))
    assert found.name == "pigeon"


def test_a_file_without_a_channel_stops_the_start_with_its_name() -> None:
    with pytest.raises(DefinitionError, match=r"pigeon\.py.* has 0"):
        channel_in(file_with("feathers = 2"))


def test_a_file_with_two_channels_stops_the_start() -> None:
    two = "\n".join(f"class {name}:\n def send(self, m): ..." for name in ("A", "B"))
    with pytest.raises(DefinitionError, match="has 2"):
        channel_in(file_with(two))


def test_a_channel_is_named_after_its_file() -> None:
    with pytest.raises(DefinitionError, match="name it 'pigeon'"):
        channel_in(file_with("class Dove:\n name = 'dove'\n def send(self, m): ..."))
