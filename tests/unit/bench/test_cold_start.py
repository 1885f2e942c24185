"""The benchmark of cold starts: what it starts can be started, and its report judges."""

from pathlib import Path

import pytest

from tests.bench import cold_start
from tests.bench.cold_start import (
    PEER,
    PEER_READY,
    measure_imports,
    report_imports,
    slowest_modules,
)

BARE = {"bare Python": ("pass", "")}


def test_programs_are_timed_in_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program gives one time a round, the uncounted first round left out."""
    monkeypatch.setattr(cold_start, "_programs", lambda: BARE)

    assert [len(times) for times in measure_imports(2).values()] == [2]


def test_slowest_modules_come_first() -> None:
    """They are modules of the handler's own process, the driver of the database among them."""
    modules = slowest_modules("ingest", 1_000)

    times = [own_ms for _, own_ms in modules]
    assert times == sorted(times, reverse=True)
    assert {"handler", "psycopg", "botocore"} <= {name for name, _ in modules}


@pytest.mark.parametrize(("ingest_ms", "word"), [(129.0, "PASS"), (131.0, "FAIL")])
def test_report_judges_the_ratio(ingest_ms: float, word: str) -> None:
    """At most 1.3 times what the two packages take that it cannot do without."""
    times = {PEER: [100.0], PEER_READY: [200.0], "ingest": [ingest_ms], "ingest, S3 client": [2e2]}

    text = "\n".join(report_imports(times))

    assert f"{word}  ingest <= 1.3 x" in text


def test_sizes_are_those_of_the_packages(tmp_path: Path) -> None:
    """By the names of functions and layers."""
    tmp_path.joinpath("ingest.zip").write_bytes(b"12345")
    tmp_path.joinpath("template.yaml").write_text("")

    assert cold_start.packed_sizes(tmp_path) == {"ingest": 5}
