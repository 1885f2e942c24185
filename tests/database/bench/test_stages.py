"""The stages of an ingest: all of its time is in one of them, and none is missed."""

import time
from functools import partial
from pathlib import Path

import pytest

from tests.bench.cold_start import measure_connections, report_connections
from tests.bench.contenders import Product
from tests.bench.stages import STAGES, time_stages
from tests.support.feeds import a_change_file, a_row


@pytest.fixture
def product(database_url: str, tmp_path: Path) -> Product:
    """The product on an empty directory and database."""
    return Product(database_url, tmp_path)


def test_stages_add_up_to_the_call(product: Product) -> None:
    """A call that was renamed, or is not made any more, would be missing here."""
    content = a_change_file([a_row()])
    started = time.perf_counter()

    stages = time_stages([partial(product.ingest, "2026-01-01T00-00-00", content)])

    took_ms = (time.perf_counter() - started) * 1000
    product.close()
    assert stages.keys() == STAGES.keys()
    assert all(times[0] > 0 for times in stages.values())
    assert 0.5 * took_ms < sum(times[0] for times in stages.values()) <= took_ms


def test_connections_are_told_apart(database_url: str) -> None:
    """PostGIS's first call loads its library; the second one does not."""
    times = measure_connections(database_url, 2)

    assert min(times["first call of PostGIS"]) > max(times["second call of PostGIS"])
    assert len(list(report_connections(times))) == 1 + len(times)
