"""How each statement of the read schema is executed: by the index that serves it.

The plans are those that the server logs while a function runs, its own statements included.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg.errors import Diagnostic

from tests.bench.tickets import add_gazetteer, add_history, add_tickets
from tests.support.payloads import call
from tests.support.tickets import insert_ticket

TICKETS = 20_000
LONG_NAME = "".join(chr(0x4E00 + number * 7 % 20_000) for number in range(20_000))
"""60 kB that do not compress: three bytes a character, none repeated."""

_LOG_PLANS = """
load 'auto_explain';
set auto_explain.log_min_duration = 0;
set auto_explain.log_nested_statements = on;
set auto_explain.log_format = json;
set client_min_messages = log;
set log_min_messages = fatal
"""


@pytest.fixture(scope="module")
def filled(module_connection: psycopg.Connection) -> psycopg.Connection:
    """A connection to a database with many tickets, whose statements' plans are logged."""
    add_gazetteer(module_connection)
    add_tickets(module_connection, 1, TICKETS, TICKETS)
    add_history(module_connection)
    module_connection.execute("select tickets.capture_history()")
    module_connection.execute(_LOG_PLANS)
    return module_connection


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _plans(connection: psycopg.Connection, statement: LiteralString) -> list[dict[str, Any]]:
    """Run a statement; return the nodes of its plans, and of those inside its functions."""
    found: list[dict[str, Any]] = []

    def note(notice: Diagnostic) -> None:
        message = notice.message_primary or ""
        if logged := re.search(r"plan:\n(.*)", message, re.DOTALL):
            found.extend(_nodes(json.loads(logged[1])["Plan"]))

    connection.add_notice_handler(note)
    try:
        connection.execute(statement)
    finally:
        connection.remove_notice_handler(note)
    assert found, "no plan was logged"
    return found


def _indexes(nodes: list[dict[str, Any]]) -> set[str]:
    return {node["Index Name"] for node in nodes if "Index Name" in node}


def _whole_tables(nodes: list[dict[str, Any]]) -> set[str]:
    big = {"inc", "closure_events", "inc_versions", "geo_locations"}
    return {
        node["Relation Name"]
        for node in nodes
        if node["Node Type"] == "Seq Scan" and node["Relation Name"] in big
    }


COVERAGE = "inc_open_geo_source_idx"
CONTENT = "inc_source_updated_at_idx"

SERVED: dict[str, tuple[LiteralString, set[str]]] = {
    "the map of open tickets": (
        "select reporting.fn_tickets_for_map_text()",
        {"inc_open_facts_idx", "inc_open_long_facts_idx", COVERAGE, CONTENT},
    ),
    "the metrics": (
        "select reporting.fn_inc_metrics()",
        {"inc_open_facts_idx", "inc_created_idx", "inc_closed_at_idx", COVERAGE, CONTENT},
    ),
    "the metrics of a filter": (
        "select reporting.fn_inc_metrics(p_cluster := 'Nakuru', p_status := 'open')",
        {"inc_open_facts_idx", "inc_created_idx", "inc_closed_at_idx"},
    ),
    "the dashboard": (
        "select reporting.fn_inc_dashboard_text(p_window := 'yesterday')",
        {"inc_open_facts_idx", "inc_created_idx", "inc_closed_at_idx"},
    ),
    "the series": (
        "select reporting.fn_inc_series()",
        {"inc_created_idx", "closure_events_closed_at_idx", "inc_closed_at_idx"},
    ),
    "the teams": (
        "select reporting.fn_inc_teams()",
        {"closure_events_closed_at_idx"},
    ),
    "nearest open tickets": (
        "select reporting.fn_nearest_open_tickets(36.8, -1.3)",
        {"inc_open_geog_idx", "inc_pkey"},
    ),
    "nearest open tickets of a team": (
        "select reporting.fn_nearest_open_tickets(36.8, -1.3, p_team := 'Team Nakuru A')",
        {"inc_open_facts_idx", "inc_pkey"},
    ),
    "nearest vehicles": (
        """
        select reporting.fn_nearest_vehicles(
            'INC0000001', '{"type": "FeatureCollection", "features": []}'
        )
        """,
        {"inc_pkey"},
    ),
    "an explained SLA": ("select tickets.explain_sla('INC0000001')", {"inc_pkey"}),
    "consumers' nearest tickets": (
        """
        select ticket_id from tickets.inc_open_sla
        order by geog <-> st_setsrid(st_makepoint(36.8, -1.3), 4326)::geography limit 10
        """,
        {"inc_open_geog_idx"},
    ),
    "today's snapshot": (
        """
        select * from tickets.day_figures(
            date_trunc('day', now()), date_trunc('day', now()) + interval '1 day', now()
        )
        """,
        {"inc_open_facts_idx", "inc_created_idx", "closure_events_closed_at_idx"},
    ),
}


@pytest.mark.parametrize(("statement", "indexes"), SERVED.values(), ids=SERVED.keys())
def test_statement_is_served_by_its_indexes(
    filled: psycopg.Connection, statement: LiteralString, indexes: set[str]
) -> None:
    """And reads no big table from end to end."""
    nodes = _plans(filled, statement)

    assert _whole_tables(nodes) == set()
    assert indexes <= _indexes(nodes)


def test_open_tickets_are_counted_without_reading_them(filled: psycopg.Connection) -> None:
    """The index alone answers: the tickets themselves are a kilobyte and more each."""
    nodes = _plans(filled, "select reporting.fn_inc_metrics()")

    facts = {node["Node Type"] for node in nodes if node.get("Index Name") == "inc_open_facts_idx"}
    assert facts == {"Index Only Scan"}


def test_a_map_of_all_tickets_reads_them_all(filled: psycopg.Connection) -> None:
    """What this module looks for does show where it happens."""
    nodes = _plans(filled, "select reporting.fn_tickets_for_map_text(p_open_only := false)")

    assert "inc" in _whole_tables(nodes)


def test_tickets_with_names_too_long_for_the_index_count_too(
    connection: psycopg.Connection,
) -> None:
    """They are in the other index; neither refuses them."""
    place = {"longitude": "36.8", "latitude": "-1.3"}
    insert_ticket(connection, "T1", **place)
    insert_ticket(connection, "T2", assigned_team=LONG_NAME, cluster=LONG_NAME, **place)

    metrics = call(connection, "reporting.fn_inc_metrics")["metrics"]
    near = call(
        connection, "reporting.fn_nearest_open_tickets",
        p_longitude=36.8, p_latitude=-1.3, p_team=LONG_NAME,
    )  # fmt: skip

    assert metrics["open"] == 2
    assert [ticket["ticket_id"] for ticket in near["tickets"]] == ["T2"]
