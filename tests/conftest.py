"""What every test may ask for: the databases to run on, the shared data, steady settings."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.databases", "tests.bank"]

ROOT = Path(__file__).resolve().parent.parent
DATABASES = ("sqlite", "postgresql")

settings.register_profile(
    "engage",
    deadline=None,  # two busy cores make time an unfair judge of one example
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],  # the same
)
settings.load_profile("engage")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let one database be chosen: `pytest --databases sqlite`."""
    parser.addoption(
        "--databases",
        default=",".join(DATABASES),
        help="databases to run the store's tests on, separated by commas (default: %(default)s)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a database that Engage does not know, before a suite passes without having run."""
    unknown = set(chosen_databases(config)) - set(DATABASES)
    if unknown:
        raise pytest.UsageError(
            f"--databases: no database named {', '.join(sorted(unknown))}; "
            f"choose from {', '.join(DATABASES)}"
        )


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name a parameter of bytes by its length: packed bytes may hold the time they were made at.

    Two test processes that name a test differently refuse to share the suite.
    """
    return f"{len(val)} bytes" if isinstance(val, bytes) else None


def chosen_databases(config: pytest.Config) -> tuple[str, ...]:
    """Return the databases this run covers, in the order asked for."""
    return tuple(str(config.getoption("--databases")).split(","))


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Let Ctrl-C interrupt, which a shell that started the tests in the background ignores."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the top of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the checkout; without it the test is skipped, visibly."""
    folder = Path(os.environ.get("ENGAGE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"real data is not here: {folder} (set ENGAGE_SHARED_DATA)")
    return folder
