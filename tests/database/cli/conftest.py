"""A shell for the commands' tests, with a database and a directory that serves as the bucket."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.support.commands import CommandLine
from tests.support.feeds import a_change_file, a_row

FOLDER = Path("feed", "automations", "inc")


@dataclass(frozen=True, slots=True)
class Feed:
    """The change stream of the shell's directory `feed`."""

    root: Path

    def put(self, stamp: str, *rows: Mapping[str, str], content: bytes | None = None) -> Path:
        """Put a change file of `rows`, or of raw `content`, into changes/."""
        path = self.root / "changes" / f"{stamp}.csv"
        path.write_bytes(a_change_file(rows) if content is None else content)
        return path

    def names(self, folder: str) -> list[str]:
        """The names in one of the folders, in order."""
        return sorted(path.name for path in self.root.joinpath(folder).glob("*"))

    def everything(self) -> dict[str, bytes]:
        """All files with their content."""
        paths = (path for path in self.root.rglob("*") if path.is_file())
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}


@pytest.fixture
def database_url(
    module_database_url: str,
    module_connection: psycopg.Connection,
    truncate_all: Callable[[psycopg.Connection], None],
) -> str:
    """A migrated database that is as good as new; a module's tests share it."""
    truncate_all(module_connection)
    return module_database_url


@pytest.fixture
def connection(database_url: str, module_connection: psycopg.Connection) -> psycopg.Connection:
    """A connection in autocommit mode to `database_url`."""
    del database_url
    return module_connection


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> CommandLine:
    """A shell with a migrated database."""
    return CommandLine(tmp_path, {"DATABASE_URL": database_url})


@pytest.fixture
def feed(tmp_path: Path) -> Feed:
    """The directory `feed` of the shell, in the shape of a bucket, empty."""
    root = tmp_path / FOLDER
    root.joinpath("changes").mkdir(parents=True)
    return Feed(root)


@pytest.fixture
def small_feed(feed: Feed) -> Feed:
    """Two tickets over two files; one of them is closed in the second."""
    feed.put("2024-06-15T17-00-00", a_row(ticket_id="A"), a_row(ticket_id="B"))
    closed = a_row(
        ticket_id="A",
        bucket="closed",
        normalized_status="closed",
        raw_status="CLOSED",
        is_actionable="false",
        closed_at="2024-06-13 16:00:00",
    )
    feed.put("2024-06-15T20-00-00", closed)
    return feed
