"""A trained model as plain files, text and JSON, signed so that nobody can alter them unnoticed."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from engage.errors import ArtifactRefused


@dataclass(frozen=True)
class Artifact:
    """A trained model: LightGBM's text and everything else that is needed to use and judge it.

    `body` holds features, categories, calibration, split, window, rows, base_rate, metrics,
    versions, seed and trained_at; only what JSON can hold.
    """

    model: str
    booster: str
    body: dict[str, Any]

    @cached_property
    def sha256(self) -> str:
        """Return the fingerprint over both files, in hexadecimal."""
        return fingerprint(self.text, self.json)

    @property
    def text(self) -> bytes:
        """Return what stands in NAME.txt."""
        return self.booster.encode()

    @property
    def json(self) -> bytes:
        """Return what stands in NAME.json: sorted keys, one form for one content."""
        whole = {"model": self.model, **self.body}
        return json.dumps(whole, sort_keys=True, indent=1, allow_nan=False).encode()


def fingerprint(text: bytes, body: bytes) -> str:
    """Return the SHA-256 of both files; the length in front keeps their border unambiguous."""
    return hashlib.sha256(len(text).to_bytes(8, "big") + text + body).hexdigest()


def manifest(model: str, text: bytes, body: bytes, key: bytes) -> bytes:
    """Return what stands in NAME.manifest: each file's SHA-256, and their HMAC under `key`.

    One form for one content: whoever knows files and key knows every byte of it, so that nothing
    in it needs to be parsed, and a flipped bit anywhere shows.
    """
    files = {f"{model}.txt": text, f"{model}.json": body}
    lines = [f"sha256 {hashlib.sha256(one).hexdigest()} {name}" for name, one in files.items()]
    listed = "\n".join(lines) + "\n"
    sealed = hmac.digest(key, listed.encode() + fingerprint(text, body).encode(), "sha256")
    return f"{listed}hmac-sha256 {sealed.hex()}\n".encode()


def write(root: Path, artifact: Artifact, key: bytes) -> Path:
    """Write an artifact under `root` and return its folder; it is there whole or not at all.

    The files are written and synced in a temporary folder, which is then renamed. Writing the same
    artifact again returns the folder that is there. `key` is the installation's own.
    """
    folder = root / f"{artifact.model}-{artifact.sha256[:16]}"
    if folder.is_dir():
        read(folder, artifact.sha256, key)
        return folder
    root.mkdir(parents=True, exist_ok=True)
    half = Path(tempfile.mkdtemp(prefix=f".{artifact.model}-", dir=root))
    name, text, body = artifact.model, artifact.text, artifact.json
    try:
        _write_synced(half / f"{name}.txt", text)
        _write_synced(half / f"{name}.json", body)
        _write_synced(half / f"{name}.manifest", manifest(name, text, body, key))
        half.chmod(0o755)
        half.rename(folder)
        _sync_folder(root)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return folder


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(folder: Path, sha256: str, key: bytes) -> Artifact:
    """Return the artifact in this folder, checked before anything of it is parsed.

    Raises ArtifactRefused when a file is missing, when one bit of any file differs, or when the
    files were signed by another installation, whose trees nobody here has trained.
    """
    name = folder.name.rsplit("-", 1)[0]
    try:
        text = (folder / f"{name}.txt").read_bytes()
        body = (folder / f"{name}.json").read_bytes()
        signed = (folder / f"{name}.manifest").read_bytes()
    except OSError as error:
        raise ArtifactRefused(
            f"model {name}: {error.filename} cannot be read ({error.strerror}); "
            f"restore the folder from a backup, or train the model again"
        ) from error
    return verified(name, text, body, signed, sha256=sha256, key=key, place=str(folder))


def verified(
    name: str, text: bytes, body: bytes, signed: bytes, *, sha256: str, key: bytes, place: str
) -> Artifact:
    """Return the artifact that these bytes are; raises ArtifactRefused as `read` does."""
    expected = manifest(name, text, body, key)
    if not hmac.compare_digest(fingerprint(text, body), sha256):
        raise ArtifactRefused(
            f"model {name}: the files in {place} are not the ones that were written "
            f"(expected SHA-256 {sha256[:16]}...); restore them from a backup, or train it again"
        )
    if not hmac.compare_digest(signed, expected):
        raise ArtifactRefused(
            f"model {name}: the files in {place} are not signed by this installation: altered, "
            f"brought from elsewhere, or ENGAGE_SECRET is another one; put the secret or the "
            f"folder back, or train it again"
        )
    whole = json.loads(body)
    return Artifact(whole.pop("model"), text.decode(), whole)
