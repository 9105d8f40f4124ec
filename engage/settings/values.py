"""How a setting's value is written: in the file, in the reference, on the screen."""

from __future__ import annotations

import json
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from engage.settings.base import Section, is_stated


def default_of(field: FieldInfo) -> Any:
    """Return a setting's default; None for one that has no value unless it is given."""
    value = field.get_default(call_default_factory=True)
    return None if value is PydanticUndefined else value


def is_needed(field: FieldInfo) -> bool:
    """Return whether a setting must be given because it has no default."""
    return field.is_required()


def written(value: Any) -> str:
    """Return a value as TOML writes it, on one line; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(written(one) for one in value)}]"
    if isinstance(value, (int, float)):
        return repr(value).removesuffix(".0")
    return json.dumps(str(value), ensure_ascii=False)


def inline(row: Section) -> str:
    """Return a row as an inline TOML table, without the keys that have their default."""
    cells = (f"{name} = {written(value)}" for name, value, _ in given(row))
    return f"{{ {', '.join(cells)} }}"


def given(row: Section) -> list[tuple[str, Any, FieldInfo]]:
    """Return the key, value and field of each setting of a row that must be written."""
    return [
        (field.alias or name, getattr(row, name), field)
        for name, field in type(row).model_fields.items()
        if is_stated(field) or getattr(row, name) != default_of(field)
    ]
