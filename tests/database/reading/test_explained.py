"""The contract's hours, in one row, and what explains a ticket's state."""

import datetime as dt

import psycopg
import pytest
from psycopg.errors import CheckViolation, NoDataFound, UniqueViolation

from tests.support.payloads import call, check_shape
from tests.support.tickets import EAT, eat_text, insert_ticket, value


def explained(connection: psycopg.Connection, ticket_id: str = "T1") -> dict[str, object]:
    """Return what explains a ticket's state."""
    payload = call(connection, "tickets.explain_sla", p_ticket_id=ticket_id)
    check_shape("tickets.explain_sla", payload)
    return payload


def hours_ago(connection: psycopg.Connection, hours: float) -> str:
    """Return a time before now as the feed writes it."""
    return eat_text(value(connection, "select now()") - dt.timedelta(hours=hours))


def test_the_contract_changes_every_state_at_once(connection: psycopg.Connection) -> None:
    """View, map, metrics, snapshot and explanation read the same row."""
    place = {"longitude": "36.8", "latitude": "-1.3"}
    insert_ticket(connection, first_seen_at=hours_ago(connection, 30), **place)

    states: list[tuple[object, ...]] = []
    for contract, at_risk in ((48, 36), (40, 20), (24, 12)):
        connection.execute(
            "update tickets.settings set contract_hours = %s, at_risk_hours = %s",
            [contract, at_risk],
        )
        connection.execute("select tickets.capture_history()")
        [feature] = call(connection, "reporting.fn_tickets_for_map")["features"]
        metrics = call(connection, "reporting.fn_inc_metrics")["metrics"]
        states.append((
            value(connection, "select sla_state from tickets.inc_open_sla"),
            feature["properties"]["sla_state"],
            (metrics["at_risk"], metrics["breached"]),
            value(connection, "select open_breached from tickets.inc_daily_snapshot"),
            explained(connection)["sla_state"],
        ))  # fmt: skip

    assert states == [
        ("within", "within", (0, 0), 0, "within"),
        ("at_risk", "at_risk", (1, 0), 0, "at_risk"),
        ("breached", "breached", (0, 1), 1, "breached"),
    ]


@pytest.mark.parametrize(
    "change",
    [
        "update tickets.settings set contract_hours = 0",
        "update tickets.settings set at_risk_hours = 49",
        "update tickets.settings set contract_hours = 'NaN'",
        "update tickets.settings set contract_hours = 'infinity'",
        "update tickets.settings set cluster_accuracy_metres = 10",
        "insert into tickets.settings (is_only_row) values (false)",
    ],
)
def test_settings_that_make_no_sense_are_refused(
    connection: psycopg.Connection, change: str
) -> None:
    """And there is one row of them."""
    with pytest.raises(CheckViolation):
        connection.execute(change.encode())
    with pytest.raises(UniqueViolation):
        connection.execute("insert into tickets.settings default values")


def test_an_open_ticket_is_explained_by_its_clock(connection: psycopg.Connection) -> None:
    """Not by the source, whose word for open tickets is worth little."""
    started = hours_ago(connection, 50)
    insert_ticket(
        connection, created_at_service="soon", first_seen_at=started, sla_status="Compliant"
    )

    payload = explained(connection)

    assert (payload["sla_state"], payload["decided_by"]) == ("breached", "clock")
    assert (payload["sla_clock_source"], payload["hours_open"]) == ("first_seen_at", 50.0)
    start = dt.datetime.fromisoformat(str(payload["started_at"]))
    assert eat_text(start) == started
    assert dt.datetime.fromisoformat(str(payload["breached_at"])) - start == dt.timedelta(hours=48)
    assert payload["steps"] == [
        "The ticket is open: its clock decides, not the source's sla_status.",
        "created_at_service, 'soon', is no time.",
        f"So the clock started at first_seen_at, {started}+03.",
        "50 hours have passed; at risk from 36, breached from 48: breached.",
    ]


@pytest.mark.parametrize(
    ("sla_status", "state", "said"),
    [
        ("Breached", "breached", "sla_status is 'Breached': breached."),
        ("compliant", "within", "sla_status is 'compliant': within."),
        ("Paused", "unknown", "sla_status is 'Paused': unknown."),
        (None, "unknown", "sla_status is not given: unknown."),
    ],
)
def test_a_closed_ticket_is_explained_by_the_source(
    connection: psycopg.Connection, sla_status: str | None, state: str, said: str
) -> None:
    """However long its clock would have run."""
    insert_ticket(
        connection, is_actionable="false", first_seen_at="2020-01-01", sla_status=sla_status
    )

    payload = explained(connection)

    assert (payload["sla_state"], payload["decided_by"]) == (state, "sla_status")
    assert payload["hours_open"] is None
    assert payload["steps"] == [
        "The ticket is not open: the source's sla_status decides, its clock has stopped.",
        said,
    ]


def test_a_ticket_without_a_clock_is_unknown(connection: psycopg.Connection) -> None:
    """Neither time is given."""
    insert_ticket(connection)

    payload = explained(connection)

    assert payload["sla_state"] == "unknown"
    assert payload["steps"] == [
        "The ticket is open: its clock decides, not the source's sla_status.",
        "created_at_service is not given.",
        "first_seen_at is not given either.",
        "Without a clock the state is unknown.",
    ]


@pytest.mark.parametrize("ticket_id", ["T9", "'; drop table tickets.inc; --", None])
def test_an_unknown_ticket_is_a_clear_error(
    connection: psycopg.Connection, ticket_id: str | None
) -> None:
    """Hostile names are names."""
    insert_ticket(connection)

    with pytest.raises(NoDataFound, match="there is no ticket") as caught:
        connection.execute("select tickets.explain_sla(%s)", [ticket_id])

    assert caught.value.diag.message_hint
    assert value(connection, "select count(*) from tickets.inc") == 1


def test_payloads_are_in_eat_whatever_the_session_is_in(connection: psycopg.Connection) -> None:
    """So that they can be compared, and cached."""
    insert_ticket(connection, first_seen_at="2026-06-15 10:00:00", longitude="36", latitude="1")
    with connection.transaction():
        connection.execute("set local timezone = 'America/New_York'")
        connection.execute("set local datestyle = 'SQL, DMY'")
        [feature] = call(connection, "reporting.fn_tickets_for_map")["features"]

    assert feature["properties"]["created_at"] == "2026-06-15T10:00:00+03:00"
    assert dt.datetime(2026, 6, 15, 10, tzinfo=EAT) == dt.datetime.fromisoformat(
        feature["properties"]["created_at"]
    )
