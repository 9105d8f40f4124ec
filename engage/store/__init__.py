"""The database edge: one module for each kind of thing that Engage keeps.

    store = Store.open("sqlite:///var/engage.db"); store.upgrade()
    with store.write() as tx: ...      one commit at the end, or nothing
    with store.read() as tx: ...       one moment of the database, nothing can be changed

The functions of each module take `tx` first; its docstring lists them. Many rows go in and come out
as Arrow tables. Only this package imports `engage.store.tables`.
"""

from __future__ import annotations

from engage.store.store import Store, Tx

__all__ = ["Store", "Tx"]
