"""Databases for tests: a migrated template a run, and cheap fresh copies of it.

Every database made here is named `fleettickets_test_<run>_…`. A run holds one connection whose
application name is that prefix for as long as it lives, so the next run can tell which databases
nobody needs any more, whatever host the earlier run was on.
"""

import contextlib
import os
import secrets
import subprocess
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import LiteralString, NoReturn, Self

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from fleettickets.store.migrations import apply_migrations

ROOT = Path(__file__).resolve().parents[2]
MIGRATIONS = ROOT / "sql" / "migrations"
PREFIX = "fleettickets_test_"
CONNECT_TIMEOUT_SECONDS = 10

_DEAD_DATABASES: LiteralString = """
    select database.datname from pg_database as database
    where starts_with(database.datname, %(prefix)s)
      and not exists (
          select from pg_stat_activity as session
          where starts_with(session.application_name, %(prefix)s)
            and starts_with(database.datname, session.application_name || '_')
      )
"""

_TABLES: LiteralString = """
    select table_schema, table_name from information_schema.tables
    where table_schema in ('tickets', 'reporting', 'scratch') and table_type = 'BASE TABLE'
      and table_name <> 'schema_migrations'
    order by table_schema, table_name
"""


def find_server_url(environment: Mapping[str, str]) -> str:
    """Return the address of the server to test on: DATABASE_URL, else the running private cluster.

    Ends in a skip with a reason when there is none; in a failure instead when CI is set.
    """
    url = environment.get("DATABASE_URL") or _private_cluster_url()
    if url is None:
        _give_up("no PostgreSQL to test on: run `make test`, or `make db` first", environment)
    try:
        psycopg.connect(url, connect_timeout=CONNECT_TIMEOUT_SECONDS).close()
    except psycopg.OperationalError as error:
        _give_up(f"the PostgreSQL to test on does not answer: {error}", environment)
    return url


def _private_cluster_url() -> str | None:
    script = ROOT / "scripts" / "cluster.sh"
    for command in ([script, "--test", "url"], [script, "url"]):
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if url := answer.stdout.strip():
            return url
    return None


def _give_up(reason: str, environment: Mapping[str, str]) -> NoReturn:
    if environment.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


@dataclass(slots=True)
class DatabaseServer:
    """A PostgreSQL server on which a test run, or one of its workers, makes and drops databases."""

    url: str
    run: str = field(default_factory=lambda: f"{PREFIX}{os.getpid()}_{secrets.token_hex(4)}")
    _admin: psycopg.Connection = field(init=False)
    _made: int = field(init=False, default=0)
    _templates: dict[str, str] = field(init=False, default_factory=dict)
    _seeds: dict[tuple[str, str], bytes] = field(init=False, default_factory=dict)

    def __enter__(self) -> Self:
        """Announce the run and drop what dead runs left behind."""
        self._admin = self._announce()
        for (name,) in self._admin.execute(_DEAD_DATABASES, {"prefix": PREFIX}).fetchall():
            self._drop(name)
        return self

    def __exit__(self, *_: object) -> None:
        """Drop the templates and end the run."""
        for name in self._templates.values():
            self._drop(name)
        self._admin.close()

    @contextlib.contextmanager
    def migrated_database(self) -> Generator[str]:
        """Yield the URL of a fresh copy of the migrated template; drop it afterwards."""
        with self._copy(self._template("migrated")) as url:
            yield url

    @contextlib.contextmanager
    def empty_database(self) -> Generator[str]:
        """Yield the URL of a database with PostGIS installed and nothing else."""
        with self._copy(self._template("empty")) as url:
            yield url

    @contextlib.contextmanager
    def bare_database(self) -> Generator[str]:
        """Yield the URL of a database without any extension."""
        with self._copy("template0") as url:
            yield url

    def truncate_all(self, connection: psycopg.Connection) -> None:
        """Bring a migrated database back to the state right after its migration.

        For tests that need hundreds of fresh states: about as fast as an empty transaction where
        little was written. Call it outside a transaction, as a superuser. Sequences go on counting.
        """
        self._template("migrated")
        with connection.transaction():
            connection.execute("set local session_replication_role = replica")
            for schema, table in connection.execute(_TABLES).fetchall():
                name = sql.Identifier(schema, table)
                connection.execute(sql.SQL("delete from {}").format(name))
                if seed := self._seeds.get((schema, table)):
                    _copy_in(connection, name, seed)

    @contextlib.contextmanager
    def _copy(self, template: str) -> Generator[str]:
        self._made += 1
        name = f"{self.run}_{self._made}"
        self._admin.execute(
            # Copying through the log needs no checkpoint: 30 ms instead of 60 with PostGIS.
            sql.SQL("create database {} template {} strategy wal_log").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        try:
            yield make_conninfo(self.url, dbname=name)
        finally:
            self._drop(name)

    def _drop(self, name: str) -> None:
        if not _answers(self._admin):  # tests of trouble have ended the server meanwhile
            self._admin = self._announce()
        # Two runs may find the same dead database.
        statement = sql.SQL("drop database if exists {} with (force)")
        with contextlib.suppress(psycopg.errors.InvalidCatalogName):
            self._admin.execute(statement.format(sql.Identifier(name)))

    def _announce(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, application_name=self.run)

    def _template(self, kind: str) -> str:
        if kind not in self._templates:
            name = f"{self.run}_{kind}"
            self._admin.execute(
                sql.SQL("create database {} template template0").format(sql.Identifier(name))
            )
            self._templates[kind] = name
            with psycopg.connect(self.url, dbname=name, autocommit=True) as connection:
                connection.execute("create extension postgis")
                if kind == "migrated":
                    apply_migrations(connection, MIGRATIONS)
                    self._seeds = _copy_out_all(connection)
                connection.execute("vacuum (analyze)")
            # Nobody may connect, or the template could not be copied while they do.
            self._admin.execute(
                sql.SQL("alter database {} allow_connections false").format(sql.Identifier(name))
            )
        return self._templates[kind]


def _answers(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("")
    except psycopg.OperationalError:
        return False
    return True


def _copy_out_all(connection: psycopg.Connection) -> dict[tuple[str, str], bytes]:
    """Return what each table that is not empty holds, as COPY's text, by schema and name."""
    contents: dict[tuple[str, str], bytes] = {}
    for schema, table in connection.execute(_TABLES).fetchall():
        statement = sql.SQL("copy {} to stdout").format(sql.Identifier(schema, table))
        with connection.cursor() as cursor, cursor.copy(statement) as copy:
            if content := b"".join(copy):
                contents[schema, table] = content
    return contents


def _copy_in(connection: psycopg.Connection, table: sql.Identifier, content: bytes) -> None:
    statement = sql.SQL("copy {} from stdin").format(table)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(content)
