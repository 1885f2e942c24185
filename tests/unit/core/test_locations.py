"""Locations: the place inside of a noisy name, and the query made of it."""

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.locations import (
    KENYA,
    Query,
    clean_location_name,
    cluster_query,
    location_query,
)
from fleettickets.core.points import Point
from fleettickets.samples.places import PLACES

NEAR = Point(36.785, -1.290)
FIXTURE = Path(__file__).with_name("fixtures") / "location_noise.csv"
with FIXTURE.open(encoding="utf-8", newline="") as stream:
    CASES = list(csv.DictReader(stream))

PIECES = (
    "NW_ ADR _MNT_ FDT 12 7A - PORT Ring Road Buru south B ' \u2019 0/1/3 1:8 NRB0123 CBD nhc "
    "KilimaniEstate \u200b ß"
)
WORDS = st.sampled_from([" ", *PIECES.split(" ")])
names = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map("".join))


def test_table_of_noise_is_complete() -> None:
    """All cases are there: a truncated copy would pass any test."""
    assert len(CASES) == 52


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["location_name"]))
def test_name_is_cleaned_as_the_table_says(case: dict[str, str]) -> None:
    """Network codes go, the place stays."""
    assert clean_location_name(case["location_name"]) == case["expected_clean"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: repr(case["location_name"]))
def test_query_is_as_the_table_says(case: dict[str, str]) -> None:
    """The cluster qualifies the place unless the name says it; no place, no query."""
    query = location_query(clean_location_name(case["location_name"]), case["cluster"], NEAR)

    assert ("" if query is None else query.text) == case["expected_query"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("FDT12A 5 Karen", "Karen"),
        ("FDT-12A-Karen", "Karen"),
        ("SITE 4 Karen", "Karen"),
        ("Karen FDTS", "Karen"),
        ("Port Victoria_CAB2", "Port Victoria"),
        ("CABINET 3 Cabin Road", "Cabin Road"),
        ("Umoja 2 3", "Umoja 2"),
        ("1/2 Umoja", "Umoja"),
        ("0/1/3:12 Umoja", "Umoja"),
        ("A104 Highway", "A104 Highway"),
        ("4 Karen", "Karen"),
        ("MacMillan Court", "MacMillan Court"),
        ("nhc", "NHC"),
        ("'Karen'", "Karen"),
        ("Lang\u00b4ata", "Lang'ata"),
        ("Karen B 12A", "Karen B 12A"),
        ("B", ""),
        ("36'48", ""),
        ("ß", ""),
        ("Straße", "Straße"),
        ("-1.2921, 36.8219", ""),
        ("1.29S 36.82E", ""),
        ("___", ""),
        ("🏠", ""),
    ],
)
def test_other_names(name: str, expected: str) -> None:
    """The rules behind the table: codes with their numbers, and never a coordinate."""
    assert clean_location_name(name) == expected


def test_story_is_cut_at_a_word() -> None:
    """A description in the place of a name is not sent whole."""
    cleaned = clean_location_name("near the old market " * 20)

    assert 80 < len(cleaned) <= 100
    assert cleaned.split()[-1] in {"Near", "The", "Old", "Market"}


@given(names)
def test_cleaning_what_is_clean_changes_nothing(name: str) -> None:
    """So the same place has one name, and one call, however it was written."""
    cleaned = clean_location_name(name)

    assert clean_location_name(cleaned) == cleaned


@given(names)
def test_clean_name_is_short_and_plain(name: str) -> None:
    """Single spaces, no control characters, and always a word if anything."""
    cleaned = clean_location_name(name)

    assert cleaned == " ".join(cleaned.split())
    assert len(cleaned) <= 100
    assert cleaned == "" or (cleaned.isprintable() and any(mark.isalpha() for mark in cleaned))


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.cluster)
def test_clean_names_stay(place: object) -> None:
    """The sample feed's clusters and areas are names without noise."""
    names = [place.cluster, *place.areas]  # type: ignore[attr-defined]

    assert [clean_location_name(name) for name in names] == names


def test_location_is_looked_for_near_its_cluster() -> None:
    """The query carries what the geocoders need of it."""
    query = location_query("Kileleshwa", "KILIMANI", NEAR)

    expected = "Kileleshwa, Kilimani, Kenya"
    assert query == Query("location", "Kileleshwa", expected, NEAR, KENYA)


def test_location_without_a_cluster_name_is_qualified_by_the_country_alone() -> None:
    """A cluster of codes says nothing about where it is."""
    query = location_query("Kileleshwa", "FDT12", NEAR)

    assert query is not None
    assert query.text == "Kileleshwa, Kenya"


def test_cluster_is_looked_for_in_the_country() -> None:
    """It has no point to be near to."""
    assert cluster_query("Lang\u2019ata") == Query("cluster", "Lang'ata", "Lang'ata, Kenya", None)


@pytest.mark.parametrize("cluster", ["", "12345", "NW", "-1.29,36.82"])
def test_cluster_without_a_name_is_not_asked_for(cluster: str) -> None:
    """Digits would be taken for a coordinate, and answered with any address."""
    assert cluster_query(cluster) is None
