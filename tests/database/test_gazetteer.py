"""Where a ticket lies: one rule, applied on every write of raw and of the gazetteer."""

from collections.abc import Callable
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import CheckViolation, LockNotAvailable

from tests.support.roles import acting_as
from tests.support.tickets import (
    add_cluster,
    add_location,
    insert_ticket,
    places,
    replace_raw,
    value,
)

NAKURU = (36.07, -0.3)
MILIMANI = (36.06, -0.28)
ANYWHERE = (36.8, -1.28)
FEED = (36.9, -1.4)


@pytest.fixture
def connection(
    module_connection: psycopg.Connection, truncate_all: Callable[[psycopg.Connection], None]
) -> psycopg.Connection:
    """A connection to the module's database, as it was right after its migration."""
    truncate_all(module_connection)
    return module_connection


@pytest.fixture
def gazetteer(connection: psycopg.Connection) -> psycopg.Connection:
    """A cluster, and a location once in that cluster and once in any."""
    add_cluster(connection, "Nakuru", *NAKURU)
    add_location(connection, "Milimani", "Nakuru", *MILIMANI)
    add_location(connection, "Milimani", "", *ANYWHERE)
    return connection


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            {"location_name": "Milimani", "longitude": "36.9", "latitude": "-1.4"},
            ("feed", *FEED),
        ),
        ({"location_name": "Milimani"}, ("location", *MILIMANI)),
        ({"location_name": "Milimani", "cluster": "Kisumu"}, ("location", *ANYWHERE)),
        ({"location_name": "Milimani", "cluster": None}, ("location", *ANYWHERE)),
        ({"location_name": "Unheard of"}, ("cluster", *NAKURU)),
        ({"longitude": "0", "latitude": "0"}, ("cluster", *NAKURU)),
        ({"cluster": "Kisumu"}, ("none", None, None)),
        ({"cluster": None}, ("none", None, None)),
    ],
)
def test_feed_then_location_then_cluster_then_none(
    gazetteer: psycopg.Connection, cells: dict[str, str | None], expected: tuple[object, ...]
) -> None:
    """A location of the ticket's own cluster comes before one of any cluster."""
    insert_ticket(gazetteer, "T1", **cells)

    assert places(gazetteer) == {"T1": expected}


def test_a_row_without_point_places_nothing(connection: psycopg.Connection) -> None:
    """It says that a place is not known yet, so the next tier counts."""
    add_cluster(connection, "Nakuru", *NAKURU)
    connection.execute(
        "insert into tickets.geo_locations (location_name, cluster) values ('Milimani', 'Nakuru')"
    )

    insert_ticket(connection, location_name="Milimani")

    assert places(connection) == {"T1": ("cluster", *NAKURU)}


def test_raw_written_by_hand_moves_its_ticket(gazetteer: psycopg.Connection) -> None:
    """Whoever replaces raw need not know how a point is found."""
    insert_ticket(gazetteer)

    replace_raw(gazetteer, "T1", longitude="36.9", latitude="-1.4")
    first = places(gazetteer)
    replace_raw(gazetteer, "T1", location_name="Milimani")

    assert first == {"T1": ("feed", *FEED)}
    assert places(gazetteer) == {"T1": ("location", *ANYWHERE)}


def test_a_writer_that_brings_the_point_is_believed(gazetteer: psycopg.Connection) -> None:
    """The set-based writer has resolved already; it pays for no trigger."""
    insert_ticket(gazetteer)

    gazetteer.execute(
        """update tickets.inc set raw = '{"cluster": "Kisumu"}', geom = null, geo_source = 'none'"""
    )

    assert places(gazetteer) == {"T1": ("none", None, None)}


