"""The points of a curve: what was measured at one size; and how they are kept as CSV."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HEADER = ("series", "size", "unit", "samples", "median", "least", "most")


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured of `series` at `size`, in `unit`; the median is what counts."""

    series: str
    size: int
    unit: str
    values: Sequence[float]

    @property
    def median(self) -> float:
        """The median of the values."""
        return median(self.values)


@dataclass(frozen=True, slots=True)
class Flatness:
    """What must not grow: a series' median, within a ratio, over the sizes from `first` on."""

    series: str
    most_ratio: float
    first: int

    def growth(self, points: Iterable[Point]) -> float:
        """Return by what the largest median exceeds the smallest; 1 if nothing was measured."""
        medians = [p.median for p in points if p.series == self.series and p.size >= self.first]
        return max(medians, default=1.0) / min(medians, default=1.0)


@dataclass(frozen=True, slots=True)
class Curve:
    """Costs against one kind of work, in one picture; `work` is what its sizes count."""

    title: str
    work: str
    unit: str
    flat: tuple[Flatness, ...] = ()


CURVES: Mapping[str, Curve] = {
    "rows": Curve("A file against its rows", "rows in the file", "seconds"),
    "pending": Curve(
        "A doorbell against the files that are pending",
        "pending files",
        "milliseconds (listing: microseconds a file)",
        (Flatness("listing, a file", 2, 1_000), Flatness("doorbell, database", 2, 1)),
    ),
    "tickets": Curve(
        "A delta of 200 rows against the tickets in the table",
        "tickets",
        "milliseconds",
        (Flatness("delta, database", 2, 1_000),),
    ),
    "storage": Curve(
        "What a ticket takes on the disk, indexes, version and closure included",
        "tickets",
        "bytes a ticket",
        (Flatness("a ticket", 2, 10_000),),
    ),
    "reads": Curve("Reads against the tickets in the table", "tickets", "milliseconds"),
}


def write_points(points: Iterable[Point], path: Path) -> None:
    """Write the points, a line each."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for point in points:
            figures = (point.median, min(point.values), max(point.values))
            rounded = [f"{figure:.4g}" for figure in figures]
            writer.writerow((point.series, point.size, point.unit, len(point.values), *rounded))
