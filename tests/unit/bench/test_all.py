"""The page that the benchmarks write: every verdict first, then every part."""

from datetime import UTC, datetime

from tests.bench.all import PARTS, Section, page

DAY = datetime(2026, 6, 15, tzinfo=UTC)


def test_page_begins_with_the_verdicts_of_all_parts() -> None:
    """Whoever reads only the head sees what was reached, whichever part measured it."""
    sections = [
        Section(PARTS[0], "rows\nGOAL    first load: 9 x", 1.0),
        Section(PARTS[1], "MISSED  delta: 30 ms\nmore", 2.0),
    ]

    text = page("2 cores", sections, DAY)

    head, _, rest = text.partition(f"## {PARTS[0].title}")
    assert "2026-06-15: 2 cores" in head
    assert "GOAL    first load: 9 x\nMISSED  delta: 30 ms" in head
    assert "rows\nGOAL" in rest
    assert "more" in rest


def test_page_keeps_what_a_failed_part_said() -> None:
    """A part that broke off is seen on the page, not left out of it."""
    text = page("2 cores", [Section(PARTS[0], "half of it", 3.0, failed=True)], DAY)

    assert "It failed." in text
    assert "half of it" in text
