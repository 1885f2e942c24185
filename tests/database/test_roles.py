"""What each group role may do, and, tried one by one, what it may not."""

from collections.abc import Iterator
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.errors import InsufficientPrivilege

from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import connect
from fleettickets.store.history import capture_history
from fleettickets.store.migrations import apply_migrations
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import Producer, a_context
from tests.support.postgres import MIGRATIONS
from tests.support.roles import acting_as
from tests.support.tickets import insert_ticket, value

INGEST, READ, PLAN = "fleettickets_ingest", "fleettickets_read", "fleettickets_plan"

FORBIDDEN: dict[str, list[LiteralString]] = {
    INGEST: [
        "delete from tickets.inc",
        "truncate tickets.inc",
        "delete from tickets.import_files",
        "delete from tickets.closure_events",
        "drop table tickets.inc",
        "alter table tickets.inc add x integer",
        "create table tickets.mine (x integer)",
        "create table reporting.mine (x integer)",
        "create table scratch.mine (x integer)",
        "create schema mine",
        "create function tickets.mine() returns integer language sql as 'select 1'",
        "insert into tickets.geo_clusters (cluster, verified) values ('x', true)",
        "update tickets.geo_clusters set verified = true",
        "update tickets.geo_locations set verified = false",
        "delete from tickets.geo_locations",
        "insert into tickets.enrich_marks (step) values ('history')",
        "select * from tickets.schema_migrations",
        "insert into tickets.schema_migrations (filename) values ('99_mine.sql')",
        "select tickets.grant_roles()",
        "update tickets.settings set contract_hours = 72",
        "select * from pg_authid",
    ],
    READ: [
        "insert into tickets.inc (ticket_id, raw) values ('x', '{}')",
        "update tickets.inc set raw = '{}'",
        "delete from tickets.inc",
        "insert into tickets.geo_clusters (cluster) values ('x')",
        "select * from tickets.import_files",
        "select * from tickets.import_rejects",
        "select * from tickets.import_streams",
        "select * from tickets.import_attempts",
        "select * from tickets.import_manifest",
        "select * from tickets.inc_versions",
        "select * from tickets.crq",
        "select * from tickets.enrich_marks",
        "select * from tickets.schema_migrations",
        "select * from tickets.settings",
        "update tickets.settings set contract_hours = 72",
        "select * from tickets.crq_open_sla",
        "select tickets.capture_history()",
        "select tickets.day_figures(now(), now(), now())",
        "select tickets.reconcile_geometry()",
        "select tickets.lock_dataset('inc')",
        "select tickets.grant_roles()",
        "create table tickets.mine (x integer)",
        "create table scratch.mine (x integer)",
    ],
    PLAN: [
        "insert into tickets.inc (ticket_id, raw) values ('x', '{}')",
        "update tickets.import_streams set mode = 'live'",
        "delete from tickets.import_files",
        "select tickets.capture_history()",
        "select tickets.lock_dataset('inc')",
        "select tickets.reconcile_geometry()",
        "create table tickets.mine (x integer)",
        "create table reporting.mine (x integer)",
        "create schema mine",
        "insert into tickets.inc_versions values ('x', 0, '', 0)",
        "update tickets.import_meta set metadata = '{}'",
        "insert into tickets.import_streams (dataset, generation) values ('inc', 1)",
        "insert into tickets.closure_events (ticket_id, closed_at) values ('x', now())",
        "insert into tickets.import_attempts (dataset) values ('inc')",
        "truncate tickets.inc",
        "select tickets.grant_roles()",
        "select scratch.grant_roles()",
    ],
}


@pytest.mark.parametrize(
    ("role", "statement"),
    [(role, statement) for role, statements in FORBIDDEN.items() for statement in statements],
)
def test_forbidden(
    module_connection: psycopg.Connection, role: str, statement: LiteralString
) -> None:
    """A role that can do more than its work can be made to."""
    with acting_as(module_connection, role), pytest.raises(InsufficientPrivilege):
        module_connection.execute(statement)


def test_ingest_can_do_all_of_its_work(
    connection: psycopg.Connection, database_url: str, tmp_path: Path
) -> None:
    """An ingest, with rejects, closures and a quarantine, and a capture, by that role alone."""
    producer = Producer(tmp_path)
    rows = [a_row(), a_row(ticket_id=""), a_row(ticket_id="T2", closed_at="2026-06-15 10:00:00")]
    producer.put("2026-06-15T17-00-00", a_change_file(rows))
    producer.put("2026-06-15T18-00-00", b"no,ticket\n1,2\n")

    with connect(database_url, application_name="test") as worker, acting_as(worker, INGEST):
        summary = ingest_pending(a_context(worker, producer.bucket()))
        captured = capture_history(worker)

    assert [outcome.outcome for outcome in summary.outcomes] == ["applied", "quarantined"]
    assert captured.captured
    assert value(connection, "select count(*) from tickets.closure_events") == 1


READABLE: list[LiteralString] = [
    "select * from tickets.inc",
    "select * from tickets.inc_open_sla",
    "select * from tickets.inc_daily_snapshot",
    "select * from tickets.closure_events",
    "select * from tickets.import_meta",
    "select * from tickets.geo_clusters",
    "select * from tickets.geo_locations",
    "select * from tickets.geocode_backlog",
    "select tickets.freshness()",
    "select reporting.fn_tickets_for_map(false)",
    "select reporting.fn_inc_dashboard(p_window := 'last_30_days')",
]


@pytest.mark.parametrize("statement", READABLE)
def test_readers_can_read_what_is_published(
    module_connection: psycopg.Connection, statement: LiteralString
) -> None:
    """The tables, the view, every function of `reporting`, and freshness."""
    with acting_as(module_connection, READ):
        rows = module_connection.execute(statement).fetchall()

    assert isinstance(rows, list)


def test_a_plan_reads_all_and_writes_scratch(connection: psycopg.Connection) -> None:
    """It may judge every row by the same functions, in tables of its own."""
    insert_ticket(connection)

    with acting_as(connection, PLAN):
        connection.execute(
            "create table scratch.planned as"
            " select ticket_id, tickets.eat_ts(raw ->> 'closed_at'), point.geo_source"
            " from tickets.inc cross join lateral tickets.resolve_point(raw) as point"
        )
        connection.execute("select * from tickets.import_files, tickets.inc_versions")
        connection.execute("create temporary table staged (x integer)")
        connection.execute("drop table scratch.planned")

    assert value(connection, "select to_regclass('scratch.planned')") is None


@pytest.fixture
def humble(empty_database_url: str) -> Iterator[str]:
    """A role that owns the database's schema, but may not make roles."""
    role = f"fleettickets_test_humble_{abs(hash(empty_database_url))}"
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        name = sql.Identifier(role)
        connection.execute(sql.SQL("create role {}").format(name))
        connection.execute(
            sql.SQL("grant create on database {} to {}").format(
                sql.Identifier(connection.info.dbname), name
            )
        )
        yield role
        connection.execute(sql.SQL("drop owned by {} cascade").format(name))
        connection.execute(sql.SQL("drop role {}").format(name))


def test_a_role_that_may_not_make_roles_can_migrate(empty_database_url: str, humble: str) -> None:
    """The group roles exist in this cluster, or a notice says how to have them made."""
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        with acting_as(connection, humble):
            connection.execute("create schema tickets")
            apply_migrations(connection, MIGRATIONS)

        assert value(connection, "select to_regclass('tickets.import_files') is not null")
