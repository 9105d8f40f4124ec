"""The words of a message: what marketers write becomes what one customer reads.

Liquid (https://shopify.github.io/liquid/) with a short list of variables, tags and filters; an
unknown one is refused when the wording is saved, not when it is sent. Values are data: whatever
stands in them is never read as a template.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from liquid import BoundTemplate, Environment, FalsyStrictUndefined
from liquid.exceptions import LiquidError

from engage.channels.segments import Encoding, segments
from engage.errors import DefinitionError

VARIABLES: dict[str, str] = {
    "company": "the company's name",
    "first_name": "the customer's first name, where we know it",
    "purpose": "what it is about, in a few words",
    "slot": "the agreed time, in the customer's own time zone",
    "phone": "the number on which the customer can call us",
}
"""What a wording may name, and what it stands for; no account data."""

OPT_OUT = "Reply STOP to opt out."
LONGEST = 1600
"""Characters that the provider takes at most."""

_TAGS = frozenset({"content", "output", "illegal", "if", "unless", "case", "comment"})
_FILTERS = frozenset({"capitalize", "default", "downcase", "strip", "truncate", "upcase"})


class _Missing(FalsyStrictUndefined):
    """A value that is not there: it may be asked for and have a default, but never be left out."""

    force_liquid_default = True


class _Strict(Environment):
    """Few tags, few filters, and an end to whatever a wording might do without bound."""

    output_stream_limit = 4 * LONGEST
    local_namespace_limit = LONGEST
    loop_iteration_limit = 1


@dataclass(frozen=True, slots=True)
class Body:
    """A finished text, with how many parts the carrier will bill."""

    text: str
    encoding: Encoding
    segments: int


def check(wording: str) -> None:
    """Refuse a wording that cannot be rendered: DefinitionError says what stands in the way."""
    _parsed(wording)


def render(wording: str, values: Mapping[str, str]) -> str:
    """Return the wording with the values filled in; a missing or empty value is refused.

    Unless the wording says what stands in its place: `{{ first_name | default: "there" }}`.
    """
    unknown = sorted(set(values) - set(VARIABLES))
    if unknown:
        raise DefinitionError(f"a wording has no variable {unknown[0]!r}; {_choice()}")
    given = {name: value for name, value in values.items() if value}
    try:
        return _parsed(wording).render(given).strip()
    except LiquidError as error:
        raise DefinitionError(f"the wording cannot be filled in: {error.message}") from None


def compose(wording: str, values: Mapping[str, str], *, reference: str, first: bool) -> Body:
    """Return the text that leaves the building.

    Each text names the company and ends with its reference code; the first one to a person also
    says what it is about and how to opt out (CTIA Messaging Principles and Best Practices, 5.1).
    """
    company = values.get("company", "")
    if not company:
        raise DefinitionError("a message must name the company; set channels.sms.company")
    text = render(wording, values)
    if company not in text:
        text = f"{company}: {text}"
    if first:
        text = _introduced(text, values.get("purpose", ""))
    return _measured(f"{text} Ref {reference}")


def _introduced(text: str, purpose: str) -> str:
    if not purpose:
        raise DefinitionError("the first message to a person must say what it is about: purpose")
    if purpose not in text:
        text = f"{text} This is about {purpose}."
    return text if OPT_OUT in text else f"{text} {OPT_OUT}"


def _measured(text: str) -> Body:
    if len(text) > LONGEST:
        raise DefinitionError(
            f"the text has {len(text)} characters and at most {LONGEST} can be sent; shorten it"
        )
    encoding, count = segments(text)
    return Body(text, encoding, count)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = _Strict(undefined=_Missing, strict_filters=True)
    environment.tags = {n: tag for n, tag in environment.tags.items() if n in _TAGS}
    environment.filters = {n: f for n, f in environment.filters.items() if n in _FILTERS}
    return environment


@lru_cache(maxsize=512)
def _parsed(wording: str) -> BoundTemplate:
    try:
        template = _environment().from_string(wording)
    except LiquidError as error:
        raise DefinitionError(f"the wording cannot be read: {error.message}") from None
    analysis = template.analyze()
    for name, places in analysis.globals.items():
        if name not in VARIABLES or any(len(place.segments) > 1 for place in places):
            raise DefinitionError(f"a wording has no variable {str(places[0])!r}; {_choice()}")
    for name in analysis.filters:
        if name not in _FILTERS:
            raise DefinitionError(
                f"a wording has no filter {name!r}; there are {', '.join(sorted(_FILTERS))}"
            )
    return template


def _choice() -> str:
    return f"there are {', '.join(VARIABLES)}"
