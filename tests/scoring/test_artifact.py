"""A model's files are whole or not there, and nobody alters them unnoticed."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import lightgbm
import numpy as np
import pytest

from engage.errors import ArtifactRefused
from engage.scoring.artifact import read, verified, write
from engage.scoring.predict import Predictor
from engage.scoring.train import Trained
from tests.scoring.conftest import Shop

KEY = b"of this installation"


def test_what_is_read_is_what_was_written(tmp_path: Path, trained: Trained, shop: Shop) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    again = read(folder, trained.artifact.sha256, KEY)
    frame = shop()[0].frame
    assert again == trained.artifact
    assert np.array_equal(Predictor(again).score(frame), Predictor(trained.artifact).score(frame))


def test_the_folder_holds_text_json_and_manifest_only(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    assert sorted(one.name for one in folder.iterdir()) == [
        "intent.json",
        "intent.manifest",
        "intent.txt",
    ]
    assert [one.name for one in tmp_path.iterdir()] == [folder.name]


def test_writing_twice_changes_nothing(tmp_path: Path, trained: Trained) -> None:
    assert write(tmp_path, trained.artifact, KEY) == write(tmp_path, trained.artifact, KEY)


def test_any_of_a_thousand_flipped_bits_is_refused_before_anything_is_parsed(
    tmp_path: Path, trained: Trained, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four hundred bits drawn over each of the large files, two hundred over the manifest."""
    folder = write(tmp_path, trained.artifact, KEY)
    parsed: list[object] = []
    monkeypatch.setattr(lightgbm, "Booster", lambda **text: parsed.append(text))
    monkeypatch.setattr("engage.scoring.artifact.json.loads", parsed.append)
    whole = [(folder / f"intent.{kind}").read_bytes() for kind in ("txt", "json", "manifest")]
    rng = np.random.default_rng(1)
    refused = 0
    for place, flips in enumerate((400, 400, 200)):
        for bit in rng.choice(len(whole[place]) * 8, flips, replace=False):
            files = list(whole)
            flipped = bytearray(files[place])
            flipped[bit // 8] ^= 1 << (bit % 8)
            files[place] = bytes(flipped)
            with pytest.raises(ArtifactRefused):
                checked(files, trained)
            refused += 1
    assert (refused, parsed) == (1000, [])
    checked(whole, trained)
    assert len(parsed) == 1, "the unaltered files must be parsed, or nothing was tested"


def checked(files: list[bytes], trained: Trained) -> None:
    """Check the bytes of text, body and manifest as reading them does; they are not kept."""
    text, body, signed = files
    sha256 = trained.artifact.sha256
    with contextlib.suppress(AttributeError):  # what stands in for the parser returns nothing
        verified("intent", text, body, signed, sha256=sha256, key=KEY, place="memory")


@pytest.mark.parametrize("kind", ["txt", "json", "manifest"])
def test_a_bit_flipped_on_disk_is_refused(tmp_path: Path, trained: Trained, kind: str) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    file = folder / f"intent.{kind}"
    flipped = bytearray(file.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    file.write_bytes(flipped)
    with pytest.raises(ArtifactRefused, match=r"not the ones that were written|not signed by this"):
        read(folder, trained.artifact.sha256, KEY)


def test_what_another_installation_signed_is_refused(tmp_path: Path, trained: Trained) -> None:
    """Files and fingerprint agree; only the key is another."""
    folder = write(tmp_path, trained.artifact, b"of another installation")
    with pytest.raises(ArtifactRefused, match="not signed by this installation"):
        read(folder, trained.artifact.sha256, KEY)


def test_a_signature_cannot_be_left_out(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    (folder / "intent.manifest").unlink()
    with pytest.raises(ArtifactRefused, match=r"intent\.manifest cannot be read"):
        read(folder, trained.artifact.sha256, KEY)


def test_bytes_cannot_move_from_one_file_to_the_other(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    text, body = (folder / "intent.txt").read_bytes(), (folder / "intent.json").read_bytes()
    (folder / "intent.txt").write_bytes(text + body[:1])
    (folder / "intent.json").write_bytes(body[1:])
    with pytest.raises(ArtifactRefused):
        read(folder, trained.artifact.sha256, KEY)


def test_a_missing_file_is_named(tmp_path: Path, trained: Trained) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    (folder / "intent.txt").unlink()
    with pytest.raises(ArtifactRefused, match=r"intent\.txt cannot be read"):
        read(folder, trained.artifact.sha256, KEY)


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
        write(tmp_path, trained.artifact, KEY)
    assert list(tmp_path.iterdir()) == []


def test_an_altered_folder_is_not_taken_for_the_same_artifact(
    tmp_path: Path, trained: Trained
) -> None:
    folder = write(tmp_path, trained.artifact, KEY)
    (folder / "intent.json").write_text("{}")
    with pytest.raises(ArtifactRefused):
        write(tmp_path, trained.artifact, KEY)
