"""`tickets.crq`: the same shape and helpers as `tickets.inc`, before anything fills it."""

import psycopg
from psycopg.types.json import Jsonb

from tests.support.tickets import add_cluster, add_location, value

COLUMNS = """
select array_agg(
    attname || ' ' || format_type(atttypid, atttypmod) || ' ' || attnotnull
    || coalesce(' ' || pg_get_expr(adbin, adrelid), '') order by attname
)
from pg_attribute
left join pg_attrdef on attrelid = adrelid and attnum = adnum
where attrelid = %s::regclass and attnum > 0 and not attisdropped
"""


def add_request(connection: psycopg.Connection, ticket_id: str, **cells: str) -> None:
    """Add an open request for an installation in Nakuru."""
    raw = {"is_actionable": "true", "cluster": "Nakuru", **cells}
    connection.execute(
        "insert into tickets.crq (ticket_id, raw) values (%s, %s)", [ticket_id, Jsonb(raw)]
    )


def sources(connection: psycopg.Connection) -> dict[str, str]:
    """Return what placed each request."""
    return dict(connection.execute("select ticket_id, geo_source from tickets.crq").fetchall())


def test_columns_are_those_of_inc(connection: psycopg.Connection) -> None:
    """By name, type and expression; the view's too."""
    tables = [value(connection, COLUMNS, name) for name in ("tickets.inc", "tickets.crq")]
    views = [
        value(connection, COLUMNS, name)
        for name in ("tickets.inc_open_sla", "tickets.crq_open_sla")
    ]

    assert tables[0] == tables[1]
    assert views[0] == views[1]


def test_requests_follow_the_gazetteer(connection: psycopg.Connection) -> None:
    """As it is added to, moved, deleted and emptied."""
    add_request(connection, "C1", location_name="Milimani")
    add_request(connection, "C2", longitude="36", latitude="-1")
    stages = [sources(connection)]
    add_cluster(connection, "Nakuru", 36.07, -0.3)
    stages.append(sources(connection))
    add_location(connection, "Milimani", "Nakuru", 36.06, -0.28)
    stages.append(sources(connection))
    connection.execute("delete from tickets.geo_locations")
    stages.append(sources(connection))
    connection.execute("update tickets.geo_clusters set geom = null")
    stages.append(sources(connection))
    connection.execute(
        "update tickets.geo_clusters set geom = st_setsrid('point(36 1)'::geometry, 4326)"
    )
    moved = value(connection, "select latitude from tickets.crq where ticket_id = 'C1'")
    connection.execute("truncate tickets.geo_clusters")
    stages.append(sources(connection))

    assert [stage["C1"] for stage in stages] == [
        "none", "cluster", "location", "cluster", "none", "none",
    ]  # fmt: skip
    assert {stage["C2"] for stage in stages} == {"feed"}
    assert moved == 1


def test_the_clock_runs_for_requests(connection: psycopg.Connection) -> None:
    """By the same rules; a closed one has none."""
    add_request(connection, "C1", first_seen_at="2020-01-01")
    add_request(connection, "C2", is_actionable="false")
    connection.execute('update tickets.crq set raw = raw || \'{"mttr": "1.5"}\'')

    rows = connection.execute(
        "select ticket_id, sla_state, sla_clock_source from tickets.crq_open_sla"
    ).fetchall()

    assert rows == [("C1", "breached", "first_seen_at")]
    assert value(connection, "select max(mttr) from tickets.crq") == 90
