"""docs/read-schema.md: its examples run for readers, and answer in the shape of their schemas."""

import json
import re
from collections.abc import Iterator

import psycopg
import pytest

from tests.support.payloads import SCHEMAS, check_shape
from tests.support.postgres import ROOT
from tests.support.roles import acting_as
from tests.support.tickets import add_cluster, insert_ticket

PAGE = (ROOT / "docs" / "read-schema.md").read_text()
_BLOCK = re.compile(r"```sql\n(.*?)```", re.DOTALL)
_FUNCTION = re.compile(r"select ((?:reporting|tickets)\.\w+)\(")


def _examples() -> Iterator[str]:
    for block in _BLOCK.findall(PAGE):
        yield from (statement.strip() for statement in block.split(";\n") if statement.strip())


EXAMPLES = [example.rstrip(";") for example in _examples()]

PUBLISHED = """
select oid::regproc::text from pg_proc
where pronamespace = 'reporting'::regnamespace or oid = 'tickets.explain_sla(text)'::regprocedure
"""


def _fill(connection: psycopg.Connection) -> None:
    """Add a ticket of each kind: every tier, open and closed, reopened, without anything."""
    add_cluster(connection, "Nakuru", 36.07, -0.3)
    team = {"assigned_team": "Team A", "first_seen_at": "2026-06-10 08:00:00"}
    insert_ticket(connection, "T1", longitude="36.8", latitude="-1.3", **team)
    insert_ticket(connection, "T2", normalized_status="open", owner='"}, {"x": "\\', **team)
    insert_ticket(connection, "T3", cluster=None)
    insert_ticket(
        connection, "T4", is_actionable="false", closed_at="2026-06-15 10:00:00", mttr="1.5",
        sla_status="Breached", owner="Wanjiru", **team,
    )  # fmt: skip
    insert_ticket(connection, "T5", closed_at="2026-06-16 10:00:00", **team)
    connection.execute("select tickets.capture_history()")


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(connection: psycopg.Connection, example: str) -> None:
    """By the role of readers; each payload has exactly the documented shape."""
    _fill(connection)

    with acting_as(connection, "fleettickets_read"):
        row = connection.execute(example.encode()).fetchone()

    assert row is not None
    if function := _FUNCTION.match(example):
        payload = json.loads(row[0]) if isinstance(row[0], str) else row[0]
        check_shape(function[1], payload)


def test_every_function_has_an_example_and_a_schema(connection: psycopg.Connection) -> None:
    """Nothing is published without either."""
    published = {name for (name,) in connection.execute(PUBLISHED)}

    shown = {found[1] for found in map(_FUNCTION.match, EXAMPLES) if found}
    schemas = {path.name.removesuffix(".schema.json") for path in SCHEMAS.glob("*.json")}
    assert shown == published
    assert {name.partition(".")[2].removesuffix("_text") for name in published} | {
        "common"
    } == schemas


@pytest.mark.parametrize("function", ["fn_tickets_for_map", "fn_inc_dashboard"])
def test_the_text_is_the_same_payload(connection: psycopg.Connection, function: str) -> None:
    """Whoever hands it on may change from one to the other."""
    _fill(connection)

    with connection.transaction():
        rows = connection.execute(
            f"select reporting.{function}(), reporting.{function}_text()".encode()
        ).fetchone()

    assert rows is not None
    assert json.loads(rows[1]) == rows[0]
