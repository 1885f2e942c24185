"""The feed: a change file as a stream of cleaned rows, with its counts and its rejects.

Memory stays at a few MiB whatever the file holds. Rows that are counted as read are dropped,
rejected or yielded; blank lines and the header are none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from fleettickets.core.cleaning import CLEANING_VERSION, CleanRow, RowCleaner
from fleettickets.core.lines import read_lines
from fleettickets.core.records import Record, read_records
from fleettickets.errors import FileQuarantineError

__all__ = ["CLEANING_VERSION", "ChangeFile", "CleanRow", "FeedCounts", "Reject", "read_change_file"]

MAX_REJECTS_KEPT: Final = 1_000
MAX_REJECT_TEXT_BYTES: Final = 2 * 1024
TOLERATED_REJECTS: Final = 10
TOLERATED_LINES_PERCENT: Final = 20


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """What became of the rows so far: read = dropped + rejected + yielded.

    `physical_lines` counts every line: the header, blank lines, and each line of a longer record.
    """

    read: int = 0
    dropped: int = 0
    rejected: int = 0
    physical_lines: int = 0


@dataclass(frozen=True, slots=True)
class Reject:
    r"""A row that was not applied: where it starts, the rule that it broke, and its beginning.

    `text` is at most 2,048 bytes of UTF-8; `\xNN` stands for a byte that PostgreSQL would refuse.
    """

    line_number: int
    reason: str
    text: str


class ChangeFile:
    """The rows of one change file, to be iterated once; counts and rejects grow with the rows.

    Iterating yields the cleaned rows in the file's order, two rows of one ticket included: which
    of them wins is settled later. Rejects are the first 1,000; the others are only counted.

    Raises:
        FileQuarantineError: while iterating; the rows yielded before it must not be applied. The
            last two rules are judged at the end of the file: all rows that were not dropped are
            rejected; or more than 10 are, and they take more than 20 % of the physical lines
            (each line of a rejected row counts, among all lines with header and blank ones).
    """

    def __init__(self, records: Iterator[Record]) -> None:
        """Take the records of the whole file, the header first."""
        self.rejects: list[Reject] = []
        self._read = 0
        self._dropped = 0
        self._rejected = 0
        self._rejected_lines = 0
        self._physical_lines = 0
        self._rows = self._clean(self._without_blank_lines(records))

    def __iter__(self) -> Iterator[CleanRow]:
        """Return the one iterator of this file's rows."""
        return self._rows

    @property
    def counts(self) -> FeedCounts:
        """The counts up to the row that was yielded last."""
        return FeedCounts(self._read, self._dropped, self._rejected, self._physical_lines)

    def _without_blank_lines(self, records: Iterator[Record]) -> Iterator[Record]:
        for record in records:
            self._physical_lines += record.line_count
            if record.cells != []:
                yield record

    def _clean(self, records: Iterator[Record]) -> Iterator[CleanRow]:
        header = next(records, None)
        if header is None:
            return
        cleaner = RowCleaner.from_header(header)
        for record in records:
            self._read += 1
            if cleaner.is_dropped(record):
                self._dropped += 1
            elif reason := cleaner.reject_reason(record):
                self._reject(record, reason)
            else:
                yield cleaner.clean(record)
        self._refuse_mostly_rejected()

    def _reject(self, record: Record, reason: str) -> None:
        self._rejected += 1
        self._rejected_lines += record.line_count
        if len(self.rejects) < MAX_REJECTS_KEPT:
            self.rejects.append(Reject(record.line_number, reason, _storable(record.text)))

    def _refuse_mostly_rejected(self) -> None:
        if self._rejected and self._rejected == self._read - self._dropped:
            raise FileQuarantineError(f"all of its rows are rejected: {self._advice()}")
        percent = 100 * self._rejected_lines / self._physical_lines
        if self._rejected > TOLERATED_REJECTS and percent > TOLERATED_LINES_PERCENT:
            raise FileQuarantineError(
                f"{self._rejected} rows are rejected, which take {self._rejected_lines} of its "
                f"{self._physical_lines} lines: {self._advice()}"
            )

    def _advice(self) -> str:
        first = self.rejects[0]
        return (
            f"the first one is in line {first.line_number}, reason: {first.reason}; mend or export "
            "the file again and replay it"
        )


def read_change_file(chunks: Iterable[bytes], *, max_file_bytes: int) -> ChangeFile:
    """Return the rows of a change file that is read as they are iterated, chunk by chunk.

    How the bytes are cut into chunks makes no difference; about 1 MiB each is quick.
    """
    return ChangeFile(read_records(read_lines(chunks, max_file_bytes=max_file_bytes)))


def _storable(text: str) -> str:
    r"""Return the beginning of a text, with `\xNN` for each byte that PostgreSQL would refuse."""
    start = text[:MAX_REJECT_TEXT_BYTES].replace("\0", r"\x00")
    readable = start.encode(errors="surrogateescape").decode(errors="backslashreplace")
    return readable.encode()[:MAX_REJECT_TEXT_BYTES].decode(errors="ignore")
