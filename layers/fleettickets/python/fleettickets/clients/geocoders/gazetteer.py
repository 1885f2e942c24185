"""The gazetteer: a geocoder that looks places up in files, without a network or a key.

A file is CSV with the header `name,latitude,longitude,admin1,population,feature_code,
alternate_names`, of which the first three are needed; feature codes are those of GeoNames, and
alternate names are separated by commas. Lines that begin with # are comments.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Final

from fleettickets.clients.geocoders.interface import TimeLeft
from fleettickets.core.candidates import Candidate
from fleettickets.core.locations import Query
from fleettickets.core.place_names import folded, is_distinctive, without_detail
from fleettickets.core.points import Point, distance_metres, usable_point
from fleettickets.errors import SettingError

SETTING: Final = "GAZETTEER_FILE"
PACKAGED_FILES: Final = tuple(
    Path(__file__).with_name(name) for name in ("kenya.csv", "kenya_estates.csv")
)
"""Kenya's places from GeoNames, and estates that it lacks."""
NEEDED_COLUMNS: Final = frozenset({"name", "latitude", "longitude"})
RESULTS: Final = 5

# How sure a match is, by what of the names was compared.
SAME_NAME: Final = 1.0
SAME_ALTERNATE_NAME: Final = 0.9
SAME_BUT_FOR_DETAIL: Final = 0.8
PART_OF_NAME: Final = 0.6

# GeoNames' codes of administrative divisions, countries and regions: too wide for a point.
COARSE_FEATURES: Final = ("ADM", "CONT", "PCL", "RGN", "ZN")


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """One row of a gazetteer file; two rows are two places, whatever they say."""

    name: str
    alternate_names: tuple[str, ...]
    point: Point
    population: int
    is_coarse: bool


class Gazetteer:
    """Places from CSV files, read at the first search and kept."""

    name = "gazetteer"
    cache_lifetime: timedelta | None = None

    def __init__(self, files: Sequence[Path] = PACKAGED_FILES) -> None:
        """Name the files; nothing is read yet."""
        self._files = files

    def search(self, query: Query, time_left: TimeLeft) -> Sequence[Candidate]:  # noqa: ARG002 - it takes no time
        """Return the places of that name, the best match first; see `Geocoder.search`.

        Equally good matches are in order of their distance from the cluster or, for a cluster, of
        their size. A part of a name (`Rongai` of `Ongata Rongai`) counts for locations only: there
        the distance tells whether it is the right place.

        Raises:
            SettingError: a file is missing, or not of this form.
        """
        sureness = self._index.matches(query.name, parts=query.tier == "location")
        ranked = sorted(sureness, key=lambda place: (-sureness[place], *_order(place, query.near)))
        return [
            Candidate(place.point, place.is_coarse, sureness[place], query.country.code)
            for place in ranked[:RESULTS]
        ]

    def close(self) -> None:
        """Do nothing: no connection is kept."""

    @cached_property
    def _index(self) -> "PlaceIndex":
        return PlaceIndex(place for file in self._files for place in read_places(file))


class PlaceIndex:
    """Places by their names, and by the words in these."""

    def __init__(self, places: Iterable[Place]) -> None:
        """Index the places."""
        self._by_name: dict[str, dict[Place, float]] = {}
        self._by_word: dict[str, dict[Place, set[str]]] = {}
        for place in places:
            self._add(place)

    def matches(self, name: str, *, parts: bool) -> Mapping[Place, float]:
        """Return the places that may be meant by `name`, with how sure that is (0..1).

        With `parts`, also those with all of its words among their own.
        """
        full = folded(name)
        core = without_detail(full)
        found = dict(self._by_name.get(full, {}))
        if not is_distinctive(core):
            return found
        for place, sureness in self._by_name.get(core, {}).items():
            found.setdefault(place, min(sureness, SAME_BUT_FOR_DETAIL))
        for place in self._with_words(core.split()) if parts else ():
            found.setdefault(place, PART_OF_NAME)
        return found

    def _add(self, place: Place) -> None:
        full = folded(place.name)
        core = without_detail(full)
        names = {folded(name): SAME_ALTERNATE_NAME for name in place.alternate_names}
        if is_distinctive(core):
            names[core] = SAME_BUT_FOR_DETAIL
        names[full] = SAME_NAME
        names.pop("", None)
        for name, sureness in names.items():
            self._by_name.setdefault(name, {})[place] = sureness
            for word in name.split():
                self._by_word.setdefault(word, {}).setdefault(place, set()).add(name)

    def _with_words(self, words: Sequence[str]) -> Iterator[Place]:
        """Yield the places of which one name holds all the words."""
        named = [self._by_word.get(word, {}) for word in words]
        for place, names in min(named, key=len).items():
            if names.intersection(*(others.get(place, set[str]()) for others in named)):
                yield place


def _order(place: Place, near: Point | None) -> tuple[float, str]:
    """Return what sorts equally good matches: nearest first or, without a point, largest first."""
    if near is None:
        return (-place.population, place.name)
    return (distance_metres(near, place.point), place.name)


def read_places(file: Path) -> Iterator[Place]:
    """Yield the places of a gazetteer file.

    Raises:
        SettingError: it cannot be read, lacks a column, or has a line without name or coordinate.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            lines = csv.DictReader(line for line in stream if not line.startswith("#"))
            if missing := NEEDED_COLUMNS - set(lines.fieldnames or ()):
                columns = ", ".join(sorted(missing))
                raise SettingError(SETTING, f"{file} lacks the column {columns}; write it anew")
            for count, row in enumerate(lines, start=1):
                yield _place(row, f"{file}, place {count}")
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        advice = "write one with `fleettickets gazetteer`"
        raise SettingError(
            SETTING, f"{file} cannot be read ({type(error).__name__}); {advice}"
        ) from error


def _place(row: Mapping[str, str | None], where: str) -> Place:
    point = None
    with suppress(ValueError):
        point = usable_point(float(row["longitude"] or ""), float(row["latitude"] or ""))
    name = row["name"]
    if point is None or not name:
        raise SettingError(SETTING, f"{where}: no name, or no coordinate; mend or drop the line")
    population = row.get("population") or ""
    return Place(
        name,
        tuple(filter(None, (row.get("alternate_names") or "").split(","))),
        point,
        int(population) if population.isdecimal() else 0,
        (row.get("feature_code") or "").startswith(COARSE_FEATURES),
    )
