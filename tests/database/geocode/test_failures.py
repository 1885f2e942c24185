"""Geocoding against a provider in trouble: real clients over loopback, a real database."""

import datetime as dt
import json
import logging
import traceback
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import LiteralString

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.clients.geocoders.online import OnlineGeocoder
from fleettickets.core.locations import Tier
from fleettickets.errors import FleetticketsError, StepsFailedError
from fleettickets.jobs.geocode import GeocodeContext, geocode
from fleettickets.store.connections import Connection, connect
from tests.support.clocks import FakeClock
from tests.support.functions import FakeContext, load_handler
from tests.support.geocoder_server import (
    FAILURES,
    KEY,
    Failure,
    GeocoderServer,
    Provider,
    ServedPlace,
    a_geocoder_server,
)
from tests.support.tickets import insert_ticket, places, value

NAKURU, MILIMANI, LANET = (36.07, -0.3), (36.06, -0.28), (36.13, -0.29)
KISUMU = (34.76, -0.09)
TRUTH = {
    "Nakuru, Kenya": [ServedPlace(*NAKURU, level="city")],
    "Milimani, Nakuru, Kenya": [ServedPlace(*MILIMANI)],
    "Lanet, Nakuru, Kenya": [ServedPlace(*KISUMU), ServedPlace(*LANET)],
    "Rongai, Nakuru, Kenya": [ServedPlace(*KISUMU)],
}
# Ticket: location name, and where it is in the end.
TICKETS = {
    "T1": ("NW_MILIMANI_FDT3", ("location", *MILIMANI)),
    "T2": ("Milimani", ("location", *MILIMANI)),
    "T3": ("Lanet", ("location", *LANET)),
    "T4": ("Rongai", ("cluster", *NAKURU)),
    "T5": ("Atlantis", ("cluster", *NAKURU)),
    "T6": ("ADR_MNT_SDUS", ("cluster", *NAKURU)),
}
BUDGET_SECONDS = 480.0
TIERS: tuple[Tier, ...] = ("cluster", "location")


@pytest.fixture(scope="module")
def connection(module_database_url: str) -> Iterator[Connection]:
    """A connection as the function has it."""
    with connect(module_database_url, application_name="test") as connection:
        yield connection


@pytest.fixture
def server() -> Iterator[GeocoderServer]:
    """A server that knows the truth, at the time that it is: the database's clock is a real one."""
    with a_geocoder_server(FakeClock(dt.datetime.now(dt.UTC))) as server:
        server.places.update(TRUTH)
        yield server


def start(connection: Connection, truncate_all: Callable[[psycopg.Connection], None]) -> None:
    """Begin anew with tickets that nothing has placed yet."""
    truncate_all(connection)
    for ticket_id, (location_name, _) in TICKETS.items():
        insert_ticket(connection, ticket_id, location_name=location_name)


def run(connection: Connection, server: GeocoderServer, geocoder: OnlineGeocoder) -> None:
    """Run both tiers as the schedule does: whatever a step raises, the next one is run."""
    deadline = server.clock.monotonic() + BUDGET_SECONDS
    context = GeocodeContext(
        connection,
        lambda: geocoder,
        server.clock.now,
        lambda: deadline - server.clock.monotonic(),
    )
    for tier in TIERS:
        try:
            geocode(context, tier)
        except FleetticketsError:
            continue
    assert server.clock.monotonic() <= deadline


ANSWERS: LiteralString = """
select query, outcome, st_x(geom), st_y(geom) from tickets.geo_locations where outcome is not null
union all
select query, outcome, st_x(geom), st_y(geom) from tickets.geo_clusters where outcome is not null
"""
EXPECTED = {
    ("Nakuru, Kenya", "found", *NAKURU),
    ("Milimani, Nakuru, Kenya", "found", *MILIMANI),
    ("Lanet, Nakuru, Kenya", "found", *LANET),
    ("Rongai, Nakuru, Kenya", "rejected", None, None),
    ("Atlantis, Nakuru, Kenya", "not_found", None, None),
    (None, "not_found", None, None),
}


def let_time_pass(connection: Connection, server: GeocoderServer) -> None:
    """Let more time pass than anything has to wait for, on both clocks."""
    server.clock.advance(dt.timedelta(days=40).total_seconds())
    for table in ("geo_clusters", "geo_locations"):
        connection.execute(
            f"update tickets.{table} set next_attempt_at = now()"
            " where next_attempt_at is not null".encode()
        )


