"""`make soak`: load on the deployed stack, notifications on; rates, peak memory, what was kept.

Sizes are the full ones unless told otherwise. Each part checks its own end.
"""

import argparse
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import Any

import psycopg

from tests.faults.chaos import build
from tests.support.applications import Application, an_application
from tests.support.digests import CleanIngest, Content
from tests.support.localstack import use_localstack
from tests.support.postgres import DatabaseServer, find_server_url
from tests.support.streams import a_stream, some_stamps
from tests.support.templates import Template
from tests.support.waits import wait_until

PUT_THREADS = 8
PATIENCE_SECONDS = 3_600.0
PILE_UP_FROM = 1_000  # a pause costs a visibility timeout, which a few files are not worth
MEGABYTE = 10**6
REJECT_BYTES = 50_000
GOOD_LINES = 5  # for each rejected one, so that the file stays within what is tolerated
MAX_REJECTS_KEPT, MAX_REJECT_TEXT_BYTES = 1_000, 2_048
COLUMNS = "ticket_id,raw_status,is_actionable,cluster,region,assigned_team,owner,created_at_service"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of each."""

    files: int = 5_000  # in the bucket at once
    rows: int = 1_000_000  # of one re-emission
    late_files: int = 1_000
    reject_megabytes: int = 100


SMALL = Sizes(files=40, rows=20_000, late_files=15, reject_megabytes=3)


@dataclass(frozen=True, slots=True)
class Load:
    """One part: what went through, in what time, and what the function took at most."""

    title: str
    number: int
    unit: str
    seconds: float
    peak_memory_mb: int

    def __str__(self) -> str:
        """Return a line of the report."""
        pace = self.number / self.seconds
        return (
            f"{self.title:45} {self.number:9,} {self.unit:5} {self.seconds:8.1f} s "
            f"{pace:9,.1f} /s {self.peak_memory_mb:5} MB"
        )


@dataclass(frozen=True, slots=True)
class Soak:
    """The loaded application, and a clean ingest to compare with."""

    application: Application
    clean: CleanIngest

    def run(self, sizes: Sizes) -> Iterator[Load]:
        """Yield each part as it ends; the parts have the database to themselves in turn."""
        yield self.many_files(sizes.files)
        yield self.late_files(sizes.late_files)
        yield from self.re_emission(sizes.rows)
        yield self.rejects(sizes.reject_megabytes)

    def many_files(self, number: int) -> Load:
        """Put all files; many of them while doorbells wait, so that all lie there at once."""
        files = [(file.stamp, file.content) for file in a_stream(number, tickets=2_000)]
        self._start_anew()
        piles_up = number >= PILE_UP_FROM
        if piles_up:
            self._pile_up(files)
        with self._measured("files in the bucket at once", number, "files") as result:
            if piles_up:
                self.application.resume()
            else:
                self._put_all(files)
            self._await_settled(number)
        self.clean.assert_equals(self.application.connection, files)
        return result()

    def _pile_up(self, files: list[Content]) -> None:
        self.application.pause()
        self._put_all(files)
        wait_until(
            lambda: self.application.doorbells() >= len(files),
            "the doorbells",
            timeout_seconds=PATIENCE_SECONDS,
        )

    def late_files(self, number: int) -> Load:
        """Apply the newest of a stream, then put all others, which are older."""
        *older, newest = ((f.stamp, f.content) for f in a_stream(number + 1, tickets=2_000, seed=2))
        settled = self._settled()
        self._put_all([newest])
        self._await_settled(settled + 1)
        self._start_anew()
        with self._measured("late files", number, "files") as result:
            self._put_all(reversed(older))
            self._await_settled(settled + 1 + number)
        late = "select count(*) from tickets.import_files where late and stamp >= %s"
        assert self._one(late, older[0][0]) == number
        return result()

    def re_emission(self, rows: int) -> Iterator[Load]:
        """Put one file with so many tickets, and the same again with every hundredth changed."""
        for title, owner in (("first load in one file", "Amina"), ("re-emission", "Otieno")):
            (stamp,) = some_stamps(1)
            lines = (_line(n, owner if n % 100 == 0 else "Amina") for n in range(rows))
            self._start_anew()
            with self._measured(title, rows, "rows") as result:
                self._put_lines(stamp, lines)
                self._await_stamp(stamp)
            changed = "select rows_inserted, rows_updated, rows_unchanged, reason"
            row = self._row(f"{changed} from tickets.import_files where stamp = %s", stamp)
            hundredths = -(-rows // 100)
            is_first = owner == "Amina"
            expected = (rows, 0, 0) if is_first else (0, hundredths, rows - hundredths)
            assert row == (*expected, None)
            yield result()

    def rejects(self, megabytes: int) -> Load:
        """Put one file with so much in rows that are rejected, among enough good ones."""
        (stamp,) = some_stamps(1)
        number = megabytes * MEGABYTE // REJECT_BYTES
        bad = "WOT1," + "x" * REJECT_BYTES + "\n"
        lines = (
            line
            for n in range(number)
            for line in (bad, *(_line(n * GOOD_LINES + i, "Amina") for i in range(GOOD_LINES)))
        )
        self._start_anew()
        with self._measured(f"{megabytes} MB of rejects", number, "rows") as result:
            self._put_lines(stamp, lines)
            self._await_stamp(stamp)
        found = self._row(
            "select rows_rejected, (select count(*) from tickets.import_rejects as rejects"
            " where rejects.stamp = files.stamp), (select max(octet_length(text)) from"
            " tickets.import_rejects as rejects where rejects.stamp = files.stamp)"
            " from tickets.import_files as files where stamp = %s",
            stamp,
        )
        assert found == (number, min(number, MAX_REJECTS_KEPT), MAX_REJECT_TEXT_BYTES)
        return result()

    def _start_anew(self) -> None:
        """Let the function start cold, once it has nothing to do: its peak is then of one part."""
        self._await_quiet()
        self.application.restart("Ingest")

    def _await_quiet(self) -> None:
        """Wait for the doorbells of files that others' have settled: there may be a thousand."""
        wait_until(
            lambda: self.application.doorbells() == 0,
            "the end of doorbells",
            timeout_seconds=PATIENCE_SECONDS,
        )

    @contextmanager
    def _measured(self, title: str, number: int, unit: str) -> Generator[Callable[[], Load]]:
        """Measure the block's time, and the function's peak in it."""
        reports = len(self._peaks())
        started = time.monotonic()
        seconds = list[float]()
        yield lambda: Load(title, number, unit, seconds[0], self._await_peak(reports))
        seconds.append(time.monotonic() - started)
        self._await_quiet()

    def _await_peak(self, reports: int) -> int:
        """Return the peak since so many reports; they come a little after the function's end."""
        return max(wait_until(lambda: self._peaks()[reports:], "a report of Lambda's"))

    def _peaks(self) -> list[int]:
        """Return what Lambda's reports say of memory, in MB."""
        group = self.application.stack.outputs["IngestLogGroupName"]
        lines = self.application.stack.logged(group, '"Max Memory Used"')
        return [int(found[1]) for line in lines if (found := re.search(r"Used: (\d+) MB", line))]

    def _put_all(self, files: Iterable[Content]) -> None:
        with ThreadPoolExecutor(PUT_THREADS) as pool:
            list(pool.map(lambda file: self.application.put(*file), files))

    def _put_lines(self, stamp: str, lines: Iterable[str]) -> None:
        with tempfile.NamedTemporaryFile() as file:
            file.write(f"{COLUMNS}\n".encode())
            file.writelines(line.encode() for line in lines)
            file.flush()
            self.application.localstack.s3.upload_file(
                file.name, self.application.bucket, self.application.prefix.change_key(stamp)
            )

    def _settled(self) -> int:
        return self._one("select count(*) from tickets.import_files")

    def _await_settled(self, number: int) -> None:
        wait_until(
            lambda: self._settled() >= number,
            f"{number} settled files",
            timeout_seconds=PATIENCE_SECONDS,
        )

    def _await_stamp(self, stamp: str) -> None:
        wait_until(
            lambda: self.application.settled([stamp]),
            f"the end of {stamp}",
            timeout_seconds=PATIENCE_SECONDS,
        )

    def _one(self, statement: str, *parameters: object) -> int:
        return int(self._row(statement, *parameters)[0])

    def _row(self, statement: str, *parameters: object) -> tuple[Any, ...]:
        row = self.application.connection.execute(statement.encode(), parameters).fetchone()
        assert row is not None
        return row


