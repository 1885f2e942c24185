"""Backup and restore: a dump of any moment, and what lies in the bucket, give the present state."""

import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString, override

import psycopg
import pytest

from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.repair import find_file, replay
from fleettickets.jobs.reseed import reseed_at_once
from fleettickets.store.connections import connect
from tests.support.applications import LONG
from tests.support.buckets import Steps
from tests.support.digests import CleanIngest, Content
from tests.support.ingests import PREFIX, Producer, a_context, a_worker, sha256
from tests.support.scenes import BROKEN
from tests.support.streams import a_stream

STEPS_OF_A_FILE = 25  # about; the dump is made at a random one of all


@dataclass(slots=True)
class DumpingSteps(Steps):
    """Steps at one of which, in the middle of whatever is being done, the database is dumped."""

    database_url: str = ""
    dump_at: int = 0
    dump: str = field(default="", init=False)

    @override
    def step(self, name: str) -> None:
        """Take the next step; dump the database at the chosen one."""
        self.taken.append(name)
        if len(self.taken) == self.dump_at:
            self.dump = _run("pg_dump", "--dbname", self.database_url)


def _run(*command: str, text: str | None = None) -> str:
    done = subprocess.run(command, input=text, capture_output=True, check=True, text=True)
    return done.stdout


@dataclass(frozen=True, slots=True)
class Dumped:
    """A stream that is ingested while somebody dumps the database."""

    database_url: str
    connection: psycopg.Connection
    producer: Producer

    def in_the_middle_of(self, files: list[Content], seed: int) -> str:
        """Ingest the files one by one, in this order; return a dump of a moment of the seed's."""
        moment = random.Random(seed).randrange(1, STEPS_OF_A_FILE * len(files))
        steps = DumpingSteps(database_url=self.database_url, dump_at=moment)
        worker = a_worker(self.database_url, self.producer.bucket(), steps)
        for stamp, content in files:
            self.producer.put(stamp, content)
            ingest_pending(worker)
        worker.connection.close()
        assert steps.dump
        return steps.dump


@pytest.fixture
def dumped(
    module_database_url: str,
    module_connection: psycopg.Connection,
    truncate_all: Callable[[psycopg.Connection], None],
    tmp_path: Path,
) -> Dumped:
    """A fresh database and an empty stream."""
    truncate_all(module_connection)
    return Dumped(module_database_url, module_connection, Producer(tmp_path))


def restore(dump: str, database_url: str) -> None:
    """Restore a dump into an empty database."""
    _run("psql", "-qX", "-v", "ON_ERROR_STOP=1", "-1", "-d", database_url, text=dump)


def by_reseed(context: IngestContext) -> None:
    """Catch up as the runbook says: read the whole listing anew."""
    reseed_at_once(context, owner="restorer")


KNOWN: LiteralString = "select stamp, sha256 from tickets.import_files"


def by_replay(context: IngestContext) -> None:
    """Catch up in the present generation: replay what is archived and not in the ledger."""
    known = set(context.connection.execute(KNOWN).fetchall())
    listed = [item.key for item in context.bucket.list_objects(PREFIX.processed)]
    keys = [(parsed.stamp, parsed.copy, key) for key in listed if (parsed := PREFIX.parse(key))]
    for stamp, _, key in sorted(keys):
        with context.bucket.open_object(key) as opened:
            content = b"".join(opened.chunks())
        if (stamp, sha256(content)) not in known:
            replay(context, find_file(context, key))


def a_troubled_stream(seed: int, *, is_shuffled: bool) -> list[Content]:
    """Return a stream in the order of its coming, with an overwritten and a broken file in it."""
    files = [(file.stamp, file.content) for file in a_stream(14, seed=seed)]
    other = a_stream(1, seed=seed + 100)[0]
    files.insert(5, (files[4][0], other.content))
    files[9] = (files[9][0], BROKEN)
    return random.Random(seed).sample(files, len(files)) if is_shuffled else files


@pytest.mark.parametrize("seed", range(1, 21) if LONG else [1])
@pytest.mark.parametrize(
    ("catch_up", "is_shuffled"), [(by_replay, True), (by_replay, False), (by_reseed, False)]
)
def test_restored_dump_catches_up_from_the_bucket_alone(
    dumped: Dumped,
    bare_database_url: str,
    clean: CleanIngest,
    catch_up: Callable[[IngestContext], None],
    seed: int,
    *,
    is_shuffled: bool,
) -> None:
    """Whatever moment the dump is of, the middle of a file too: it ends like a clean ingest."""
    files = a_troubled_stream(seed, is_shuffled=is_shuffled)
    dump = dumped.in_the_middle_of(files, seed)

    restore(dump, bare_database_url)
    with connect(bare_database_url, application_name="restorer") as restored:
        context = a_context(restored, dumped.producer.bucket())
        ingest_pending(context)
        catch_up(context)

        clean.assert_equals(restored, files)
    clean.assert_equals(dumped.connection, files)
    assert dumped.producer.names("changes") == []
