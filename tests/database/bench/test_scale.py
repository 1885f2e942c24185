"""The curves of scale: each is measured, judged, kept and drawn, and deltas are what they claim."""

import csv
from collections.abc import Sequence
from pathlib import Path
from random import Random

import pytest

from fleettickets.core.feed import read_change_file
from tests.bench import scale_files, scale_tables
from tests.bench.read import build
from tests.bench.scale import keep, measure, report
from tests.bench.scale_files import a_product, repeated, stamp_of
from tests.bench.scale_points import CURVES, Point
from tests.bench.scale_tables import a_delta
from tests.bench.workloads import make_workload
from tests.support.postgres import DatabaseServer

SMALL = {"rows": (10, 40), "pending": (1, 4), "tickets": (400,)}


def test_curves_are_measured_judged_and_kept(
    database_server: DatabaseServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each curve has a CSV and a picture, and what must not grow a verdict."""
    monkeypatch.setattr(scale_files, "MOST_ROUNDS", 1)
    monkeypatch.setattr(scale_tables, "WARM_UP", 0)
    monkeypatch.setattr(scale_tables, "DELTAS", 1)
    monkeypatch.setattr(scale_tables, "READS", 1)

    points = dict[str, Sequence[Point]]()
    for work, sizes in SMALL.items():
        points |= measure(database_server, work, sizes)
    keep(points, tmp_path)

    text = "\n".join(report(points))
    assert text.count("PASS") + text.count("FAIL") == sum(len(c.flat) for c in CURVES.values())
    for name in CURVES:
        assert tmp_path.joinpath(f"{name}.png").read_bytes().startswith(b"\x89PNG")
        with tmp_path.joinpath(f"{name}.csv").open() as file:
            lines = list(csv.DictReader(file))
        assert {int(line["size"]) for line in lines} == set(SMALL.get(name, SMALL["tickets"]))
        assert all(float(line["least"]) <= float(line["median"]) for line in lines)


def test_repeated_file_has_as_many_tickets_as_rows() -> None:
    """Rows that come again are of other tickets: a file of duplicates would be another work."""
    content = make_workload(10, 0).first_load[1]

    rows = read_change_file([repeated(content, 25)], max_file_bytes=1 << 20)

    assert len({row.ticket_id for row in rows}) == 25


def test_delta_over_a_table_mixes_new_changed_and_identical_rows(
    database_server: DatabaseServer,
) -> None:
    """As the other benchmarks' deltas do: 60 new, 56 changed, 84 as the table has them."""
    with a_product(database_server) as (url, product):
        build(url, 400)
        content = a_delta(product.connection, 400, 1, Random(1))

        product.ingest(stamp_of(1), content)

        counts = product.connection.execute(
            "select rows_inserted, rows_updated, rows_unchanged from tickets.import_files"
        ).fetchall()
    assert counts == [(60, 56, 84)]
