"""Output: JSON for machines, tables for people; notes and progress go to standard error."""

import json
import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, override

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fleettickets.cli.exits import redact


def standard_output() -> Console:
    """Return a console on standard output, whatever that is at the moment."""
    return Console(highlight=False)


def standard_error() -> Console:
    """Return a console on standard error, for what is not the command's result."""
    return Console(stderr=True, highlight=False)


def print_json(document: Mapping[str, Any]) -> None:
    """Print one JSON object; times become ISO 8601 text."""
    print(json.dumps(document, default=_plain, ensure_ascii=False, indent=2))  # noqa: T201


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, (datetime, date)) else str(value)


def facts(rows: Sequence[tuple[str, str | Text]]) -> Table:
    """Return a borderless table of names and values."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, value if isinstance(value, Text) else Text(value))
    return table


def number(count: float | None) -> str:
    """Write a count with thousands separators; "-" for none."""
    return "-" if count is None else f"{count:,}"


def plural(count: int, noun: str) -> str:
    """Write "1 file", "2 files"."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


class LogHandler(logging.Handler):
    """Shows log records to people on standard error, one line each: message, then key=value."""

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Print one record; a traceback is never part of it."""
        pairs = (f"{name}={value}" for name, value in _extra(record).items())
        text = redact(" ".join([record.getMessage(), *pairs]))
        level = f"{record.levelname.lower()}: "
        standard_error().print(Text.assemble((level, "dim"), text), soft_wrap=True)


_OWN_ATTRIBUTES = frozenset(vars(logging.makeLogRecord({}))) | {"message"}


def _extra(record: logging.LogRecord) -> dict[str, object]:
    """Return the keys that the caller gave to the record."""
    return {name: value for name, value in vars(record).items() if name not in _OWN_ATTRIBUTES}
