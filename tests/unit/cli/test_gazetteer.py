"""`gazetteer` writes a country's places where it is told."""

import pytest

from fleettickets.clients.geocoders.gazetteer import read_places
from tests.support.commands import CommandLine

SMALL = ("--country", "KE", "--least-population", "15000")


def test_file_is_written(shell: CommandLine) -> None:
    """It is one that GAZETTEER_FILE can name, and the answer says so."""
    answer = shell.run("gazetteer", *SMALL, "--out", "ke.csv")

    names = [place.name for place in read_places(shell.directory / "ke.csv")]
    assert answer.status == 0
    assert {"Nairobi", "Mombasa", "Eldoret"} <= set(names)
    assert f"{len(names)} places written to ke.csv" in answer.output
    assert 'GAZETTEER_FILE="ke.csv"' in answer.output


def test_standard_output_is_the_default(shell: CommandLine) -> None:
    """Nothing but the file's text, its source first."""
    answer = shell.run("gazetteer", *SMALL)

    assert answer.output.startswith("# Contains data from GeoNames")
    assert answer.output.count("\n") > 100


def test_machines_get_one_object(shell: CommandLine) -> None:
    """With the number of places."""
    document = shell.run("gazetteer", *SMALL, "--out", "ke.csv", "--json").document

    assert document["country"] == "KE"
    assert document["places"] > 100


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--country"),
        (("--country", "XX", "--least-population", "15000"), "XX"),
        (("--country", "KE", "--least-population", "7"), "500, 1000, 5000, 15000"),
        (("--country", "KE", "--json"), "--out"),
    ],
)
def test_wrong_usage(shell: CommandLine, arguments: tuple[str, ...], message: str) -> None:
    """Exit 2, and nothing is written."""
    answer = shell.run("gazetteer", *arguments)

    assert answer.status == 2
    assert message in answer.errors
    assert list(shell.directory.iterdir()) == []
