"""The benchmark compares like with like: the naive payloads say the same as the product's."""

from typing import Any, LiteralString

import psycopg
import pytest

from tests.bench import naive
from tests.bench.read import Bench, build, report, run
from tests.support.tickets import value

TICKETS = 2_000


@pytest.fixture(scope="module")
def built(module_database_url: str, module_connection: psycopg.Connection) -> psycopg.Connection:
    """A connection to a database that the benchmark has filled, not quite so full."""
    build(module_database_url, TICKETS)
    return module_connection


def _collections(payload: dict[str, Any]) -> list[dict[str, Any]]:
    return [payload] if "features" in payload else [payload["open"], payload["closed"]]


@pytest.mark.parametrize(
    ("statement", "function"),
    [
        (naive.MAP, "select reporting.fn_tickets_for_map_text()::jsonb"),
        (naive.DASHBOARD, "select reporting.fn_inc_dashboard_text()::jsonb"),
    ],
)
def test_naive_form_says_the_same(
    built: psycopg.Connection, statement: LiteralString, function: LiteralString
) -> None:
    """To the letter, but for the order of the features."""
    with built.transaction():
        built.execute("set local timezone = 'Africa/Nairobi'")
        payloads = [value(built, query) for query in (statement, function)]

    for payload in payloads:
        for collection in _collections(payload):
            collection["features"].sort(key=lambda feature: feature["properties"]["ticket_id"])
    assert len(_collections(payloads[0])[0]["features"]) > TICKETS / 20
    assert payloads[0] == payloads[1]


def test_benchmark_runs_to_its_end(
    built: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each must gets its verdict, and the dropped index is back."""
    monkeypatch.setattr("tests.bench.read.ROUNDS", 1)
    monkeypatch.setattr("tests.bench.read.CALLS", 1)
    bench = Bench(built)

    run(bench)

    text = report(bench.readings, TICKETS)
    assert text.count("PASS") + text.count("FAIL") == 4
    found = built.execute("select to_regclass('tickets.inc_open_geog_idx')").fetchone()
    assert found == ("tickets.inc_open_geog_idx",)
