"""A model's files are whole or not there, and nobody alters them unnoticed."""

from __future__ import annotations

import os
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from engage.errors import ArtifactRefused
from engage.scoring.artifact import read, write
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained
from tests.scoring.conftest import Shop


def test_what_is_read_is_what_was_written(tmp_path: Path, trained: Trained, shop: Shop) -> None:
    folder = write(tmp_path, trained.artifact)
    again = read(folder, trained.artifact.sha256)
    frame = shop()[0].frame
    assert again == trained.artifact
    assert np.array_equal(Predictor(again).score(frame), Predictor(trained.artifact).score(frame))


def test_the_folder_holds_text_and_json_only(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact)
    assert sorted(one.name for one in folder.iterdir()) == ["intent.json", "intent.txt"]
    assert [one.name for one in tmp_path.iterdir()] == [folder.name]


def test_writing_twice_changes_nothing(tmp_path: Path, trained: Trained) -> None:
    assert write(tmp_path, trained.artifact) == write(tmp_path, trained.artifact)


def test_any_flipped_bit_is_refused_before_anything_is_parsed(
    tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five hundred bits drawn over both files."""
    folder = write(tmp_path, trained.artifact)
    parsed: list[object] = []
    monkeypatch.setattr(lightgbm, "Booster", lambda **text: parsed.append(text))
    monkeypatch.setattr("engage.scoring.artifact.json.loads", parsed.append)
    rng = np.random.default_rng(1)
    for name in ("intent.txt", "intent.json"):
        whole = (folder / name).read_bytes()
        for bit in rng.integers(0, len(whole) * 8, 250):
            flipped = bytearray(whole)
            flipped[bit // 8] ^= 1 << (bit % 8)
            (folder / name).write_bytes(flipped)
            with pytest.raises(ArtifactRefused, match="not the ones that were written"):
                read(folder, trained.artifact.sha256)
        (folder / name).write_bytes(whole)
    assert parsed == []


def test_bytes_cannot_move_from_one_file_to_the_other(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact)
    text, body = (folder / "intent.txt").read_bytes(), (folder / "intent.json").read_bytes()
    (folder / "intent.txt").write_bytes(text + body[:1])
    (folder / "intent.json").write_bytes(body[1:])
    with pytest.raises(ArtifactRefused):
        read(folder, trained.artifact.sha256)


def test_a_missing_file_is_named(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact)
    (folder / "intent.txt").unlink()
    with pytest.raises(ArtifactRefused, match=r"intent\.txt cannot be read"):
        read(folder, trained.artifact.sha256)


@pytest.mark.parametrize("step", ["fsync", "rename"])
@pytest.mark.parametrize("error", [OSError("disk full"), KeyboardInterrupt()])
def test_an_interruption_leaves_nothing_half_written(
    tmp_path: Path,
    trained: Trained,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    error: BaseException,
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(os if step == "fsync" else Path, step, fail)
    with pytest.raises(type(error)):
        write(tmp_path, trained.artifact)
    assert list(tmp_path.iterdir()) == []


def test_an_altered_folder_is_not_taken_for_the_same_artifact(
    tmp_path: Path, trained: Trained
) -> None:
    folder = write(tmp_path, trained.artifact)
    (folder / "intent.json").write_text("{}")
    with pytest.raises(ArtifactRefused):
        write(tmp_path, trained.artifact)
