"""`python -m tests.bench.scale`: cost against work, as curves in docs/scale (CSV and PNG).

Rows of a file, tickets in the table, files that are pending, and reads. It says PASS or FAIL for
what must not grow, and is no test: it never fails.
"""

import argparse
import os
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from tests.bench.reports import describe_server, verdict
from tests.bench.scale_drawing import draw
from tests.bench.scale_files import measure_pending, measure_rows
from tests.bench.scale_points import CURVES, Curve, Point, write_points
from tests.bench.scale_tables import measure_tickets
from tests.support.localstack import ROOT
from tests.support.postgres import DatabaseServer, find_server_url

FULL: Mapping[str, Sequence[int]] = {
    "rows": (100, 1_000, 10_000, 100_000, 1_000_000),
    "pending": (1, 10, 100, 1_000, 10_000, 100_000),
    "tickets": (1_000, 10_000, 100_000, 1_000_000),
}
QUICK: Mapping[str, Sequence[int]] = {
    "rows": (100, 1_000),
    "pending": (1, 10, 100),
    "tickets": (1_000, 2_000),
}

type Points = Mapping[str, Sequence[Point]]


def measure(server: DatabaseServer, work: str, sizes: Sequence[int]) -> Points:
    """Measure one kind of work at these sizes; return the points by the names of their curves."""
    if work == "rows":
        return {work: list(measure_rows(server, sizes))}
    if work == "pending":
        return {work: list(measure_pending(server, sizes))}
    points: dict[str, list[Point]] = defaultdict(list)
    for curve, point in measure_tickets(server, sizes):
        points[curve].append(point)
    return points


def report(points: Points) -> Iterable[str]:
    """Yield the lines of a table a curve, and the verdicts."""
    for name, measured in points.items():
        yield CURVES[name].title
        for point in sorted(measured, key=lambda point: (point.series, point.size)):
            figures = f"{point.size:10,} {point.median:12.4g} {point.unit}"
            yield f"    {point.series:32} {figures:28} ({len(point.values)} samples)"
        yield from judge(CURVES[name], measured)
        yield ""


def judge(curve: Curve, points: Sequence[Point]) -> Iterable[str]:
    """Yield a verdict for each series that must stay flat."""
    for flat in curve.flat:
        ratio = flat.growth(points)
        must = f"{flat.series} within {flat.most_ratio:g} x from {flat.first:,} {curve.work} on"
        yield verdict(ratio <= flat.most_ratio, must, f"{ratio:.2f} x")


def keep(points: Points, directory: Path) -> None:
    """Write a CSV and a picture a curve."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, measured in points.items():
        write_points(measured, directory / f"{name}.csv")
        draw(CURVES[name], measured, directory / f"{name}.png")


def main() -> None:
    """Measure on DATABASE_URL, or the private cluster; print the report, keep the curves."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, nothing is kept")
    parser.add_argument("--only", choices=FULL, help="one kind of work")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "scale")
    given = parser.parse_args()
    sizes = QUICK if given.quick else FULL
    with DatabaseServer(find_server_url(os.environ)) as server:
        sys.stdout.write(f"{describe_server(server.url)}\n")
        for work in [given.only] if given.only else sizes:
            points = measure(server, work, sizes[work])
            if not given.quick:
                keep(points, given.out)
            sys.stdout.write("\n".join(report(points)) + "\n")


if __name__ == "__main__":
    main()
