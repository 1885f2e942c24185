"""Readers can call all that is published, and read nothing else."""

import psycopg

from tests.support.roles import acting_as

READER = "fleettickets_read"

READABLE = {
    "closure_events",
    "geo_clusters",
    "geo_locations",
    "geocode_backlog",
    "import_meta",
    "inc",
    "inc_daily_snapshot",
    "inc_open_sla",
}


def test_readers_may_select_from_these_and_nothing_else(connection: psycopg.Connection) -> None:
    """A new table is not readable before somebody decides so here; no table is writable."""
    readable = connection.execute(
        """
        select relname from pg_class
        where relnamespace in ('tickets'::regnamespace, 'reporting'::regnamespace)
            and relkind in ('r', 'v', 'm', 'p')
            and has_any_column_privilege(%s, oid, 'select')
        """,
        [READER],
    ).fetchall()
    writable = connection.execute(
        """
        select relname from pg_class
        where relnamespace in ('tickets'::regnamespace, 'reporting'::regnamespace)
            and relkind in ('r', 'v', 'm', 'p')
            and has_table_privilege(%s, oid, 'insert, update, delete, truncate')
        """,
        [READER],
    ).fetchall()

    assert {name for (name,) in readable} == READABLE
    assert writable == []


def test_no_function_that_readers_may_call_writes(connection: psycopg.Connection) -> None:
    """All of them are stable or immutable; PostgreSQL refuses to write in those."""
    volatile = connection.execute(
        """
        select oid::regprocedure::text from pg_proc
        where pronamespace in ('tickets'::regnamespace, 'reporting'::regnamespace)
            and has_function_privilege(%s, oid, 'execute') and provolatile = 'v'
        """,
        [READER],
    ).fetchall()

    assert volatile == []


def test_readers_learn_the_settings_through_the_payloads_only(
    connection: psycopg.Connection,
) -> None:
    """The function that tells them runs with its owner's rights, on that one row."""
    with acting_as(connection, READER):
        row = connection.execute("select (tickets.current_settings()).contract_hours").fetchone()

    assert row == (48,)
