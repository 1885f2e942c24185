"""Both parsers of what comes from outside, fed from bytes: no crash, no hang, no memory, no lie.

`test_feed_properties` compares the records of small texts; here whole files are made that grow.
"""

import csv
import io
import json
import time
import tracemalloc
from collections.abc import Callable
from itertools import batched

from hypothesis import given, settings
from hypothesis import strategies as st

from fleettickets.core.doorbells import parse_doorbells
from fleettickets.core.feed import read_change_file
from fleettickets.core.keys import Prefix
from fleettickets.errors import FileQuarantineError
from tests.support.feeds import a_doorbell
from tests.unit.core.readings import MAX_FILE_BYTES, read

MIB = 1024**2
LONGEST_FILE_BYTES = MIB
MEMORY_CAP_BYTES = 40 * MIB  # a record of 4 MiB as bytes, as text and as cells
SECONDS_CAP = 20.0  # of a machine with other work; it takes a fraction of one
CHUNK_BYTES = 64 * 1024

PIECES = st.sampled_from(
    [b'"', b'""', b",", b"\n", b"\r\n", b"\r", b"x", b" ", b"\0", b"\xff", b"WOT1,", b'",\n"',
     b"EXPORT STOPPED", "é😀\u2028\ufeff".encode()]
)  # fmt: skip
REPEATED = st.tuples(PIECES | st.binary(min_size=1, max_size=6), st.integers(1, 400_000))
HEADERS = st.sampled_from(
    [b"", b"ticket_id,is_alarm\n", b'"ticket_id","a\nb"\r\n', b"\xef\xbb\xbf"]
)
EXPENSIVE = settings(max_examples=max(20, settings().max_examples // 10))


def files(header: bytes, parts: list[tuple[bytes, int]]) -> bytes:
    """Return a file of pieces that are repeated so often, cut at the longest length."""
    repeated = (piece * min(times, LONGEST_FILE_BYTES // len(piece)) for piece, times in parts)
    return (header + b"".join(repeated))[:LONGEST_FILE_BYTES]


FILES = st.builds(files, HEADERS, st.lists(REPEATED, max_size=6))


def cost_of(work: Callable[[], object]) -> tuple[float, int]:
    """Return the seconds and the peak of memory that a piece of work takes."""
    tracemalloc.start()
    started = time.perf_counter()
    try:
        work()
        return time.perf_counter() - started, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def drain(data: bytes) -> None:
    """Read a file to its end, or to the reason why it is refused."""
    chunks = (bytes(chunk) for chunk in batched(data, CHUNK_BYTES, strict=False))
    try:
        for _ in read_change_file(chunks, max_file_bytes=MAX_FILE_BYTES):
            pass
    except FileQuarantineError as error:
        assert error.reason  # noqa: PT017 - a file may be refused, or not


@EXPENSIVE
@given(FILES)
def test_no_file_takes_long_or_much(data: bytes) -> None:
    """Whatever is repeated however often: time and memory stay within their caps."""
    seconds, peak = cost_of(lambda: drain(data))

    assert seconds < SECONDS_CAP
    assert peak < MEMORY_CAP_BYTES


NAMES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=6)
    .map(str.strip)
    .filter(lambda name: name and not name.startswith(("week_", "source_", "department"))),
    max_size=5,
    unique=True,
).filter(lambda names: not {"ticket_id", "is_alarm", "region", "raw_status"} & {*names})
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.data(), NAMES, st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_rows_of_a_valid_file_are_those_of_the_csv_module(
    data: st.DataObject, names: list[str], line_end: str, quote_all: bool
) -> None:
    """RFC 4180 as Python writes it: every cell comes out as it went in, but trimmed."""
    cells = st.lists(CELLS, min_size=len(names), max_size=len(names))
    rows = data.draw(st.lists(cells.filter(lambda row: "EXPORT STOPPED" not in "".join(row))))
    text = io.StringIO(newline="")
    writer = csv.writer(
        text, lineterminator=line_end, quoting=csv.QUOTE_ALL if quote_all else csv.QUOTE_MINIMAL
    )
    writer.writerow(["ticket_id", *names])
    writer.writerows([f"INC{number}", *row] for number, row in enumerate(rows))

    reading = read(text.getvalue().encode())

    theirs = csv.DictReader(io.StringIO(text.getvalue(), newline=""), strict=True)
    expected = [
        {name: cell.strip() for name, cell in row.items() if cell.strip()} for row in theirs
    ]
    assert reading.reason is None
    assert reading.raws == expected


MESSAGES = [
    a_doorbell("automations/inc/changes/2026-06-15T17-00-00.csv"),
    json.dumps({"detail": {"bucket": {"name": "b"}, "object": {"key": "k", "etag": "e"}}}),
    json.dumps({"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "a%2Fb+c"}}}]}),
    json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
]


def mutated(message: str, place: int, cut: int, inserted: bytes, times: int) -> str:
    """Return a message with some bytes replaced by others, which are repeated."""
    data = message.encode()
    place %= len(data) + 1
    changed = data[:place] + inserted * times + data[place + cut :]
    return changed.decode(errors="surrogateescape")


MUTATED = st.builds(
    mutated,
    st.sampled_from(MESSAGES),
    st.integers(0, 300),
    st.integers(0, 40),
    st.sampled_from([b"[", b"{", b'"', b"\\", b"%", b"9", b'{"Records":', b"\\ud800"])
    | st.binary(max_size=8),
    st.sampled_from([1, 2, 100, 20_000]),
)


@given(MUTATED | st.binary(max_size=200).map(lambda data: data.decode(errors="surrogateescape")))
def test_no_message_takes_long_or_raises(body: str) -> None:
    """Not one byte of a message can stop the queue; what it names can be stored and logged."""
    prefix = Prefix()

    seconds, peak = cost_of(lambda: parse_doorbells(body, prefix))

    for doorbell in parse_doorbells(body, prefix):
        for text in (doorbell.bucket, doorbell.key, doorbell.etag or "x"):
            assert text
            text.encode()
    assert seconds < SECONDS_CAP
    assert peak < MEMORY_CAP_BYTES
