"""The benchmark of the way from a put to visible rows: each part is found on the deployed stack."""

from tests.bench.invocations import run_and_report
from tests.bench.stages import STAGES, split_ingest
from tests.bench.visible import (
    PARTS,
    log_bytes,
    logged_events,
    parts_of,
    put_one,
    read_answers,
    report,
)
from tests.support.applications import Application
from tests.support.feeds import a_change_file, a_row
from tests.support.streams import some_stamps


def test_parts_of_a_put_are_found(application: Application) -> None:
    """No part runs backwards, and together they are the time until the rows were seen."""
    first, second = some_stamps(2)
    content = a_change_file([a_row()])

    with logged_events(application):
        put = put_one(application, first, content)
        parts = parts_of(put, read_answers(application, [put.key])[put.key])
    stages = split_ingest(application, [(second, content)])
    logged = log_bytes(application)

    # The log's own length of the ingest is cut to whole milliseconds.
    assert min(parts.values()) > -2
    assert abs(sum(parts.values()) - (put.seen_at - put.put_at) * 1000) < 1
    lines = list(report({name: [part] for name, part in parts.items()}, stages, logged))
    assert len(lines) == 7 + len(PARTS) + len(STAGES)


def test_report_line_of_a_run_is_read(application: Application) -> None:
    """A started function says how long that took, a warm one only how long it ran."""
    application.restart("Migrate")

    cold, warm = (run_and_report(application, "Migrate", {"apply": False}) for _ in range(2))

    assert cold.keys() == {"Init Duration", "Duration"}
    assert warm.keys() == {"Duration"}
