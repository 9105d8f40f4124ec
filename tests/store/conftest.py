from __future__ import annotations

from pathlib import Path

import pytest

from engage.store import Store
from engage.store.history import History


@pytest.fixture
def kept(store: Store, tmp_path: Path) -> History:
    """Return the history of an empty store, in an empty folder."""
    return History(tmp_path / "history", store)
