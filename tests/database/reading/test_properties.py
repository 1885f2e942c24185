"""Any tickets at all: every count, window, edge, state and percentile is as plain Python has it."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import read_model as model
from tests.support.payloads import call, check_shape, ids
from tests.support.read_model import DAY, Ticket
from tests.support.tickets import EAT, insert_ticket, value

# What they hold is data, in tickets and in arguments.
HOSTILE = "'; drop table tickets.inc; -- \"}],{$1 %s \\u0000 \N{RIGHT-TO-LEFT OVERRIDE}</script>"
CLUSTERS = ["Nakuru", f"Kisumu{HOSTILE}", None]
TEAMS = ["A", f"B{HOSTILE}", None]
STATUSES = ["open", f"waiting{HOSTILE}", None]
WINDOWS = ["today", "yesterday", "last_7_days", "this_week", "this_month", "last_30_days"]

# Each example writes its tickets anew; what they turn on is drawn far more often than by chance.
A_QUARTER = settings(max_examples=max(50, settings().max_examples // 4))

# Seconds before now: everywhere, and a second to either side of what the rules turn on.
_HOURS = (model.AT_RISK_HOURS, model.CONTRACT_HOURS)
_EDGES = st.builds(
    lambda hours, off: hours * 3600 + off, st.sampled_from(_HOURS), st.integers(-1, 1)
)
_AGES = st.integers(-3600, 45 * 86_400) | _EDGES


@st.composite
def _moments(draw: st.DrawFn) -> Callable[[dt.datetime], dt.datetime | None]:
    """Draw a time relative to now: none, some time ago, or beside an EAT midnight."""
    age = draw(st.none() | _AGES)
    days = draw(st.none() | st.integers(0, 32))
    off = draw(st.sampled_from([-1, 0, 1]))

    def moment(now: dt.datetime) -> dt.datetime | None:
        if days is not None and age is not None:
            return model.start_of(now.astimezone(EAT).date() - days * DAY) + dt.timedelta(
                seconds=off
            )
        return None if age is None else now.replace(microsecond=0) - dt.timedelta(seconds=age)

    return moment


@st.composite
def _tickets(draw: st.DrawFn) -> Callable[[dt.datetime], list[Ticket]]:
    """Draw tickets whose times are told once it is known what time it is."""
    drawn = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "is_open": st.booleans(),
                    "created_at": _moments(),
                    "first_seen_at": _moments(),
                    "closed_at": _moments(),
                    "cluster": st.sampled_from(CLUSTERS),
                    "team": st.sampled_from(TEAMS),
                    "owner": st.sampled_from(["Wanjiru", "Otieno", None]),
                    "status": st.sampled_from(STATUSES),
                    "mttr_hours": st.none() | st.integers(0, 400).map(lambda n: n / 4),
                    "sla_status": st.sampled_from(["Compliant", "Breached", "Paused", None]),
                    "point": st.none() | st.just((36.8, -1.3)),
                }
            ),
            max_size=12,
        )
    )

    def told(now: dt.datetime) -> list[Ticket]:
        tickets: list[Ticket] = []
        for number, cells in enumerate(drawn):
            settled: dict[str, Any] = {
                name: cell(now) if callable(cell) else cell for name, cell in cells.items()
            }
            tickets.append(Ticket(f"T{number}", **settled))
        return tickets

    return told


type Telling = Callable[[dt.datetime], list[Ticket]]


def _put(connection: psycopg.Connection, told: Telling) -> tuple[list[Ticket], dt.datetime]:
    """Write the tickets and their closures, in a transaction, in which time stands still."""
    now = value(connection, "select now()").astimezone(EAT)
    tickets = told(now)
    for ticket in tickets:
        insert_ticket(connection, ticket.ticket_id, **ticket.cells())
    connection.execute("select tickets.capture_history()")
    connection.execute("delete from tickets.inc_daily_snapshot")
    return tickets, now


def _chosen(tickets: Sequence[Ticket], cluster: str | None, status: str | None) -> list[Ticket]:
    return [
        ticket
        for ticket in tickets
        if cluster in {None, ticket.cluster} and status in {None, ticket.status}
    ]


def _split(rows: list[dict[str, Any]], key: str) -> dict[str | None, dict[str, Any]]:
    return {row.pop(key): row for row in rows}


@A_QUARTER
@given(
    told=_tickets(),
    name=st.sampled_from(WINDOWS),
    cluster=st.sampled_from(CLUSTERS),
    status=st.sampled_from(STATUSES),
)
def test_metrics_and_dashboard(
    module_connection: psycopg.Connection,
    told: Telling,
    name: str,
    cluster: str | None,
    status: str | None,
) -> None:
    """All that the dashboard counts, in whole, by cluster, by team; and which tickets it shows."""
    with module_connection.transaction(force_rollback=True):
        everything, now = _put(module_connection, told)
        tickets = _chosen(everything, cluster, status)
        days = model.window(name, now.date())
        dashboard = call(
            module_connection, "reporting.fn_inc_dashboard",
            p_window=name, p_cluster=cluster, p_status=status,
        )  # fmt: skip

    check_shape("reporting.fn_inc_dashboard", dashboard)
    metrics = dashboard["metrics"]
    concerned = [
        ticket for ticket in tickets
        if any(model.measures([ticket], days, now)[figure] for figure in
               ("open", "created", "closed"))
    ]  # fmt: skip
    clusters = {ticket.cluster for ticket in concerned}
    teams = {ticket.team for ticket in concerned}
    assert _split(metrics.pop("by_cluster"), "cluster") == {
        each: model.measures([t for t in tickets if t.cluster == each], days, now)
        for each in clusters
    }
    assert _split(metrics.pop("by_team"), "assigned_team") == {
        each: model.measures([t for t in tickets if t.team == each], days, now) for each in teams
    }
    assert metrics.pop("backlog") == (
        None if status is not None else [
            {"day": day.isoformat(), "open": of_day[0], "source": of_day[1]}
            for day, _ in model.buckets(days, "day")
            for of_day in [model.backlog(tickets, day, now)]
        ]
    )  # fmt: skip
    assert metrics == model.measures(tickets, days, now)
    from_at, to_at = model.start_of(days[0]), model.start_of(days[1] + DAY)
    placed = [ticket for ticket in tickets if ticket.point]
    assert ids(dashboard["open"]) == sorted(t.ticket_id for t in placed if t.is_open)
    assert ids(dashboard["closed"]) == sorted(
        t.ticket_id for t in placed
        if not t.is_open and t.closed_at and from_at <= t.closed_at < to_at
    )  # fmt: skip


@A_QUARTER
@given(
    told=_tickets(),
    open_only=st.none() | st.booleans(),
    cluster=st.sampled_from(CLUSTERS),
    status=st.sampled_from(STATUSES),
)
def test_map(
    module_connection: psycopg.Connection,
    told: Telling,
    open_only: bool | None,
    cluster: str | None,
    status: str | None,
) -> None:
    """Which tickets it shows, what it counts, and the state of each clock."""
    with module_connection.transaction(force_rollback=True):
        everything, now = _put(module_connection, told)
        tickets = [
            ticket
            for ticket in _chosen(everything, cluster, status)
            if ticket.is_open or open_only is False
        ]
        payload = call(
            module_connection, "reporting.fn_tickets_for_map",
            p_open_only=open_only, p_cluster=cluster, p_status=status,
        )  # fmt: skip

    check_shape("reporting.fn_tickets_for_map", payload)
    shown = {
        properties["ticket_id"]: properties["sla_state"]
        for properties in (feature["properties"] for feature in payload["features"])
    }
    assert shown == {
        ticket.ticket_id: ticket.sla_state(now) if ticket.is_open else None
        for ticket in tickets
        if ticket.point
    }
    summary = payload["summary"]
    assert (summary["total"], summary["on_map"], summary["without_coordinate"]) == (
        len(tickets), len(shown), len(tickets) - len(shown),
    )  # fmt: skip
    assert summary["open"] == sum(ticket.is_open for ticket in tickets)
    names = [ticket.cluster or "unknown" for ticket in tickets]
    assert summary["by_cluster"] == {each: names.count(each) for each in names}


@A_QUARTER
@given(
    told=_tickets(),
    bucket=st.sampled_from(["day", "week", "month"]),
    cluster=st.sampled_from(CLUSTERS),
    team=st.sampled_from(TEAMS),
    span=st.tuples(st.integers(-2, 40), st.integers(0, 40)),
)
def test_series(
    module_connection: psycopg.Connection,
    told: Telling,
    bucket: str,
    cluster: str | None,
    team: str | None,
    span: tuple[int, int],
) -> None:
    """Each bucket's figures, of a range that may reach into the days to come."""
    with module_connection.transaction(force_rollback=True):
        everything, now = _put(module_connection, told)
        today = now.date()
        days = (today - sum(span) * DAY, today - span[0] * DAY)
        payload = call(
            module_connection, "reporting.fn_inc_series",
            p_from=days[0], p_to=days[1], p_bucket=bucket, p_cluster=cluster, p_team=team,
        )  # fmt: skip

    check_shape("reporting.fn_inc_series", payload)
    tickets = [
        t for t in everything if cluster in {None, t.cluster} and team in {None, t.team}
    ]  # fmt: skip
    assert payload["series"] == [
        _bucket(tickets, first_and_last, now) for first_and_last in model.buckets(days, bucket)
    ]


