"""What the tests of the simulated bank compare with."""

from __future__ import annotations

import pytest

from tests.simulation.troubled import Path, bank


@pytest.fixture(scope="session")
def calm() -> Path:
    """Return what a bank without any trouble has told."""
    return bank().path()
