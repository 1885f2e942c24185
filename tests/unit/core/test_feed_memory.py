"""The feed's memory: it grows neither with the file nor with anything in it."""

import tracemalloc
from collections.abc import Iterator
from itertools import repeat

import pytest

from fleettickets.core.feed import read_change_file
from fleettickets.errors import FileQuarantineError

MIB = 1024**2
ROWS = b"WOT1,Thika\n" * (MIB // 1024)
GROWTH_LIMIT_BYTES = 30 * MIB


def peak_bytes(chunks: Iterator[bytes]) -> tuple[int, str | None]:
    """Read to the end; return the greatest memory taken, and the reason of a quarantine."""
    file = read_change_file(chunks, max_file_bytes=2 * 1024**3)
    reason = None
    tracemalloc.start()
    try:
        for _ in file:
            pass
    except FileQuarantineError as error:
        reason = error.reason
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak, reason


def a_stream(start: bytes, filler: bytes, *, mib: int = 40, end: bytes = b"") -> Iterator[bytes]:
    """Yield a file chunk by chunk, so that the test itself takes no memory."""
    yield b"ticket_id,cluster\n" + ROWS + start
    chunk = filler * (MIB // len(filler))
    yield from repeat(chunk, mib)
    yield end


@pytest.mark.parametrize(
    ("start", "filler", "end"),
    [
        (b"", b"WOT1,Thika" + b" " * 630 + b"\n", b""),
        (b"", b"x" * 65, b"\n"),
        (b"", b",", b"\n"),
        (b"", b'""', b"\n"),
        (b'WOT1,"', b"x", b'"\n'),
        (b'WOT1,"', b'""', b'"\n'),
        (b'WOT1,"', b"," * 1000 + b'""', b'"\n'),
    ],
    ids=["rows", "line", "commas", "quotes", "cell", "cell of quotes", "cell of commas"],
)
def test_memory_does_not_grow_with_the_file(start: bytes, filler: bytes, end: bytes) -> None:
    """Rows, one endless line, one endless cell: each takes a few MiB."""
    mib = 4 if filler.endswith(b"\n") else 40

    peak, reason = peak_bytes(a_stream(start, filler, mib=mib, end=end))

    assert peak < GROWTH_LIMIT_BYTES
    assert reason is None


def test_stray_quote_takes_no_memory() -> None:
    """It is found a hundred lines later, or at the end of a file that has none."""
    in_lines = peak_bytes(a_stream(b'WOT1,"Thika\n', b"WOT1,Thika" + b" " * 630 + b"\n"))
    in_one_line = peak_bytes(a_stream(b'WOT1,"Thika', b"x" * 64))

    assert max(in_lines[0], in_one_line[0]) < GROWTH_LIMIT_BYTES
    assert "more than 100 line breaks" in str(in_lines[1])
    assert "still open at the end of the file" in str(in_one_line[1])
