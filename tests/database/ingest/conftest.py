"""One database a module, brought back to its fresh state for each test; and a scene on it."""

import datetime as dt
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from fleettickets.store.connections import Connection, connect
from tests.support.ingests import Producer
from tests.support.scenes import Scene


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut is not among these cases, and two fsyncs a file take most of the time."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


@pytest.fixture
def database_url(
    module_database_url: str,
    module_connection: psycopg.Connection,
    truncate_all: Callable[[psycopg.Connection], None],
) -> str:
    """A migrated database without any trace of the tests before."""
    truncate_all(module_connection)
    return module_database_url


@pytest.fixture
def connection(database_url: str) -> Iterator[Connection]:
    """A connection as the product opens it."""
    with connect(
        database_url, application_name="ingest test", lock_timeout=dt.timedelta(seconds=5)
    ) as connection:
        yield connection


@pytest.fixture
def scene(database_url: str, connection: Connection, tmp_path: Path) -> Scene:
    """An empty stream in a directory, and a fresh database."""
    return Scene(database_url, connection, Producer(tmp_path / "bucket"))
