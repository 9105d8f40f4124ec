"""What Engage writes about itself, for people or for programs, and never about a person."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO, cast

import structlog
from structlog.typing import FilteringBoundLogger, Processor

Format = Literal["text", "json"]
HIDDEN = "[hidden]"
SHORTEST_PHONE = 10**9
"""A whole number this long may be a telephone number; no count of ours is."""

_SECRET_NAME = re.compile(
    r"secret|token|passw|auth|credential|api_?key|signature|cookie", re.IGNORECASE
)
_PERSONAL_NAME = re.compile(
    r"^(to|from_?|phone|email|number|destination|body|address)$", re.IGNORECASE
)
_PATTERNS = (
    re.compile(r"[\w.+%-]+@[\w-]+(\.[\w-]+)+"),  # e-mail
    re.compile(r"(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"),  # user:password in an address
    re.compile(r"\b(Bearer|Basic)\s+[\w.~+/=-]+", re.IGNORECASE),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),  # JSON web token
    re.compile(r"\b(sk|pk|rk|AC|SK)_?[0-9a-fA-F]{24,}\b"),  # keys and account numbers of providers
    re.compile(r"(?<![\w.-])\+?\(?\d(?:[ ()./-]{0,2}\d){8,18}(?![\w-])"),  # phone and card numbers
)
_OUR_OWN = re.compile(
    r"\b[a-z]{3}_[0-9a-f]{32}\b"  # our ids
    r"|\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?"
)
"""Ids and moments look like numbers, but say nothing about whose they are."""


def configure(level: str, format: Format, stream: TextIO | None = None) -> None:  # noqa: A002 - the setting's name
    """Send the log, ours and the libraries', to standard error: one entry a line, this level and above."""
    _configure_ours(level, format, stream)
    logging.basicConfig(
        level=_number(level), handlers=[_FromLibraries()], force=True, format="%(message)s"
    )


def _configure_ours(level: str, form: Format, stream: TextIO | None = None) -> None:
    def logger(*_: object) -> structlog.PrintLogger:
        return structlog.PrintLogger(stream or sys.stderr)

    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            without_personal_data,
            _renderer(form, stream or sys.stderr),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=logger,
        cache_logger_on_first_use=False,
    )


def _renderer(form: Format, stream: TextIO) -> Processor:
    if form == "json":
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
    )


def get_logger(name: str) -> FilteringBoundLogger:
    """Return a logger that says which part of Engage is speaking."""
    return cast("FilteringBoundLogger", structlog.get_logger(part=name))


def without_personal_data(
    logger: object,  # noqa: ARG001 - structlog hands it to every processor
    method: str,  # noqa: ARG001 - the same
    entry: MutableMapping[str, Any],
) -> Mapping[str, Any]:
    """Hide phone numbers, e-mails, card numbers and secrets, wherever in an entry they stand."""
    return {name: _clean(value, name) for name, value in entry.items()}


def redacted(text: str) -> str:
    """Return the text with phone numbers, e-mails, card numbers and secrets hidden."""
    kept: list[str] = []
    at = 0
    for own in _OUR_OWN.finditer(text):
        kept += [_hide(text[at : own.start()]), own.group()]
        at = own.end()
    return "".join([*kept, _hide(text[at:])])


def _hide(text: str) -> str:
    for pattern in _PATTERNS:
        text = pattern.sub(HIDDEN, text)
    return text


def _clean(value: Any, name: str = "") -> Any:
    if value is not None and (_SECRET_NAME.search(name) or _PERSONAL_NAME.search(name)):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(key): _clean(one, str(key)) for key, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(one) for one in value]
    if value is None or isinstance(value, (bool, float)):
        return value
    if isinstance(value, int):
        return value if abs(value) < SHORTEST_PHONE else HIDDEN
    return redacted(str(value))


class _FromLibraries(logging.Handler):
    """Passes what libraries log through the same cleaning."""

    def emit(self, record: logging.LogRecord) -> None:
        words = self.format(record)
        get_logger(record.name).log(record.levelno, words)


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


_configure_ours("warning", "text")
