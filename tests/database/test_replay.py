"""The real stream of a month gives its expected final state, however it is fed."""

import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import psycopg
import pytest

from fleettickets.errors import MissingFilesError
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.reseed_apply import open_reseed
from tests.support.applications import only_in_long
from tests.support.ingests import Producer, a_context
from tests.support.replays import Replay, closures, final_state, unpack_replay
from tests.support.reseeds import a_plan, a_reseed

DEATHS = 10
FLEETTICKETS = Path(sys.executable).with_name("fleettickets")


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """The unpacked archive."""
    return unpack_replay(tmp_path_factory.mktemp("replay"))


@pytest.fixture(scope="module")
def expected_closures(
    replay: Replay, module_connection: psycopg.Connection, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[object, ...]]:
    """The closure history of a plain ingest in order."""
    producer = Producer(tmp_path_factory.mktemp("in-order"))
    _put_all(producer, replay.files)
    ingest_pending(a_context(module_connection, producer.bucket()))
    assert final_state(module_connection) == replay.expected
    return closures(module_connection)


def _put_all(producer: Producer, files: Iterable[Path]) -> None:
    for file in files:
        producer.put(file.stem, file.read_bytes())


def _command(database_url: str, root: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [FLEETTICKETS, "ingest", "--from-dir", root, "--apply"],
        env={**os.environ, "DATABASE_URL": database_url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def _finish(command: subprocess.Popen[bytes]) -> None:
    _, errors = command.communicate(timeout=120)
    assert command.returncode == 0, errors.decode()


def test_command_line_ingests_the_whole_stream(
    replay: Replay,
    expected_closures: list[tuple[object, ...]],
    database_url: str,
    connection: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """`ingest --from-dir … --apply` gives every expected row and archives every file."""
    producer = Producer(tmp_path)
    _put_all(producer, replay.files)

    _finish(_command(database_url, tmp_path))

    assert final_state(connection) == replay.expected
    assert closures(connection) == expected_closures
    assert producer.names("changes") == []
    assert producer.names("processed") == [file.name for file in replay.files]


def test_files_fed_in_reverse_order_give_the_same_state(
    replay: Replay,
    expected_closures: list[tuple[object, ...]],
    connection: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """P3: each file but the first is late, and nothing is lost or regresses."""
    producer = Producer(tmp_path)
    context = a_context(connection, producer.bucket())

    for file in reversed(replay.files):
        producer.put(file.stem, file.read_bytes())
        ingest_pending(context)

    assert final_state(connection) == replay.expected
    assert closures(connection) == expected_closures


@pytest.mark.parametrize("seed", [1, 2])
def test_files_fed_twice_in_random_order_give_the_same_state(
    replay: Replay,
    expected_closures: list[tuple[object, ...]],
    connection: psycopg.Connection,
    tmp_path: Path,
    seed: int,
) -> None:
    """P2 and P3: repeats take no effect, and any order ends the same."""
    producer = Producer(tmp_path)
    context = a_context(connection, producer.bucket())
    order = [*replay.files, *replay.files]
    random.Random(seed).shuffle(order)

    for file in order:
        producer.put(file.stem, file.read_bytes())
        ingest_pending(context)

    assert final_state(connection) == replay.expected
    assert closures(connection) == expected_closures
    assert producer.names("processed") == [file.name for file in replay.files]


def test_ten_kills_on_the_way_lose_nothing(
    replay: Replay,
    expected_closures: list[tuple[object, ...]],
    database_url: str,
    connection: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """P4: the command is killed while it works on a file, ten times, and then runs to its end."""
    producer = Producer(tmp_path)
    _put_all(producer, replay.files)

    for death in range(1, DEATHS + 1):
        command = _command(database_url, tmp_path)
        _wait_for_attempts(connection, command, 2 * death)
        command.send_signal(signal.SIGKILL)
        command.communicate()
        assert command.returncode == -signal.SIGKILL
    _finish(_command(database_url, tmp_path))

    assert final_state(connection) == replay.expected
    assert closures(connection) == expected_closures
    assert producer.names("changes") == []


def _wait_for_attempts(
    connection: psycopg.Connection, command: subprocess.Popen[bytes], number: int
) -> None:
    """Wait until that many attempts were begun, by this command or its forerunners."""
    while command.poll() is None:
        row = connection.execute("select count(*) from tickets.import_attempts").fetchone()
        if row is not None and row[0] >= number:
            return


def test_two_commands_at_once_give_the_same_state(
    replay: Replay,
    expected_closures: list[tuple[object, ...]],
    database_url: str,
    connection: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """P2: two processes share the work, and each file takes effect once."""
    producer = Producer(tmp_path)
    _put_all(producer, replay.files)

    for command in [_command(database_url, tmp_path), _command(database_url, tmp_path)]:
        _finish(command)

    assert final_state(connection) == replay.expected
    assert closures(connection) == expected_closures
    revisions = connection.execute("select count(*), max(revision) from tickets.import_files")
    assert revisions.fetchone() == (len(replay.files), 1)


def test_reseed_of_the_processed_stream_reproduces_tickets_and_closures(
    replay: Replay,
    expected_closures: list[tuple[object, ...]],
    database_url: str,
    connection: psycopg.Connection,
    tmp_path: Path,
) -> None:
    """`ingest --reseed --apply` reads the archive from the start and ends where it was."""
    producer = Producer(tmp_path)
    shutil.rmtree(tmp_path / "changes", ignore_errors=True)
    _put_all(producer, replay.files)
    ingest_pending(a_context(connection, producer.bucket()))

    subprocess.run(
        [FLEETTICKETS, "ingest", "--from-dir", tmp_path, "--reseed", "--apply"],
        env={**os.environ, "DATABASE_URL": database_url},
        check=True,
        capture_output=True,
    )

    assert final_state(connection) == replay.expected
    assert closures(connection) == expected_closures
    generations = connection.execute("select distinct generation from tickets.inc_versions")
    assert generations.fetchall() == [(1,)]


CONTENT = """
select ticket_id, raw, geo_source, latitude, longitude from tickets.inc
order by ticket_id collate "C"
"""


def _ingest_with_late_and_overwritten_files(
    replay: Replay, connection: psycopg.Connection, producer: Producer
) -> None:
    """Each tenth file comes late; each seventh is put empty of its last row first, then whole."""
    context = a_context(connection, producer.bucket())
    late = replay.files[3::10]
    _put_all(producer, (file for file in replay.files if file not in late))
    for file in replay.files[5::7]:
        *lines, _ = file.read_bytes().splitlines(keepends=True)
        producer.put(file.stem, b"".join(lines))
    ingest_pending(context)
    _put_all(producer, (*late, *replay.files[5::7]))
    ingest_pending(context)


@only_in_long
def test_reseed_after_late_and_overwritten_files_reproduces_the_tickets(
    replay: Replay, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """The same content and the same closures, and the plan has said so to the last row."""
    producer = Producer(tmp_path)
    _ingest_with_late_and_overwritten_files(replay, connection, producer)
    before = (connection.execute(CONTENT).fetchall(), closures(connection))

    done = a_reseed(a_context(connection, producer.bucket()))

    assert (connection.execute(CONTENT).fetchall(), closures(connection)) == before
    assert done.applied.counts == done.planned.counts
    assert done.applied.difference == {}
    assert done.applied.counts.tickets.changed == done.applied.counts.closures_new == 0
    assert done.applied.counts.tickets.unchanged == len(replay.expected)
    assert final_state(connection) == replay.expected


@only_in_long
def test_reseed_without_an_archived_file_is_refused_and_says_what_it_costs(
    replay: Replay, connection: psycopg.Connection, tmp_path: Path
) -> None:
    """Allowed, it costs exactly that: the tickets that it said fall back, and no closure."""
    producer = Producer(tmp_path)
    _ingest_with_late_and_overwritten_files(replay, connection, producer)
    before = {row[0]: row for row in connection.execute(CONTENT)}
    history = closures(connection)
    (tmp_path / "processed" / replay.files[-1].name).unlink()
    context = a_context(connection, producer.bucket())

    plan = a_plan(context)
    with pytest.raises(MissingFilesError, match=replay.files[-1].stem):
        open_reseed(context, plan.plan_sha256, owner="test")
    done = a_reseed(context, allow_missing=True)

    after = {row[0]: row for row in connection.execute(CONTENT)}
    fallen_back = sum(1 for ticket in before if before[ticket] != after[ticket])
    assert plan.missing.files == 1
    assert plan.missing.tickets_falling_back == fallen_back > 0
    assert done.applied.counts.tickets.changed == fallen_back
    assert closures(connection) == history
