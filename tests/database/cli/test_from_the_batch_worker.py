"""docs/from-the-batch-worker.md, command for command, from a worker's database and back."""

import os
import re
import shlex
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import CommandLine
from tests.support.feeds import a_change_file, a_row
from tests.support.s3 import S3Store, running_s3_store
from tests.support.tickets import value

PAGE = Path(__file__).resolve().parents[3] / "docs" / "from-the-batch-worker.md"
CHANGES = "automations/inc/changes/"
TICKETS = "select jsonb_object_agg(ticket_id, raw) from tickets.inc"


@dataclass(frozen=True, slots=True)
class Desk:
    """A shell beside the worker's database and bucket, with what the page wants in its settings."""

    shell: CommandLine
    store: S3Store
    bucket: str

    def follow(self, section: str) -> None:
        """Run the commands of a section of the page, each of which has to end well."""
        for command in commands(section):
            name, *arguments = shlex.split(command)
            if name == "fleettickets":
                answer = self.shell.run(*arguments)
                assert answer.status == 0, f"{command}: {answer.errors}"
            else:
                done = subprocess.run(
                    ["sh", "-c", command],
                    cwd=self.shell.directory,
                    env={**os.environ, **self.shell.settings},
                    capture_output=True,
                    text=True,
                    check=False,
                )
                assert done.returncode == 0, f"{command}: {done.stderr}"

    def put(self, stamp: str, *rows: dict[str, str]) -> None:
        """Put a change file into the bucket."""
        body = a_change_file(rows)
        self.store.client().put_object(Bucket=self.bucket, Key=f"{CHANGES}{stamp}.csv", Body=body)

    def keys(self) -> list[str]:
        """What lies in the bucket."""
        objects = self.store.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])
        return [item.get("Key", "") for item in objects]


def commands(section: str) -> list[str]:
    """The lines of the section's code blocks, in order."""
    text = PAGE.read_text(encoding="utf-8").partition(f"## {section}\n")[2].partition("\n## ")[0]
    blocks = re.findall(r"^ *```sh\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [line for block in blocks for line in textwrap.dedent(block).splitlines()]


@pytest.fixture
def desk(older: psycopg.Connection, empty_database_url: str, tmp_path: Path) -> Iterator[Desk]:
    """The desk, with an older system's database and an empty bucket."""
    del older
    with running_s3_store() as store:
        bucket = store.new_bucket()
        settings = {
            "DATABASE_URL": empty_database_url,
            "TICKETS_BUCKET": bucket,
            "RUSTFS_ENDPOINT_URL": store.endpoint_url,
            "RUSTFS_ACCESS_KEY": "testing",
            "RUSTFS_SECRET_KEY": "testing",
        }
        yield Desk(CommandLine(tmp_path, settings), store, bucket)


def test_the_commands_take_the_database_over(desk: Desk, older: psycopg.Connection) -> None:
    """What the worker left lying regresses nothing, what is new comes, both are archived."""
    known = value(older, "select raw from tickets.inc where ticket_id = 'T1'")
    desk.put("2026-01-09T06-00-00", a_row(ticket_id="T1", owner="Somebody older"))
    desk.put("2026-01-11T06-00-00", a_row(ticket_id="T9"))

    desk.follow("In order")

    assert value(older, "select raw from tickets.inc where ticket_id = 'T1'") == known
    assert "T9" in value(older, TICKETS)
    assert desk.keys() == [
        f"automations/inc/processed/{stamp}.csv"
        for stamp in ("2026-01-09T06-00-00", "2026-01-11T06-00-00")
    ]
    assert (desk.shell.directory / "page" / "index.html").exists()


def test_the_copy_brings_the_database_back(
    desk: Desk, older: psycopg.Connection, bare_database_url: str
) -> None:
    """The tickets and the worker's cursor are as they were before step 3."""
    cursor = "select jsonb_agg(metadata) from tickets.import_meta"
    before = value(older, TICKETS), value(older, cursor)
    desk.put("2026-01-11T06-00-00", a_row(ticket_id="T9"))
    desk.follow("In order")
    settings = {**desk.shell.settings, "EMPTY_DATABASE_URL": bare_database_url}

    replace(desk, shell=replace(desk.shell, settings=settings)).follow("How to go back")

    with psycopg.connect(bare_database_url, autocommit=True) as restored:
        assert (value(restored, TICKETS), value(restored, cursor)) == before
        assert "T9" not in value(restored, TICKETS)
