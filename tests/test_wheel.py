"""The wheel: the product and its default project, and nothing that only developers need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

OF_DEVELOPERS = ("benchmarks", "docs", "tests", "var")
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def done(*words: str | Path, folder: Path, environ: dict[str, str] | None = None) -> str:
    """Run a program to its good end and return what it printed."""
    ran = subprocess.run(
        words, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, f"{words} ended with {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="session")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    how = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    done(*PIP, "wheel", *how, root, folder=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def elsewhere(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bin folder of an environment that has Engage from its wheel alone.

    Its other libraries are those of the environment that runs the tests. A path file inside that
    environment, such as the checkout's own, is not followed from here.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    programs = folder / "bin"
    done(
        *PIP, "--python", programs / "python", "install",
        "--no-deps", "--no-index", "--no-compile", wheel,
        folder=folder,
    )  # fmt: skip
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "libraries.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return programs


def test_the_wheel_holds_the_product_and_the_default_project_only(wheel: Path, root: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        names = set(packed.namelist())
    assert {name.partition("/")[0] for name in names} == {
        "engage",
        f"{wheel.stem.partition('-py')[0]}.dist-info",
    }
    for folder in OF_DEVELOPERS:
        assert not [name for name in names if f"/{folder}/" in f"/{name}"], folder
    project = {name for name in names if name.startswith("engage/_project/")}
    ours = [root / "settings.toml", *root.glob("models/*.[ps]*"), *root.glob("jobs/*.py")]
    assert project == {f"engage/_project/{one.relative_to(root)}" for one in ours}


def test_installed_from_the_wheel_a_project_begins_works_and_is_sound(
    elsewhere: Path, tmp_path: Path
) -> None:
    environ = {"PATH": os.defpath, "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    engage, python = elsewhere / "engage", elsewhere / "python"
    where = done(
        python, "-c", "import engage; print(engage.__file__)", folder=tmp_path, environ=environ
    )
    assert Path(where.strip()).is_relative_to(elsewhere.parent), "the checkout is what runs"

    done(engage, "init", "mine", folder=tmp_path, environ=environ)
    mine = tmp_path / "mine"
    planned = done(engage, "job", "plan_capacity", "--json", folder=mine, environ=environ)
    (run,) = json.loads(planned)
    assert (run["job"], run["state"]) == ("plan_capacity", "done")
    findings = json.loads(done(engage, "doctor", "--json", folder=mine, environ=environ))
    levels = {finding["about"]: finding["level"] for finding in findings}
    assert levels["database"] == "ok"
    assert "broken" not in levels.values()
