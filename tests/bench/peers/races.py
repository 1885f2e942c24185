"""One round of the race: each contestant on a database of its own, with the same files."""

import sys
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from json import loads
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from psycopg import Connection, sql

from tests.bench.clocks import Span
from tests.bench.ingest import add_places, checkpoint
from tests.bench.peers.contestants import DLT_SETTINGS, Contestant, Place, dlt_command
from tests.bench.peers.processes import run_process
from tests.bench.workloads import Workload
from tests.support.postgres import DatabaseServer

FIRST_LOAD, RE_EMISSION, DELTA = "first load", "re-emission", "delta"
DELTAS_IN_PROCESS = 10

type Times = dict[tuple[str, str], list[Span]]
"""By the contestant's name, and by what it did."""


@dataclass(slots=True)
class Race:
    """The files, and what each contestant took for them."""

    server: DatabaseServer
    workload: Workload
    contestants: Sequence[Contestant]
    files: Path
    repeats: bool = True
    """Whether re-emissions and deltas are raced, too, or first loads only."""
    processes: Times = field(default_factory=lambda: defaultdict(list))
    in_process: Times = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Write the files, each named by its stamp."""
        contents = (self.workload.first_load, self.workload.re_emissions[0], *self.workload.deltas)
        for stamp, content in contents:
            self._file(stamp).write_bytes(content)

    def parts(self) -> Iterator[Callable[[], None]]:
        """Return what a round consists of."""
        for contestant in self.contestants:
            yield lambda contestant=contestant: self._run_processes(contestant)
        for settings in DLT_SETTINGS if self.repeats else ():
            if f"dlt, {settings}" in {contestant.name for contestant in self.contestants}:
                yield lambda settings=settings: self._run_dlt(settings)

    def _run_processes(self, contestant: Contestant) -> None:
        """A process a file."""
        with self._place(migrated=contestant.migrated) as (place, connection):
            contestant.prepare(place, self.workload.first_load[1].partition(b"\r\n")[0])
            checkpoint(connection)
            for what, file in self._files(contestant):
                if what == DELTA:
                    connection.execute("vacuum (analyze)")
                span, _ = run_process(contestant.command(place, file), connection)
                sys.stderr.write(f"  {contestant.name}, {what}: {span.wall_ms / 1000:.1f} s\n")
                self.processes[contestant.name, what].append(span)
                if what != DELTA:
                    self._check(connection, contestant)

    def _check(self, connection: Connection, contestant: Contestant) -> None:
        """Figures of a loader that left rows out, or has them twice, would be worth nothing."""
        count = sql.SQL("select count(*) from {}").format(sql.Identifier(*contestant.table))
        found = connection.execute(count).fetchone()
        if found != (self.workload.rows,):
            raise RuntimeError(f"{contestant.name}: {found} rows instead of {self.workload.rows}")

    def _files(self, contestant: Contestant) -> Iterator[tuple[str, Path]]:
        yield FIRST_LOAD, self._file(self.workload.first_load[0])
        if self.repeats and contestant.upserts:
            yield RE_EMISSION, self._file(self.workload.re_emissions[0][0])
        if self.repeats:
            for stamp, _ in self.workload.deltas[: contestant.deltas]:
                yield DELTA, self._file(stamp)

    def _run_dlt(self, settings: str) -> None:
        """All files in one process of dlt."""
        stamps = [stamp for stamp, _ in self.workload.deltas[:DELTAS_IN_PROCESS]]
        first = (self.workload.first_load[0], self.workload.re_emissions[0][0])
        with self._place(migrated=False) as (place, connection):
            checkpoint(connection)
            files = map(self._file, (*first, *stamps))
            _, printed = run_process(dlt_command(settings, place, *files), connection)
        for what, seconds in zip(
            (FIRST_LOAD, RE_EMISSION, *(DELTA for _ in stamps)), loads(printed), strict=True
        ):
            self.in_process[f"dlt, {settings}", what].append(Span(wall_ms=seconds * 1000))

    @contextmanager
    def _place(self, *, migrated: bool) -> Generator[tuple[Place, Connection]]:
        make = self.server.migrated_database if migrated else self.server.empty_database
        with (
            make() as url,
            TemporaryDirectory() as directory,
            psycopg.connect(url, autocommit=True) as connection,
        ):
            if migrated:
                add_places(connection, self.workload)
            yield Place(_with_password(connection), Path(directory)), connection

    def _file(self, stamp: str) -> Path:
        return self.files / f"{stamp}.csv"


def _with_password(connection: Connection) -> str:
    """Return the connection's URL with the password in it: not every peer reads password files."""
    info = connection.info
    return f"postgresql://{info.user}:{info.password}@{info.host}:{info.port}/{info.dbname}"
