"""Databases for tests, from the cheapest to the barest; see `tests.support.postgres`."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from tests.support.digests import CleanIngest
from tests.support.postgres import DatabaseServer, find_server_url

ADOPTED = Path(__file__).parent / "fixtures" / "adopted.sql"


@pytest.fixture(scope="session")
def database_server(original_environment: Mapping[str, str]) -> Iterator[DatabaseServer]:
    """The server, with this worker's templates."""
    with DatabaseServer(find_server_url(original_environment)) as server:
        yield server


@pytest.fixture
def database_url(database_server: DatabaseServer) -> Iterator[str]:
    """A migrated database of the test's own."""
    with database_server.migrated_database() as url:
        yield url


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode to `database_url`."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def module_database_url(database_server: DatabaseServer) -> Iterator[str]:
    """A migrated database that a module's tests share; for property tests, with `truncate_all`."""
    with database_server.migrated_database() as url:
        yield url


@pytest.fixture(scope="module")
def module_connection(module_database_url: str) -> Iterator[psycopg.Connection]:
    """A connection in autocommit mode to `module_database_url`."""
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture(scope="session")
def truncate_all(database_server: DatabaseServer) -> Callable[[psycopg.Connection], None]:
    """A function that brings a migrated database back to the state right after its migration."""
    return database_server.truncate_all


@pytest.fixture
def empty_database_url(database_server: DatabaseServer) -> Iterator[str]:
    """A database with PostGIS installed, not migrated."""
    with database_server.empty_database() as url:
        yield url


@pytest.fixture
def bare_database_url(database_server: DatabaseServer) -> Iterator[str]:
    """A database without any extension, not migrated."""
    with database_server.bare_database() as url:
        yield url


@pytest.fixture(scope="module")
def clean(database_server: DatabaseServer) -> Iterator[CleanIngest]:
    """A clean ordered ingest to compare with, in a database of its own."""
    with (
        database_server.migrated_database() as url,
        psycopg.connect(url, autocommit=True) as connection,
    ):
        yield CleanIngest(connection, database_server.truncate_all)


@pytest.fixture
def dashboard(empty_database_url: str) -> Iterator[str]:
    """A login-less role of the older system's, which the database's grants name."""
    role = f"fleettickets_test_dashboard_{abs(hash(empty_database_url))}"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(sql.SQL("create role {}").format(sql.Identifier(role)))
        yield role
        connection.execute(sql.SQL("drop owned by {}").format(sql.Identifier(role)))
        connection.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


@pytest.fixture
def older(empty_database_url: str, dashboard: str) -> Iterator[psycopg.Connection]:
    """A connection to the older system's database, before we touch it."""
    script = ADOPTED.read_text().replace("to dashboard", f"to {dashboard}")
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        connection.execute(script.encode())
        yield connection