WRITES: dict[str, tuple[LiteralString, tuple[object, ...]]] = {
    "a cluster is added": (
        (
            "insert into tickets.geo_clusters (cluster, geom)"
            " values ('Kisumu', st_setsrid(st_makepoint(34.75, -0.1), 4326))"
        ),
        ("cluster", 34.75, -0.1),
    ),
    "a location is added": (
        (
            "insert into tickets.geo_locations (location_name, cluster, geom)"
            " values ('Kondele', 'Kisumu', st_setsrid(st_makepoint(34.77, -0.08), 4326))"
        ),
        ("location", 34.77, -0.08),
    ),
    "a location of any cluster is added": (
        (
            "insert into tickets.geo_locations (location_name, geom)"
            " values ('Kondele', st_setsrid(st_makepoint(34.78, -0.09), 4326))"
        ),
        ("location", 34.78, -0.09),
    ),
    "a cluster is renamed": (
        "update tickets.geo_clusters set cluster = 'Kisumu' where cluster = 'Nakuru'",
        ("cluster", *NAKURU),
    ),
    "a location is renamed": (
        "update tickets.geo_locations set location_name = 'Kondele' where cluster = ''",
        ("location", *ANYWHERE),
    ),
}


@pytest.mark.parametrize(("statement", "expected"), WRITES.values(), ids=WRITES.keys())
def test_tickets_follow_what_is_added_or_renamed(
    gazetteer: psycopg.Connection, statement: LiteralString, expected: tuple[object, ...]
) -> None:
    """In the same transaction, without ingested_at: the content is what it was."""
    insert_ticket(gazetteer, cluster="Kisumu", location_name="Kondele")
    before = value(gazetteer, "select ingested_at from tickets.inc")

    gazetteer.execute(statement)

    assert places(gazetteer) == {"T1": expected}
    assert value(gazetteer, "select ingested_at from tickets.inc") == before


LOSSES: dict[str, tuple[LiteralString, tuple[object, ...]]] = {
    "the location moves": (
        (
            "update tickets.geo_locations set verified = true,"
            " geom = st_setsrid(st_makepoint(36.05, -0.27), 4326) where cluster = 'Nakuru'"
        ),
        ("location", 36.05, -0.27),
    ),
    "the location loses its point": (
        "update tickets.geo_locations set geom = null where cluster = 'Nakuru'",
        ("location", *ANYWHERE),
    ),
    "the location is deleted": (
        "delete from tickets.geo_locations where cluster = 'Nakuru'",
        ("location", *ANYWHERE),
    ),
    "all locations are deleted": ("delete from tickets.geo_locations", ("cluster", *NAKURU)),
    "locations are truncated": ("truncate tickets.geo_locations", ("cluster", *NAKURU)),
    "both are truncated": (
        "truncate tickets.geo_locations, tickets.geo_clusters",
        ("none", None, None),
    ),
}


@pytest.mark.parametrize(("statement", "expected"), LOSSES.values(), ids=LOSSES.keys())
def test_tickets_follow_what_moves_or_goes(
    gazetteer: psycopg.Connection, statement: LiteralString, expected: tuple[object, ...]
) -> None:
    """The next best tier takes over."""
    insert_ticket(gazetteer, location_name="Milimani")

    gazetteer.execute(statement)

    assert places(gazetteer) == {"T1": expected}


def test_one_statement_moves_many_tickets_once(gazetteer: psycopg.Connection) -> None:
    """Set-based: as many tickets are written as have moved, and not one that has not."""
    for number in range(20):
        insert_ticket(gazetteer, f"T{number}", location_name=f"Place {number % 2}")
    insert_ticket(gazetteer, "fed", location_name="Place 0", longitude="36.9", latitude="-1.4")
    row_versions = "select array_agg(ticket_id || ctid::text) from tickets.inc"
    before = set(value(gazetteer, row_versions))

    gazetteer.execute(
        "insert into tickets.geo_locations (location_name, cluster, geom)"
        " select 'Place ' || n, 'Nakuru', st_setsrid(st_makepoint(36 + n, -1), 4326)"
        " from generate_series(0, 9) as n"
    )
    moved = set(value(gazetteer, row_versions))
    gazetteer.execute("update tickets.geo_locations set verified = true")
    verified = set(value(gazetteer, row_versions))

    assert len(moved - before) == 20
    assert verified == moved
    assert places(gazetteer)["T1"] == ("location", 37, -1)
    assert places(gazetteer)["fed"] == ("feed", *FEED)


