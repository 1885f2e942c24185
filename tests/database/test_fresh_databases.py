"""The databases that the other tests run on are as fresh as they claim."""

import psycopg
import pytest
from psycopg import sql

from tests.support.postgres import DatabaseServer

CONTENT = """
    select (select count(*) from tickets.inc) as tickets,
           (select count(*) from tickets.closure_events) as closures,
           (select jsonb_agg(to_jsonb(s)) from tickets.import_streams as s) as streams,
           (select jsonb_agg(to_jsonb(m)) from tickets.import_meta as m) as meta
"""


def test_truncate_all_brings_back_the_state_after_migration(
    database_server: DatabaseServer, connection: psycopg.Connection
) -> None:
    """Whatever a property test's example wrote is gone, and what migrations seeded is back."""
    migrated = connection.execute(CONTENT).fetchone()

    connection.execute("insert into tickets.inc (ticket_id, raw) values ('INC1', '{}')")
    connection.execute("update tickets.import_streams set mode = 'reseed', fencing_token = 7")
    connection.execute("insert into tickets.geo_clusters (cluster) values ('Nairobi')")
    database_server.truncate_all(connection)

    assert connection.execute(CONTENT).fetchone() == migrated
    assert connection.execute("select count(*) from tickets.geo_clusters").fetchone() == (0,)


def test_a_change_in_one_copy_is_not_seen_in_another(database_server: DatabaseServer) -> None:
    """Two tests never share a ticket."""
    with database_server.migrated_database() as one, database_server.migrated_database() as other:
        with psycopg.connect(one, autocommit=True) as connection:
            connection.execute("insert into tickets.inc (ticket_id, raw) values ('INC1', '{}')")

        with psycopg.connect(other) as connection:
            seen = connection.execute("select count(*) from tickets.inc").fetchone()

    assert seen == (0,)


def test_databases_of_dead_runs_are_dropped_and_those_of_living_ones_kept(
    database_server: DatabaseServer,
) -> None:
    """A killed run leaves its databases behind; the next run clears them away, and only them."""
    living = f"{database_server.run}_kept"
    dead = "fleettickets_test_0_dead_1"
    with psycopg.connect(database_server.url, autocommit=True) as admin:
        for name in (living, dead):
            admin.execute(sql.SQL("create database {}").format(sql.Identifier(name)))

        with DatabaseServer(database_server.url):
            pass

        found = admin.execute(
            "select datname from pg_database where datname = any(%s)", [[living, dead]]
        ).fetchall()
        admin.execute(sql.SQL("drop database {}").format(sql.Identifier(living)))
    assert found == [(living,)]


def test_an_empty_database_has_postgis_and_no_schema_of_ours(empty_database_url: str) -> None:
    """Migration tests start from what an administrator would have prepared."""
    with psycopg.connect(empty_database_url) as connection:
        found = connection.execute(
            "select postgis_lib_version() is not null, to_regnamespace('tickets') is null"
        ).fetchone()

    assert found == (True, True)


def test_a_bare_database_has_no_postgis(bare_database_url: str) -> None:
    """So that a test can see the schema being built from nothing at all."""
    with psycopg.connect(bare_database_url) as connection:
        found = connection.execute("select from pg_extension where extname = 'postgis'").fetchall()

    assert found == []


@pytest.mark.parametrize("attempt", [1, 2])
def test_a_module_connection_works_for_several_tests(
    module_connection: psycopg.Connection, attempt: int
) -> None:
    """The shared database stays while a module's tests run."""
    assert module_connection.execute("select %s::int", [attempt]).fetchone() == (attempt,)
