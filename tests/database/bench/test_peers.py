"""The race with few rows: each contestant loads the files, and the report has every verdict."""

from pathlib import Path

import pytest

from tests.bench.ingest import Bench
from tests.bench.peers.contestants import CONTESTANTS, DLT_SETTINGS, PEERS, Contestant
from tests.bench.peers.races import DELTA, FIRST_LOAD, RE_EMISSION, Race
from tests.bench.peers.reports import report
from tests.bench.workloads import Workload, make_workload
from tests.support.applications import only_in_long
from tests.support.postgres import DatabaseServer

ROWS = 1_000
OWN = tuple(contestant for contestant in CONTESTANTS if contestant.program is None)


@pytest.fixture(scope="module")
def workload() -> Workload:
    """Few rows, and one delta."""
    return make_workload(ROWS, 1)


@pytest.mark.parametrize(
    "contestant",
    [
        OWN[0],
        *(pytest.param(other, marks=only_in_long) for other in CONTESTANTS if other is not OWN[0]),
    ],
    ids=lambda contestant: contestant.name,
)
def test_contestant_loads_the_files(
    contestant: Contestant, database_server: DatabaseServer, workload: Workload, tmp_path: Path
) -> None:
    """A process a file: what it took, what it used, and what it wrote is known."""
    if reason := contestant.missing():
        pytest.skip(reason)
    race = Race(database_server, workload, [contestant], tmp_path)

    next(race.parts())()

    expected = {FIRST_LOAD, DELTA} | ({RE_EMISSION} if contestant.upserts else set())
    assert set(race.processes) == {(contestant.name, what) for what in expected}
    for (span,) in race.processes.values():
        assert span.wall_ms > 0
        assert span.client_cpu_ms > 0
        assert span.peak_memory_mb
        assert span.wal_bytes is None or span.wal_bytes > 0


@only_in_long
@pytest.mark.skipif(not (PEERS / "dlt").exists(), reason="dlt is not installed: make bench-setup")
def test_dlt_is_measured_within_one_process_too(
    database_server: DatabaseServer, workload: Workload, tmp_path: Path
) -> None:
    """It names the seconds of each file; imports are not in them."""
    dlt = next(c for c in CONTESTANTS if c.name == f"dlt, {DLT_SETTINGS[-1]}")
    race = Race(database_server, workload, [dlt], tmp_path)

    _, in_process = race.parts()
    in_process()

    assert set(race.in_process) == {(dlt.name, what) for what in (FIRST_LOAD, RE_EMISSION, DELTA)}


@only_in_long
def test_report_has_every_verdict_and_every_contestant(
    database_server: DatabaseServer, workload: Workload, tmp_path: Path
) -> None:
    """What was not measured for want of a peer is said to be so."""
    bench = Bench(database_server, workload)
    race = Race(database_server, workload, OWN, tmp_path)
    bench.run_round(0, race.parts())

    text = report(bench.spans, race, rounds=1)

    words = [line.split()[0] for line in text.splitlines() if " / " in line]
    assert len(words) == 11
    assert set(words) <= {"GOAL", "MUST", "MISSED", "NONE"}
    assert words.count("NONE") == 7
    for contestant in OWN:
        assert contestant.name in text


def test_missing_peer_is_left_out_with_its_reason() -> None:
    """On a machine where it cannot be installed the others still race."""
    contestant = Contestant("peer", OWN[0].command, Path("/nowhere/peer"))

    assert contestant.missing() == "peer: left out, peer is not installed (make bench-setup)"