@pytest.mark.parametrize(
    "write",
    [
        lambda connection: add_cluster(connection, "Kisumu", 34.75, -0.1),
        lambda connection: add_location(connection, "Kondele", "", 34.75, -0.1),
        lambda connection: connection.execute("update tickets.geo_clusters set verified = true"),
        lambda connection: connection.execute("delete from tickets.geo_locations"),
        lambda connection: connection.execute("truncate tickets.geo_locations"),
        lambda connection: connection.execute("select tickets.capture_history()"),
        lambda connection: connection.execute("select tickets.reconcile_geometry()"),
    ],
)
def test_every_writer_waits_for_the_dataset(
    connection: psycopg.Connection,
    module_database_url: str,
    write: Callable[[psycopg.Connection], object],
) -> None:
    """So that no ingest resolves by a gazetteer that is just being changed; psql included."""
    with psycopg.connect(module_database_url) as ingest:
        ingest.execute("select tickets.lock_dataset('inc')")
        connection.execute("set lock_timeout = '50ms'")

        with pytest.raises(LockNotAvailable):
            write(connection)

    connection.execute("reset lock_timeout")
    write(connection)


def test_another_dataset_does_not_wait(
    connection: psycopg.Connection, module_database_url: str
) -> None:
    """The lock is the dataset's, not the database's."""
    with psycopg.connect(module_database_url) as other:
        other.execute("select tickets.lock_dataset('crq')")
        connection.execute("set lock_timeout = '50ms'")

        add_cluster(connection, "Nakuru", *NAKURU)

    connection.execute("reset lock_timeout")


def test_reconciling_mends_what_no_trigger_saw(gazetteer: psycopg.Connection) -> None:
    """It returns how many moved, and the second time none."""
    insert_ticket(gazetteer, "T1", location_name="Milimani")
    insert_ticket(gazetteer, "T2")
    gazetteer.execute("update tickets.inc set geom = null, geo_source = 'none'")

    moved = value(gazetteer, "select tickets.reconcile_geometry()")
    moved_again = value(gazetteer, "select tickets.reconcile_geometry()")

    assert (moved, moved_again) == (2, 0)
    assert places(gazetteer) == {"T1": ("location", *MILIMANI), "T2": ("cluster", *NAKURU)}


@pytest.mark.parametrize("point", ["0, 0", "181, 0", "'nan', 1", "1, -90.5"])
def test_the_gazetteer_takes_coordinates_only(
    connection: psycopg.Connection, point: LiteralString
) -> None:
    """The function that judges the feed's pairs judges people and providers too."""
    with pytest.raises(CheckViolation):
        connection.execute(
            "insert into tickets.geo_clusters (cluster, geom)"
            f" values ('x', st_setsrid(st_makepoint({point}), 4326))"
        )


def test_whoever_may_write_the_gazetteer_moves_tickets(
    connection: psycopg.Connection,
) -> None:
    """A person with rights on the gazetteer alone sees the map follow."""
    insert_ticket(connection)
    with connection.transaction(force_rollback=True):
        connection.execute("create role fleettickets_test_surveyor")
        connection.execute("grant usage on schema tickets to fleettickets_test_surveyor")
        connection.execute("grant insert on tickets.geo_clusters to fleettickets_test_surveyor")
        connection.execute(
            "grant execute on function tickets.valid_point(double precision, double precision)"
            " to fleettickets_test_surveyor"
        )
        with acting_as(connection, "fleettickets_test_surveyor"):
            add_cluster(connection, "Nakuru", *NAKURU)

        assert places(connection) == {"T1": ("cluster", *NAKURU)}


def test_requests_for_installations_are_placed_too(gazetteer: psycopg.Connection) -> None:
    """CRQ keeps the same shape and helpers."""
    gazetteer.execute("""insert into tickets.crq values ('C1', '{"cluster": "Nakuru"}')""")

    assert value(gazetteer, "select geo_source from tickets.crq") == "cluster"
