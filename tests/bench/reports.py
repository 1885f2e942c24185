"""The reports of the benchmarks: medians, ratios, and whether the musts are met."""

import platform
from collections.abc import Iterable, Mapping, Sequence
from os import process_cpu_count
from statistics import median

import psycopg

from tests.bench.clocks import Span
from tests.bench.workloads import Workload

type Spans = Mapping[str, Sequence[Span]]

NAMES = {
    "first load": "first load",
    "batch worker": "the batch worker's way: DictReader, executemany, row trigger",
    "batch worker*": "the same, without the marks that it leaves for the scheduled run",
    "re-emission": "byte-identical re-emission",
    "re-emission*": "the same, right after a checkpoint",
    "copy jsonb": "limit: COPY of (ticket_id, raw), plain table",
    "copy text": "limit: COPY of the bytes, unlogged text table",
}
"""What is measured as a whole, from the call to its return: listing and archiving too."""

SHORT_NAMES = {
    "delta": "delta of 200 rows, warm connection",
    "batch worker delta": "the same, the batch worker's way",
    "batch worker* delta": "the same, without the marks",
    "idle doorbell": "doorbell with nothing to do",
    "commit_nothing": "limit: empty transaction",
    "select_one": "limit: select 1",
}
"""What is measured as the time that the driver waits for the server; the wall time is beside it."""


def describe_server(url: str) -> str:
    """Return what was measured on: the machine, and the server's settings that matter."""
    with psycopg.connect(url) as connection:
        version, fsync, commit = connection.execute(
            """
            select
                current_setting('server_version'), current_setting('fsync'),
                current_setting('synchronous_commit')
            """
        ).fetchone() or ("", "", "")
    return (
        f"{process_cpu_count()} cores, {platform.system()} {platform.machine()}, Python "
        f"{platform.python_version()}, PostgreSQL {version}, fsync {fsync}, "
        f"synchronous_commit {commit}\n"
    )


def describe(url: str, workload: Workload) -> str:
    """Return what was measured on: the machine, the server's settings that matter, the file."""
    header, content = workload.first_load[1].partition(b"\r\n")[0], workload.first_load[1]
    return (
        f"{describe_server(url)}{workload.rows:,} rows of {header.count(b',') + 1} columns, "
        f"{len(content) / workload.rows:.0f} bytes a row\n"
    )


def report(spans: Spans, rows: int) -> str:
    """Return the tables and the verdicts as text."""
    parts = (_loads(spans, rows), _short(spans), _verdicts(spans, rows))
    return "\n\n".join("\n".join(part) for part in parts)


def _loads(spans: Spans, rows: int) -> Iterable[str]:
    columns = f"{'median':>7} {'least':>7} {'most':>7} {'rows/s':>8} {'WAL B/row':>9}"
    yield f"{'seconds a file':62} {columns}"
    for name, title in NAMES.items():
        seconds = [span.wall_ms / 1000 for span in spans[name]]
        wal = _wal_a_row(spans[name], rows)
        yield (
            f"{title:62} {median(seconds):7.2f} {min(seconds):7.2f} {max(seconds):7.2f} "
            f"{rows / median(seconds):8,.0f} {'' if wal is None else round(wal):>9}"
        )


def _short(spans: Spans) -> Iterable[str]:
    yield f"{'milliseconds':40} {'database':>9} {'least':>7} {'most':>7} {'wall':>7} {'trips':>6}"
    for name, title in SHORT_NAMES.items():
        times = [span.database_ms for span in spans[name]]
        yield (
            f"{title:40} {median(times):9.2f} {min(times):7.2f} {max(times):7.2f} "
            f"{median(span.wall_ms for span in spans[name]):7.2f} "
            f"{median(span.round_trips for span in spans[name]):6.0f}"
        )


def _verdicts(spans: Spans, rows: int) -> Iterable[str]:
    first, batch, unmarked, again = (
        _seconds(spans[name])
        for name in ("first load", "batch worker", "batch worker*", "re-emission")
    )
    jsonb, text = _seconds(spans["copy jsonb"]), _seconds(spans["copy text"])
    wal = _wal_a_row(spans["re-emission"], rows)
    delta = median(span.database_ms for span in spans["delta"])
    yield verdict(
        batch / first >= 3, "first load >= 3 x the batch worker", f"{batch / first:.2f} x"
    )
    yield f"    without the marks that it leaves: {unmarked / first:.2f} x"
    yield verdict(
        first / again >= 1.5, "re-emission >= 1.5 x its first load", f"{first / again:.2f} x"
    )
    yield verdict(
        wal is not None and wal < 300, "re-emission < 300 B of WAL a row", f"{wal or 0:.0f} B"
    )
    yield verdict(delta <= 25, "warm delta <= 25 ms of database time", f"{delta:.1f} ms")
    yield f"    COPY limits / first load: {jsonb / first:.2f} (jsonb), {text / first:.3f} (text)"
    yield f"    COPY limits / re-emission: {jsonb / again:.2f} (jsonb), {text / again:.3f} (text)"


def verdict(passed: bool, must: str, found: str) -> str:
    """Return the line that says whether a must was met."""
    return f"{'PASS' if passed else 'FAIL'}  {must}: {found}"


def _seconds(spans: Sequence[Span]) -> float:
    return median(span.wall_ms for span in spans) / 1000


def _wal_a_row(spans: Sequence[Span], rows: int) -> float | None:
    """Return the median; None if a checkpoint disturbed every one of them."""
    measured = [span.wal_bytes / rows for span in spans if span.wal_bytes is not None]
    return median(measured) if measured else None
