"""What a taken-over role would try: escape, escalate, destroy, read what belongs to others."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege, QueryCanceled

from fleettickets.store.connections import connect
from tests.support.roles import acting_as

ROLES = ("fleettickets_ingest", "fleettickets_read", "fleettickets_plan")
FOR_NOBODY: list[LiteralString] = [
    "drop schema tickets cascade",
    "drop function tickets.freshness()",
    "alter table tickets.inc disable trigger all",
    "create or replace function tickets.freshness() returns jsonb language sql as 'select null'",
    "create trigger mine before update on tickets.inc execute function tickets.lock_gazetteer()",
    "create extension file_fdw",
    "create role mine superuser",
    "alter role fleettickets_read superuser",
    "grant fleettickets_ingest to fleettickets_read",
    "delete from tickets.inc",
    "delete from tickets.step_runs",
    "truncate tickets.inc, tickets.import_files",
    "select * from elsewhere.vehicles",
    "insert into elsewhere.vehicles values ('KAA 001A')",
    "copy tickets.inc to '/tmp/tickets.csv'",
    "copy tickets.inc from program 'id'",
    "select pg_read_file('/etc/passwd')",
    "select pg_sleep(0) from pg_authid",
    "select lo_import('/etc/passwd')",
    "select pg_reload_conf()",
    "alter system set log_statement = 'all'",
    "vacuum full tickets.inc, elsewhere.vehicles",
]


@pytest.fixture(scope="module")
def shared(module_connection: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """The database with another system's schema in it, which only its owner may use."""
    module_connection.execute("create schema elsewhere create table vehicles (plate text)")
    yield module_connection
    module_connection.execute("drop schema elsewhere cascade")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("statement", FOR_NOBODY)
def test_no_role_may(shared: psycopg.Connection, role: str, statement: LiteralString) -> None:
    """Not one of the three that run-time logins are members of."""
    with acting_as(shared, role), pytest.raises(InsufficientPrivilege):
        shared.execute(statement)


@pytest.mark.parametrize("role", ROLES)
def test_no_role_may_pass_on_what_it_may(shared: psycopg.Connection, role: str) -> None:
    """PostgreSQL grants nothing then; whether it says so by an error or a warning varies."""
    held = "select relacl::text from pg_class where oid = 'tickets.import_files'::regclass"
    before = shared.execute(held).fetchone()

    with acting_as(shared, role), suppress(InsufficientPrivilege):
        shared.execute("grant select on tickets.import_files to public")

    assert shared.execute(held).fetchone() == before


def test_reader_may_ask_for_the_status(shared: psycopg.Connection) -> None:
    """The payload counts what its reader may not see."""
    with acting_as(shared, "fleettickets_read"):
        row = shared.execute("select reporting.fn_pipeline_status() -> 'checks'").fetchone()

    assert row
    assert {"freshness", "quarantine", "errors"} <= {check["name"] for check in row[0]}


def test_functions_of_more_rights_cannot_be_given_others_tables(
    shared: psycopg.Connection,
) -> None:
    """A search path that puts a table before ours changes nothing: theirs is pinned."""
    with acting_as(shared, "fleettickets_ingest"):
        shared.execute("create temporary table import_streams (mode text)")
        shared.execute("create temporary view pg_class as select 'x' as relname")
        shared.execute("set search_path = pg_temp, tickets")
        row = shared.execute("select reporting.fn_pipeline_status() -> 'stream'").fetchone()
        shared.execute("reset search_path")

    assert row
    assert row[0]["mode"] == "live"


def test_statement_that_runs_for_too_long_is_ended(database_url: str) -> None:
    """A session of ours says so at its start; whoever waits for its lock is not kept for ever."""
    short = timedelta(milliseconds=50)

    with (
        connect(database_url, application_name="test", statement_timeout=short) as session,
        pytest.raises(QueryCanceled),
    ):
        session.execute("select pg_sleep(5)")