def _line(number: int, owner: str) -> str:
    return (
        f"WOT{number:07},OPEN,true,Athi River,upcountry,Group {number % 40},{owner},"
        f"2026-06-13 08:{number % 60:02}:00\n"
    )


@contextmanager
def a_soak(application: Application, server: DatabaseServer) -> Generator[Soak]:
    """Yield the application for load, with its database and bucket empty."""
    application.reset(server)
    with (
        server.migrated_database() as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        yield Soak(application, CleanIngest(connection, server.truncate_all))


def main() -> None:
    """Put all loads on the stack, with the template's own limits, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    for size in fields(Sizes):
        parser.add_argument(f"--{size.name.replace('_', '-')}", type=int, default=size.default)
    sizes = Sizes(**vars(parser.parse_args()))
    names = ("IngestTimeoutSeconds", "VisibilityTimeoutSeconds")
    limits = {name: Template().value(name) for name in names}
    with (
        DatabaseServer(find_server_url(os.environ)) as server,
        use_localstack() as localstack,
        an_application(localstack, server, build(), **limits) as application,
        a_soak(application, server) as soak,
    ):
        memory_mb = Template().functions()["ingest"]["MemorySize"]
        sys.stdout.write(f"limits: {limits['IngestTimeoutSeconds']} s, {memory_mb} MB a run\n")
        for load in soak.run(sizes):
            sys.stdout.write(f"{load}\n")
            sys.stdout.flush()
            assert load.peak_memory_mb <= memory_mb


if __name__ == "__main__":
    main()
