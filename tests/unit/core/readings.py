"""Reading a change file at once, for tests that look at what came out of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from fleettickets.core.feed import CleanRow, FeedCounts, Reject, read_change_file
from fleettickets.errors import FileQuarantineError

MAX_FILE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Reading:
    """What a change file held; `reason` is why it was quarantined, None for a file that was not."""

    rows: list[CleanRow]
    rejects: list[Reject]
    counts: FeedCounts
    reason: str | None

    @property
    def raws(self) -> list[dict[str, str]]:
        """The rows' cleaned cells."""
        return [json.loads(row.raw_json) for row in self.rows]


def read(data: bytes, *, cuts: Iterable[int] = (), max_file_bytes: int = MAX_FILE_BYTES) -> Reading:
    """Read the bytes in chunks that end at the `cuts`; without any, in one chunk."""
    ends = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[start:end] for start, end in pairwise(ends)]
    file = read_change_file(chunks, max_file_bytes=max_file_bytes)
    rows: list[CleanRow] = []
    try:
        rows.extend(file)
    except FileQuarantineError as error:
        return Reading(rows, file.rejects, file.counts, error.reason)
    return Reading(rows, file.rejects, file.counts, None)


def reasons(reading: Reading) -> list[tuple[int, str]]:
    """Return the rejects' line numbers and reasons, of a file that was not quarantined."""
    assert reading.reason is None
    return [(reject.line_number, reject.reason) for reject in reading.rejects]
