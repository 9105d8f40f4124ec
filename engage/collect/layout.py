"""How a file is laid out, where that cannot or should not be found out from its content."""

from __future__ import annotations

import msgspec

BLANKS = "blanks"
DELIMITERS = (",", ";", "\t", "|")


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The `[file]` table of a mapping; everything in it may be left out."""

    delimiter: str = ""
    """`,` `;` tab `|` or `blanks` (runs of blanks); found out when empty."""
    encoding: str = "utf-8"
    header: bool = True
    """Whether the first line names the columns."""
    columns: tuple[str, ...] = ()
    """Names to use instead of the header's, or because there is none."""
    skip_lines: int = 0
    """Lines before the table begins."""
    missing: tuple[str, ...] = ()
    """Texts that mean "no value", besides nothing at all: for example `NA` or `unknown`."""