def _bucket(
    tickets: Sequence[Ticket], days: tuple[dt.date, dt.date], now: dt.datetime
) -> dict[str, Any]:
    from_at, to_at = model.start_of(days[0]), model.start_of(days[1] + DAY)
    closed = [t for t in tickets if t.closed_at and from_at <= t.closed_at < to_at]
    minutes = [t.mttr for t in closed if t.mttr is not None]
    verdicts = [t.verdict for t in closed]
    today = now.date()
    day = today if days[0] <= today <= days[1] else days[1]
    open_then, source = model.backlog(tickets, day, now)
    return {
        "from_date": days[0].isoformat(),
        "to_date": days[1].isoformat(),
        "created": sum(bool(t.started_at and from_at <= t.started_at < to_at) for t in tickets),
        "closed": len(closed),
        "reopened": sum(t.is_open for t in closed),
        "backlog": open_then,
        "backlog_source": source or None,
        "mttr_minutes_median": model.percentile(minutes, 0.5),
        "mttr_minutes_p90": model.percentile(minutes, 0.9),
        "breach_rate": model.rate(
            verdicts.count("breached"), len(closed) - verdicts.count("unknown")
        ),
    }


@A_QUARTER
@given(told=_tickets())
def test_teams(
    module_connection: psycopg.Connection,
    told: Telling,
) -> None:
    """Every closure belongs to one team and one owner; their figures add up."""
    with module_connection.transaction(force_rollback=True):
        tickets, now = _put(module_connection, told)
        days = (now.date() - 40 * DAY, now.date())
        payload = call(module_connection, "reporting.fn_inc_teams", p_from=days[0], p_to=days[1])

    check_shape("reporting.fn_inc_teams", payload)
    from_at, to_at = model.start_of(days[0]), model.start_of(days[1] + DAY)
    closed = [t for t in tickets if t.closed_at and from_at <= t.closed_at < to_at]
    owners = {row["assigned_team"]: row.pop("owners") for row in payload["teams"]}
    assert _split(payload["teams"], "assigned_team") == {
        team: _team([t for t in closed if t.team == team]) for team in {t.team for t in closed}
    }
    for team, rows in owners.items():
        of_team = [t for t in closed if t.team == team]
        assert _split(rows, "owner") == {
            owner: _team([t for t in of_team if t.owner == owner])
            for owner in {t.owner for t in of_team}
        }


def _team(closed: Sequence[Ticket]) -> dict[str, Any]:
    minutes = [t.mttr for t in closed if t.mttr is not None]
    verdicts = [t.verdict for t in closed]
    reopened = sum(t.is_open for t in closed)
    return {
        "closed": len(closed),
        "tickets": len(closed),
        "mttr_minutes_median": model.percentile(minutes, 0.5),
        "mttr_minutes_p90": model.percentile(minutes, 0.9),
        "breached": verdicts.count("breached"),
        "breach_rate": model.rate(
            verdicts.count("breached"), len(closed) - verdicts.count("unknown")
        ),
        "reopened": reopened,
        "reopen_rate": model.rate(reopened, len(closed)),
        "clusters": sorted({t.cluster for t in closed if t.cluster}),
    }
