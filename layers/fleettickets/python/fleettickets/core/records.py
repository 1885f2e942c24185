"""Records: lines put together and split into cells, as Python's strict `csv` reader does it.

A record is most often one line, and most lines hold no quote: `str.split` and `csv` do those at
their speed. Everything else (a line break in a cell, a long line, broken quoting) goes through
`QuoteScanner`, which needs constant memory and knows at which line it stands.
"""

import csv
from collections.abc import Iterator
from itertools import chain
from typing import Final, NamedTuple

from fleettickets.core.lines import is_ended
from fleettickets.core.quotes import QuoteScanner

MAX_RECORD_BYTES: Final = 4 * 1024**2
"""A longer record is not split into cells; 40 cells of 64 KiB, the greatest allowed, fit."""

_KEPT_OF_LONG_RECORD: Final = 8 * 1024


class Record(NamedTuple):
    """One record of the file.

    `line_number` is the physical line where it starts, the file's first being 1; `line_count` how
    many it takes. `text` is without its line end; bytes that are not UTF-8 are lone surrogates in
    `text` and `cells`. `cells` is empty for a blank line, and None for a record over
    `MAX_RECORD_BYTES`, whose `text` is only its beginning.
    """

    line_number: int
    line_count: int
    text: str
    cells: list[str] | None
    is_utf8: bool


def read_records(lines: Iterator[bytes]) -> Iterator[Record]:
    """Yield the records of `read_lines`, blank lines too, in their order.

    Raises:
        FileQuarantineError: quoting is broken or unterminated, or a cell has more than 100 line
            breaks.
    """
    if csv.field_size_limit() < MAX_RECORD_BYTES:
        # Process-wide, and only ever raised: with it, csv errors mean bad quoting and nothing else.
        csv.field_size_limit(MAX_RECORD_BYTES)
    line_number = 1
    for line in lines:
        record = _one_line(line_number, line) or _assembled(line_number, chain((line,), lines))
        yield record
        line_number += record.line_count


def _one_line(line_number: int, line: bytes) -> Record | None:
    """Return the record of a whole line; None if it takes a scanner to tell what it is."""
    if len(line) > MAX_RECORD_BYTES or not is_ended(line):
        return None
    text, is_utf8 = _decode(line)
    try:
        cells = _split(text)
    except csv.Error:
        return None
    return Record(line_number, 1, text, cells, is_utf8)


def _assembled(line_number: int, lines: Iterator[bytes]) -> Record:
    """Take the lines, and pieces of lines, of one record; at most 4 MiB of them are kept."""
    scanner = QuoteScanner(line_number)
    kept = bytearray()
    for line in lines:
        scanner.feed(line)
        if len(kept) <= MAX_RECORD_BYTES:
            kept += line
        if is_ended(line):
            scanner.end_line()
            if not scanner.is_in_quotes:
                break
    else:
        scanner.end_file()
    line_count = scanner.line_number - line_number
    if len(kept) > MAX_RECORD_BYTES:
        text, is_utf8 = _decode(kept[:_KEPT_OF_LONG_RECORD])
        return Record(line_number, line_count, text, None, is_utf8)
    text, is_utf8 = _decode(kept)
    return Record(line_number, line_count, text, _split(text), is_utf8)


def _decode(line: bytes | bytearray) -> tuple[str, bool]:
    try:
        return line.decode().rstrip("\r\n"), True
    except UnicodeDecodeError:
        return line.decode(errors="surrogateescape").rstrip("\r\n"), False


def _split(text: str) -> list[str]:
    if not text or text.isspace():
        return []
    if '"' not in text:
        return text.split(",")
    return next(csv.reader((text,), strict=True))