@given(
    provider=st.sampled_from(["locationiq", "opencage"]),
    runs=st.lists(st.lists(st.none() | st.sampled_from(FAILURES), max_size=8), max_size=3),
)
def test_no_trouble_of_the_provider_leaves_a_trace(
    connection: Connection,
    truncate_all: Callable[[psycopg.Connection], None],
    provider: Provider,
    runs: Sequence[Sequence[Failure | None]],
) -> None:
    """Each run ends in its time and stores the truth or nothing; recovered, all is resolved."""
    with a_geocoder_server(FakeClock(dt.datetime.now(dt.UTC))) as server:
        server.places.update(TRUTH)
        start(connection, truncate_all)
        geocoder = server.client(provider)

        for failures in runs:
            server.failures.clear()
            server.fail(*failures)
            run(connection, server, geocoder)
            assert set(connection.execute(ANSWERS).fetchall()) <= EXPECTED
        server.failures.clear()
        let_time_pass(connection, server)
        run(connection, server, geocoder)

        assert set(connection.execute(ANSWERS).fetchall()) == EXPECTED
        assert places(connection) == {name: place for name, (_, place) in TICKETS.items()}


def test_limits_are_kept_through_a_long_run(
    connection: Connection,
    truncate_all: Callable[[psycopg.Connection], None],
    server: GeocoderServer,
) -> None:
    """LocationIQ's free plan, wall-clock minutes included; the rest waits for the next run."""
    start(connection, truncate_all)
    server.keeps_limits = True
    for number in range(600):
        name = f"Village {chr(97 + number // 26)}o{chr(97 + number % 26)}"
        insert_ticket(connection, f"V{number}", location_name=name)
    geocoder = server.client("locationiq")

    run(connection, server, geocoder)

    asked = len(server.calls)
    pending = value(
        connection,
        "select count(*) from tickets.geocode_backlog where is_due and tier = 'location'",
    )
    assert 300 < asked < 480
    assert value(connection, "select count(*) from tickets.geo_locations") + pending == 606


ROWS: LiteralString = """
select string_agg(stored, ' ') from (
    select rows::text as stored from tickets.geo_clusters as rows
    union all select rows::text from tickets.geo_locations as rows
    union all select rows::text from tickets.geocode_backlog as rows
    union all select rows::text from tickets.import_meta as rows
) as everything
"""


@pytest.fixture
def handler(
    monkeypatch: pytest.MonkeyPatch, module_database_url: str, server: GeocoderServer
) -> Iterator[ModuleType]:
    """The enrich function, whose geocoder is the real one for LocationIQ, on loopback."""
    monkeypatch.setenv("TICKETS_BUCKET", "isptickets")
    monkeypatch.setenv("DATABASE_URL", module_database_url)
    monkeypatch.setenv("GEOCODER_API_KEY", KEY)
    module = load_handler("enrich")
    geocoder = server.client("locationiq")
    monkeypatch.setattr(module, "open_settings_geocoder", lambda _: geocoder)
    yield module
    module._runtime().connections.discard()  # noqa: SLF001


@pytest.mark.parametrize("failure", FAILURES)
def test_key_is_in_no_log_line_exception_or_row(  # noqa: PLR0917 - all that could show it
    connection: Connection,
    truncate_all: Callable[[psycopg.Connection], None],
    server: GeocoderServer,
    handler: ModuleType,
    failure: Failure,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """P10, for each kind of failure, with the logs of all libraries at their most talkative."""
    start(connection, truncate_all)
    caplog.set_level(logging.DEBUG)
    failures: list[Failure | None] = [failure] * 12
    server.fail(*failures)
    told = ""

    try:
        handler.handle({"steps": ["clusters", "locations"]}, FakeContext())
    except StepsFailedError as error:
        told = "".join(traceback.format_exception(error))

    logged = " ".join(
        f"{record.getMessage()} {record.__dict__} {caplog.handler.format(record)}"
        for record in caplog.records
    )
    output = capfd.readouterr()
    assert server.calls
    assert json.loads(output.out)["GeocodeCalls" if not told else "StepsFailed"]
    for text in (logged, told, output.out, output.err, value(connection, ROWS)):
        assert KEY not in text
        assert "5ecre7" not in text
