"""What every setting has: a type, a default, a unit and a meaning, and no way to be changed later."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
)
from pydantic.fields import FieldInfo

_Row = TypeVar("_Row")


def _as_dict(rows: Mapping[str, Any], write: SerializerFunctionWrapHandler) -> Any:
    return write(dict(rows))


Family = Annotated[Mapping[str, _Row], AfterValidator(MappingProxyType), WrapSerializer(_as_dict)]
"""Tables that the project names itself: journeys, actions, triggers, ..."""


class Section(BaseModel):
    """A table of the settings file; unknown keys are refused and values cannot be changed."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        populate_by_name=True,
    )


def key(
    meaning: str, default: Any = ..., *, unit: str = "", stated: bool = False, **limits: Any
) -> Any:
    """Return a setting with its meaning, default and unit; without a default it must be given.

    `stated`: written into the file even where it has its default. `limits` are pydantic's own, for
    example `ge=0`. A callable default makes a new value each time.
    """
    given = {"default_factory": default} if callable(default) else {"default": default}
    extra: dict[str, Any] = {"unit": unit, "stated": stated}
    return Field(**given, description=meaning, json_schema_extra=extra, **limits)


def meaning_of(field: FieldInfo) -> str:
    """Return what a setting means, in a sentence."""
    return field.description or ""


def unit_of(field: FieldInfo) -> str:
    """Return a setting's unit; empty where it has none."""
    return str(_extra(field).get("unit", ""))


def is_stated(field: FieldInfo) -> bool:
    """Return whether a setting is written even where it has its default."""
    return field.is_required() or bool(_extra(field).get("stated"))


def _extra(field: FieldInfo) -> dict[str, Any]:
    extra = field.json_schema_extra
    return extra if isinstance(extra, dict) else {}


def name_of(attribute: str, field: FieldInfo) -> str:
    """Return the key under which a setting stands in the file."""
    return field.alias or attribute


def keys_of(section: type[Section]) -> dict[str, FieldInfo]:
    """Return the settings of a table by the key under which they stand in the file."""
    return {name_of(name, field): field for name, field in section.model_fields.items()}


def table_of(field: FieldInfo) -> type[Section] | None:
    """Return the kind of table that a setting is, when it is one."""
    return _section(field.annotation)


def row_of(field: FieldInfo) -> type[Section | str] | None:
    """Return what each row of a family is, a table or a text; None when this is no family."""
    if get_origin(field.annotation) is not Mapping:
        return None
    return _section(get_args(field.annotation)[1]) or str


def _section(annotation: Any) -> type[Section] | None:
    is_one = isinstance(annotation, type) and issubclass(annotation, Section)
    return annotation if is_one else None
