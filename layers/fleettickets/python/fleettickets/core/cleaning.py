"""Cleaning: which rows of a change file are dropped or rejected, and what a row becomes."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from json.encoder import encode_basestring
from typing import Final, NamedTuple, Self

from fleettickets.core.lines import NUL_IN_HEADER
from fleettickets.core.records import Record
from fleettickets.errors import FileQuarantineError

CLEANING_VERSION: Final = 1
"""Raised when a rule below changes, since cleaned rows of two versions do not compare."""

MAX_TICKET_ID_BYTES: Final = 200
MAX_CELL_BYTES: Final = 64 * 1024
MAX_HEADER_BYTES: Final = 256 * 1024

NO_TICKET_ID: Final = "no ticket_id"
TICKET_ID_TOO_LONG: Final = "ticket_id over 200 bytes"
CELL_COUNT_DIFFERS: Final = "cell count differs from the header"
NOT_UTF8: Final = "bytes that are not utf-8"
HOLDS_NUL: Final = "nul character"
CELL_TOO_LONG: Final = "cell over 64 kib"
ROW_TOO_LONG: Final = "row over 4 mib"

_SENTINEL: Final = "EXPORT STOPPED"
_TRUE_TEXTS: Final = frozenset({"true", "t", "yes", "y", "1"})
_DROPPED_COLUMNS: Final = frozenset(
    {"week_start", "week_end", "source_snapshot_id", "department", "source_type"}
)
_DROPPED_COLUMN_START: Final = "source_s3_"
_ESCAPED_IN_JSON: Final = bytes(range(0x20)) + b'"\\'
_CASED_COLUMNS: Final[dict[str, Callable[[str], str]]] = {
    "region": str.lower,
    "raw_status": str.upper,
}


class CleanRow(NamedTuple):
    """A cleaned row; a tuple, so that COPY can write it as it is.

    `line_number` is the physical line where the row starts, the header's being 1. `raw_json` is a
    compact JSON object, name to text, in the order in which `jsonb` keeps keys: PostgreSQL sorts
    them otherwise, which takes a quarter of its time for a row.
    """

    line_number: int
    ticket_id: str
    raw_json: str


@dataclass(frozen=True, slots=True)
class RowCleaner:
    """The rules for rows, bound to one header. Ask `is_dropped` first, then `reject_reason`.

    `kept` has the positions of the columns that go into the cleaned row, in its order; `keys` holds
    their names, as JSON up to the quote that opens the value, and `cased` the places among them
    that change case.
    """

    width: int
    ticket_id_index: int
    is_alarm_index: int | None
    kept: tuple[int, ...]
    keys: tuple[str, ...]
    cased: tuple[tuple[int, Callable[[str], str]], ...]

    @classmethod
    def from_header(cls, header: Record) -> Self:
        """Read the header's names, trimmed.

        Raises:
            FileQuarantineError: it is no header line, a name is empty or repeated, or there is no
                `ticket_id`.
        """
        names = _column_names(header)
        positions = [position for position, name in enumerate(names) if _is_kept(name)]
        positions.sort(key=lambda position: _jsonb_order(names[position]))
        kept = [names[position] for position in positions]
        return cls(
            width=len(names),
            ticket_id_index=names.index("ticket_id"),
            is_alarm_index=names.index("is_alarm") if "is_alarm" in names else None,
            kept=tuple(positions),
            keys=tuple(f'{encode_basestring(name)}:"' for name in kept),
            cased=tuple((kept.index(n), case) for n, case in _CASED_COLUMNS.items() if n in kept),
        )

    def is_dropped(self, record: Record) -> bool:
        """Whether the row is the sentinel or an alarm, however many cells it has.

        False for a record that was too long to be split: it is rejected and so seen by a person.
        """
        cells, index = record.cells or (), self.is_alarm_index
        if index is not None and index < len(cells) and cells[index].strip().lower() in _TRUE_TEXTS:
            return True
        return _SENTINEL in record.text and any(
            cell.lstrip().startswith(_SENTINEL) for cell in cells
        )

    def reject_reason(self, record: Record) -> str | None:
        """Return the first rule that the row breaks; None for a good row."""
        cells = record.cells
        if cells is None:
            return ROW_TOO_LONG
        if fault := self._ticket_id_fault(cells):
            return fault
        if len(cells) != self.width:
            return CELL_COUNT_DIFFERS
        if not record.is_utf8:
            return NOT_UTF8
        if "\0" in record.text:
            return HOLDS_NUL
        return CELL_TOO_LONG if _has_long_cell(record.text, cells) else None

    def clean(self, record: Record) -> CleanRow:
        """Trim the cells, leave out empty ones and the columns that nobody wants, and set case."""
        cells = record.cells or []
        kept = [cells[position].strip() for position in self.kept]
        for index, case in self.cased:
            kept[index] = case(kept[index])
        if not _is_plain(record.text):
            kept = [encode_basestring(cell)[1:-1] for cell in kept]
        # Much quicker than a dictionary and `json.dumps`: a third of all the time that a row takes.
        members = [key + cell for key, cell in zip(self.keys, kept, strict=True) if cell]
        ticket_id = cells[self.ticket_id_index].strip()
        return CleanRow(record.line_number, ticket_id, "{" + '",'.join(members) + '"}')

    def _ticket_id_fault(self, cells: list[str]) -> str | None:
        ticket_id = cells[self.ticket_id_index].strip() if self.ticket_id_index < len(cells) else ""
        if not ticket_id:
            return NO_TICKET_ID
        return TICKET_ID_TOO_LONG if _size_bytes(ticket_id) > MAX_TICKET_ID_BYTES else None


def _column_names(header: Record) -> list[str]:
    if header.cells is None or _size_bytes(header.text) > MAX_HEADER_BYTES:
        raise FileQuarantineError(
            "the header is over 256 KiB, so this is no CSV text with lines: export the file again "
            "and replay it"
        )
    if not header.is_utf8:
        raise FileQuarantineError(
            "the header is not UTF-8; it may be in a Windows code page such as cp1252: export the "
            "file as UTF-8 and replay it"
        )
    if "\0" in header.text:
        raise FileQuarantineError(NUL_IN_HEADER)
    names = [cell.strip() for cell in header.cells]
    _check_names(names)
    return names


def _check_names(names: list[str]) -> None:
    if "" in names:
        raise FileQuarantineError(
            f"the name of column {names.index('') + 1} in the header is empty: name the column or "
            "take it out, and replay the file"
        )
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise FileQuarantineError(
            f"the header names the column {name[:100]!r} more than once: rename or take out one "
            "of them, and replay the file"
        )
    if "ticket_id" not in names:
        raise FileQuarantineError(
            "the header has no column ticket_id (commas separate columns): add the column, or the "
            "header line if it is missing, and replay the file"
        )


def _is_kept(name: str) -> bool:
    return name not in _DROPPED_COLUMNS and not name.startswith(_DROPPED_COLUMN_START)


def _jsonb_order(name: str) -> tuple[int, bytes]:
    key = name.encode()
    return len(key), key


def _has_long_cell(text: str, cells: list[str]) -> bool:
    # A character takes at most four bytes, so most rows are judged without measuring a cell.
    if len(text) * 4 <= MAX_CELL_BYTES:
        return False
    return any(_size_bytes(cell) > MAX_CELL_BYTES for cell in cells)


def _is_plain(text: str) -> bool:
    # Most rows hold nothing that JSON has to escape; this is the quickest way to know.
    data = text.encode()
    return len(data.translate(None, _ESCAPED_IN_JSON)) == len(data)


def _size_bytes(text: str) -> int:
    return len(text.encode(errors="surrogateescape"))
