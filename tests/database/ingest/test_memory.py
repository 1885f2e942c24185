"""Memory does not grow with the file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.applications import only_in_long
from tests.support.scenes import FIRST, Scene

ROOT = Path(__file__).resolve().parents[3]

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc"
)

# In a process of its own, so that the peak is the ingest's alone.
WORK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from fleettickets.clients.directories import DirectoryBucket
from fleettickets.core.keys import Prefix
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import connect

url, directory = sys.argv[1:]
connection = connect(url, application_name="memory test")
bucket = DirectoryBucket(Path(directory), "automations/inc")
summary = ingest_pending(
    IngestContext(
        connection, bucket, Prefix(), "command line", lambda: datetime.now(UTC), 2 << 30
    )
)
print([file.outcome for file in summary.outcomes], summary.outcomes[0].counts.read)
# Not getrusage: its peak includes what the parent had before the exec.
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
# A row of about 1 KiB; 500 tickets come again and again, so that the tables stay small.
ROW = "INC{number},{filler}\n"
FILLER = "North rack fiber cut and waiting for spares. " * 24


def _write(path: Path, size_bytes: int) -> int:
    """Write a change file of about that size; return the number of its rows."""
    block = "".join(ROW.format(number=number, filler=FILLER) for number in range(500)).encode()
    blocks = size_bytes // len(block)
    path.parent.mkdir(parents=True)
    with path.open("wb") as file:
        file.write(b"ticket_id,description\n")
        for _ in range(blocks):
            file.write(block)
    return 500 * blocks


def _ingest(scene: Scene, size_bytes: int) -> int:
    """Ingest a file of that size in a process of its own; return its peak memory in KiB."""
    rows = _write(scene.root / "changes" / f"{FIRST}.csv", size_bytes)
    done = subprocess.run(
        [sys.executable, "-c", WORK, scene.database_url, scene.root],
        env=os.environ | {"PYTHONPATH": str(ROOT / "layers/fleettickets/python")},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    summary, peak = done.stdout.splitlines()
    assert summary == f"['applied'] {rows}"
    return int(peak)


def test_sixty_megabytes_need_little_memory(scene: Scene) -> None:
    """The interpreter and its libraries, and a few chunks."""
    peak_kib = _ingest(scene, 60_000_000)

    assert peak_kib < 80 * 1024


@only_in_long
def test_a_gigabyte_needs_less_than_three_hundred_megabytes(scene: Scene) -> None:
    """The promise, to the letter."""
    peak_kib = _ingest(scene, 1_000_000_000)

    assert peak_kib < 300 * 1000 * 1000 // 1024
