"""`geocode` and `geocode verify`: dry by default, and what people see of points and gaps."""

from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from tests.support.commands import CommandLine
from tests.support.tickets import add_cluster, add_location, insert_ticket, places, value

GAZETTEER = """\
name,latitude,longitude,admin1,population,feature_code,alternate_names
Nakuru,-0.3,36.07,Nakuru,300000,PPLA,
Milimani,-0.28,36.06,Nakuru,,PPLX,
"""
NAKURU, MILIMANI = (36.07, -0.3), (36.06, -0.28)


@pytest.fixture
def shell(tmp_path: Path, database_url: str) -> CommandLine:
    """A shell with a migrated database and a gazetteer of two places."""
    gazetteer = tmp_path / "places.csv"
    gazetteer.write_text(GAZETTEER)
    settings = {"GEOCODER_PROVIDER": "gazetteer", "GAZETTEER_FILE": str(gazetteer)}
    return CommandLine(tmp_path, {"DATABASE_URL": database_url} | settings)


@pytest.fixture
def tickets(connection: psycopg.Connection) -> psycopg.Connection:
    """Three open tickets: two of one place under two names, one of a place unheard of."""
    insert_ticket(connection, "T1", location_name="NW_MILIMANI_FDT3")
    insert_ticket(connection, "T2", location_name="Milimani")
    insert_ticket(connection, "T3", location_name="Atlantis")
    return connection


EVERYTHING: LiteralString = """
select to_jsonb(array(select inc from tickets.inc order by ticket_id))
    || to_jsonb(array(select clusters from tickets.geo_clusters as clusters order by 1))
    || to_jsonb(array(select locations from tickets.geo_locations as locations order by 1))
    || to_jsonb(array(select marks from tickets.enrich_marks as marks order by mark_id))
"""


def everything(connection: psycopg.Connection) -> Any:  # noqa: ANN401 - JSON
    """Return what geocoding could change."""
    return value(connection, EVERYTHING)


def test_geocoding_by_hand_places_the_open_tickets(
    shell: CommandLine, tickets: psycopg.Connection
) -> None:
    """Clusters, then locations, and the counts of both."""
    clusters = shell.run("geocode", "--clusters", "--apply", "--json").document
    locations = shell.run("geocode", "--locations", "--apply", "--json").document

    assert (clusters["outcome"], clusters["found"]) == ("done", 1)
    assert (locations["asked"], locations["found"], locations["not_found"]) == (2, 2, 1)
    assert places(tickets) == {
        "T1": ("location", *MILIMANI),
        "T2": ("location", *MILIMANI),
        "T3": ("cluster", *NAKURU),
    }


def test_dry_run_shows_the_queries_and_changes_nothing(
    shell: CommandLine, tickets: psycopg.Connection
) -> None:
    """One line a query, with the names and tickets that it is for."""
    add_cluster(tickets, "Nakuru", *NAKURU)
    before = everything(tickets)

    text = shell.run("geocode", "--locations").output
    document = shell.run("geocode", "--locations", "--limit", "1", "--json").document
    shell.run("geocode", "--clusters")

    assert "Milimani, Nakuru, Kenya" in text
    assert "Atlantis, Nakuru, Kenya" in text
    assert "2 queries to be sent" in text
    assert "Dry run" in text
    assert document["queries"] == [
        {
            "query": "Milimani, Nakuru, Kenya",
            "cluster": "Nakuru",
            "names": ["Milimani", "NW_MILIMANI_FDT3"],
            "tickets": 2,
        }
    ]
    assert everything(tickets) == before


@pytest.mark.parametrize(
    "arguments", [(), ("--clusters", "--locations"), ("--review", "--clusters")]
)
def test_exactly_one_task_at_a_time(shell: CommandLine, arguments: tuple[str, ...]) -> None:
    """Wrong usage says what there is."""
    answer = shell.run("geocode", *arguments)

    assert answer.status == 2
    assert "give one of --clusters, --locations, --review" in answer.errors


def test_review_shows_the_farthest_first_and_no_verified_ones(
    shell: CommandLine, connection: psycopg.Connection
) -> None:
    """What is farthest from its cluster is most likely wrong."""
    add_cluster(connection, "Nakuru", *NAKURU)
    for name, distance in [("Near", 1000), ("Far", 24000), ("Vouched for", 25000)]:
        add_location(connection, name, "Nakuru", *MILIMANI)
        connection.execute(
            "update tickets.geo_locations set distance_metres = %s, verified = %s"
            " where location_name = %s",
            [distance, name == "Vouched for", name],
        )

    listed = shell.run("geocode", "--review", "--json").document["places"]
    text = shell.run("geocode", "--review", "--limit", "1").output

    assert [place["key"] for place in listed] == ["Nakuru/Far", "Nakuru/Near", "Nakuru"]
    assert "Nakuru/Far" in text
    assert "24.0" in text
    assert "Near" not in text


