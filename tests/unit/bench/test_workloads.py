"""The benchmark's change files: the same in every run, and of the shape that the report claims."""

from fleettickets.core.feed import read_change_file
from tests.bench.workloads import DELTA_ROWS, make_workload


def _tickets(content: bytes) -> dict[str, str]:
    rows = read_change_file([content], max_file_bytes=1 << 20)
    return {row.ticket_id: row.raw_json for row in rows}


def test_workload_is_the_same_in_every_run() -> None:
    """Two runs can only be compared if they ingest the same bytes."""
    assert make_workload(1_000, 2) == make_workload(1_000, 2)


def test_first_load_has_the_rows_asked_for_and_is_emitted_again() -> None:
    """The re-emissions come later and hold the same bytes."""
    workload = make_workload(1_000, 1)

    stamps = [stamp for stamp, _ in (workload.first_load, *workload.re_emissions, *workload.deltas)]
    assert len(_tickets(workload.first_load[1])) == workload.rows == 1_000
    assert {content for _, content in workload.re_emissions} == {workload.first_load[1]}
    assert stamps == sorted(set(stamps))


def test_delta_mixes_new_changed_and_identical_rows() -> None:
    """A delta is 30 % new; of its other rows 60 % are what the tickets hold already."""
    workload = make_workload(1_000, 2)
    known = _tickets(workload.first_load[1])

    for _, content in workload.deltas:
        rows = _tickets(content)
        new = rows.keys() - known.keys()
        identical = {ticket for ticket, row in rows.items() if known.get(ticket) == row}
        known |= rows

        assert (len(rows), len(new), len(identical)) == (DELTA_ROWS, 60, 84)