def test_verified_point_moves_its_tickets_and_stays(
    shell: CommandLine, tickets: psycopg.Connection
) -> None:
    """P6: no later run changes it."""
    shell.run("geocode", "--clusters", "--apply")
    shell.run("geocode", "--locations", "--apply")

    dry = shell.run("geocode", "verify", "Nakuru/Milimani", "--at", "36.05,-0.27")
    before = places(tickets)["T2"]
    done = shell.run("geocode", "verify", "Nakuru/Milimani", "--at", "36.05,-0.27", "--apply")
    shell.run("geocode", "--locations", "--apply")

    assert "Dry run" in dry.output
    assert "unverified, from gazetteer" in dry.output
    assert before == ("location", *MILIMANI)
    assert done.status == 0
    assert places(tickets)["T2"] == ("location", 36.05, -0.27)
    row = tickets.execute(
        "select verified, source from tickets.geo_locations where location_name = 'Milimani'"
    ).fetchone()
    assert row == (True, "person")


def test_present_point_can_be_vouched_for(
    shell: CommandLine, connection: psycopg.Connection
) -> None:
    """Without --at; its source stays the one that found it."""
    insert_ticket(connection)
    shell.run("geocode", "--clusters", "--apply")

    shell.run("geocode", "verify", "Nakuru", "--apply")

    row = connection.execute("select verified, source from tickets.geo_clusters").fetchone()
    assert row == (True, "gazetteer")


def test_place_that_no_geocoder_found_can_be_given_a_point(
    shell: CommandLine, tickets: psycopg.Connection
) -> None:
    """Tickets name it; the gazetteer need not know it."""
    shell.run("geocode", "verify", "Nakuru/Atlantis", "--at", "36.1,-0.3", "--apply")

    assert places(tickets)["T3"] == ("location", 36.1, -0.3)


MISTAKES = [
    (("Nowhere", "--at", "36,-1"), "neither gazetteer nor tickets have it"),
    (("Nakuru/Atlantis",), "has no point yet"),
    (("Nakuru/Atlantis", "--at", "here"), "give LON,LAT"),
    (("Nakuru/Atlantis", "--at", "0,0"), "is no longitude and latitude"),
    (("Nakuru/Atlantis", "--at", "-1.29,136.8"), "is no longitude and latitude"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES)
def test_mistake_is_told_and_changes_nothing(
    shell: CommandLine, tickets: psycopg.Connection, arguments: tuple[str, ...], message: str
) -> None:
    """Wrong usage, with what to do."""
    before = everything(tickets)

    answer = shell.run("geocode", "verify", *arguments, "--apply")

    assert answer.status == 2
    assert message in answer.errors
    assert everything(tickets) == before


def test_key_of_two_places_is_refused(shell: CommandLine, connection: psycopg.Connection) -> None:
    """Slashes in names may make two out of one key; both are told."""
    add_location(connection, "0/1 Gigiri", "West", 36.8, -1.2)
    add_location(connection, "1 Gigiri", "West/0", 36.8, -1.2)

    answer = shell.run("geocode", "verify", "West/0/1 Gigiri", "--apply")

    assert answer.status == 2
    assert "location '0/1 Gigiri' of cluster 'West'" in answer.errors
    assert value(connection, "select bool_or(verified) from tickets.geo_locations") is False


def test_status_shows_coverage_and_its_gaps(
    shell: CommandLine, tickets: psycopg.Connection
) -> None:
    """By tier, and by the reason why something is not placed."""
    insert_ticket(tickets, "T4", cluster=None)
    shell.run("geocode", "--clusters", "--apply")
    shell.run("geocode", "--locations", "--apply")

    text = shell.run("status").output
    geocoding = shell.run("status", "--json").document["geocoding"]

    assert "feed 0, location 2, cluster 1, none 1" in text
    assert "1 ticket of 1 name: not found" in text
    assert geocoding["open_by_tier"] == {"feed": 0, "location": 2, "cluster": 1, "none": 1}
    assert geocoding["gaps"] == [
        {"tier": "location", "why": "not found", "names": 1, "tickets": 1},
        {"tier": "location", "why": "the ticket has no cluster", "names": 1, "tickets": 1},
    ]
