"""The sample stream keeps what it promises: its shape is the real feed's, and nothing is random."""

import csv
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from io import StringIO
from itertools import pairwise

import pytest

from fleettickets.core.feed import read_change_file
from fleettickets.core.keys import EAT, is_held, stamp_time
from fleettickets.samples.lives import SHARE_WITHOUT_CREATED
from fleettickets.samples.places import PLACES
from fleettickets.samples.streams import HEADER, SampleFile, export_times, sample_stream

END = datetime(2026, 6, 15, 17, 30, tzinfo=EAT)
TICKETS = 1500
type Row = dict[str, str]


@pytest.fixture(scope="module")
def stream() -> list[SampleFile]:
    """A month of fifteen hundred tickets."""
    return list(sample_stream(TICKETS, days=30, seed=1, end=END))


@pytest.fixture(scope="module")
def tickets(stream: list[SampleFile]) -> dict[str, list[Row]]:
    """All rows of each ticket, in the order of the stream."""
    histories = defaultdict[str, list[Row]](list)
    for file in stream:
        for row in ticket_rows(file):
            histories[row["ticket_id"]].append(row)
    return histories


def rows_of(file: SampleFile) -> list[Row]:
    """All rows of a file, alarms and sentinel included."""
    return list(csv.DictReader(StringIO(file.text, newline=""), strict=True))


def ticket_rows(file: SampleFile) -> list[Row]:
    """The rows of a file that are tickets."""
    return [row for row in rows_of(file) if row["ticket_id"].startswith("WOT")]


def share(rows: Iterable[Row], column: str) -> float:
    """The share of rows whose `column` is filled."""
    cells = [bool(row[column]) for row in rows]
    return sum(cells) / len(cells)


def test_every_ticket_appears(tickets: dict[str, list[Row]]) -> None:
    """The stream has exactly as many tickets as were asked for."""
    assert len(tickets) == TICKETS


def test_header_is_the_real_feeds(stream: list[SampleFile]) -> None:
    """About 40 columns under the names of the feed, those that ingest drops included."""
    header = HEADER.split(",")

    assert all(file.text.startswith(HEADER + "\r\n") for file in stream)
    assert len(header) == len(set(header)) == 42
    assert {"ticket_id", "is_alarm", "week_start", "department", "source_snapshot_id"} < set(header)


def test_stamps_are_real_times_in_order_and_not_in_the_future(stream: list[SampleFile]) -> None:
    """Six exports a day, EAT, strictly ascending; the last one is the last before the end."""
    stamps = [file.stamp for file in stream]

    assert stamps == sorted(set(stamps))
    assert len(stamps) == 30 * 6
    assert not any(is_held(stamp, END) for stamp in stamps)
    assert stamps[-1] == "2026-06-15T15-00-00"


@pytest.mark.parametrize(
    ("end", "last"),
    [
        ("2026-06-15T05:59:59+03:00", "2026-06-14T21:00:00+03:00"),
        ("2026-06-15T06:00:00+03:00", "2026-06-15T06:00:00+03:00"),
        ("2026-06-14T21:30:00+00:00", "2026-06-14T21:00:00+03:00"),
    ],
)
def test_last_export_is_at_or_before_the_end(end: str, last: str) -> None:
    """The end may carry any zone; it is rounded down to an export hour of EAT."""
    exports = export_times(1, datetime.fromisoformat(end))

    assert exports[-1] == datetime.fromisoformat(last)
    assert len(exports) == 6


def test_content_trails_file_time_by_about_two_days(stream: list[SampleFile]) -> None:
    """The newest row of a file is some two days older than its stamp."""
    for file in stream:
        exported_at = stamp_time(file.stamp)
        newest = max((row["source_updated_at"] for row in ticket_rows(file)), default=None)
        if newest is not None and exported_at is not None:
            lag = exported_at - datetime.fromisoformat(newest).replace(tzinfo=EAT)
            assert timedelta(hours=46) < lag < timedelta(hours=96)


def test_first_file_and_one_a_week_hold_the_full_state(stream: list[SampleFile]) -> None:
    """A re-emission has each ticket seen so far once, as it was last told."""
    state: dict[str, tuple[str, ...]] = {}
    for file in stream:
        rows = {row["ticket_id"]: tuple(row.values())[:-7] for row in ticket_rows(file)}
        state |= rows
        if file.full:
            assert rows == state
            assert len(rows) == file.rows

    assert [index for index, file in enumerate(stream) if file.full] == [0, 42, 84, 126, 168]


def test_delta_holds_only_rows_that_changed(stream: list[SampleFile]) -> None:
    """A delta never repeats what the files before it said of a ticket."""
    told: dict[str, str] = {}
    for file in stream:
        for row in ticket_rows(file):
            if not file.full:
                assert told.get(row["ticket_id"], "") < row["update_count"].zfill(5)
            told[row["ticket_id"]] = row["update_count"].zfill(5)


def test_final_state_is_the_last_row_of_each_ticket(tickets: dict[str, list[Row]]) -> None:
    """Read in order, a ticket's rows never go back in time, so the last one is its state."""
    for rows in tickets.values():
        for earlier, later in pairwise(rows):
            assert earlier["source_updated_at"] <= later["source_updated_at"]
            assert int(earlier["update_count"]) <= int(later["update_count"])


def test_about_30_percent_lack_created_at_service(tickets: dict[str, list[Row]]) -> None:
    """The share is one of tickets, and nearly the same of rows."""
    last = [rows[-1] for rows in tickets.values()]
    every = [row for rows in tickets.values() for row in rows]

    assert share(last, "created_at_service") == pytest.approx(1 - SHARE_WITHOUT_CREATED, abs=0.05)
    assert share(every, "created_at_service") == pytest.approx(1 - SHARE_WITHOUT_CREATED, abs=0.05)


def test_tickets_go_through_their_life_and_some_are_reopened(
    tickets: dict[str, list[Row]],
) -> None:
    """All five states occur; a reopened ticket loses its closure and often gets a later one."""
    statuses = {row["normalized_status"] for rows in tickets.values() for row in rows}
    reopened = [
        rows
        for rows in tickets.values()
        if any(one["closed_at"] and not two["closed_at"] for one, two in pairwise(rows))
    ]
    closed_twice = [rows for rows in reopened if len({row["closed_at"] for row in rows} - {""}) > 1]

    assert statuses == {"open", "in_progress", "on_hold", "resolved", "closed"}
    assert TICKETS * 0.04 < len(reopened) < TICKETS * 0.2
    assert closed_twice
    assert all(int(rows[-1]["reopen_count"]) > 0 for rows in reopened)


def test_cells_agree_with_the_status(tickets: dict[str, list[Row]]) -> None:
    """Actionable is what is not finished; a closure has its time, its mttr and its verdict."""
    for rows in tickets.values():
        for row in rows:
            finished = row["normalized_status"] in {"resolved", "closed"}
            closed = row["normalized_status"] == "closed"
            assert row["is_actionable"] == ("false" if finished else "true")
            assert row["bucket"] == ("closed" if finished else "pending")
            assert bool(row["closed_at"]) == bool(row["mttr"]) == closed
            assert (row["sla_status"] == "Breached") == (closed and float(row["mttr"]) > 48)


def test_some_tickets_are_open_and_some_of_them_for_long(tickets: dict[str, list[Row]]) -> None:
    """The map of the last day is neither empty nor full, and breaches exist."""
    last = [rows[-1] for rows in tickets.values()]
    still_open = [row for row in last if row["is_actionable"] == "true"]
    long_ago = (END - timedelta(hours=48)).isoformat(" ")[:19]

    assert 0.03 < len(still_open) / len(last) < 0.25
    assert any(row["first_seen_at"] < long_ago for row in still_open)


def test_most_coordinates_are_empty_and_some_are_valid(tickets: dict[str, list[Row]]) -> None:
    """A few tickets bring a pair near their cluster, and very few the worthless (0,0)."""
    points = {place.cluster: place for place in PLACES}
    last = [rows[-1] for rows in tickets.values()]
    pairs = [row for row in last if row["latitude"]]
    real = [row for row in pairs if row["latitude"] != "0.0"]

    assert 0.04 < len(real) / len(last) < 0.12
    assert 0 < len(pairs) - len(real) < len(real)
    for row in real:
        place = points[row["cluster"]]
        assert float(row["latitude"]) == pytest.approx(place.latitude, abs=0.021)
        assert float(row["longitude"]) == pytest.approx(place.longitude, abs=0.021)


def test_places_are_many_distinct_kenyan_clusters() -> None:
    """Thirty clusters or more, all within Kenya, none twice."""
    assert len({place.cluster for place in PLACES}) == len(PLACES) >= 30
    assert all(33.9 < place.longitude < 41.9 for place in PLACES)
    assert all(-4.8 < place.latitude < 5.1 for place in PLACES)


def test_all_clusters_and_noisy_names_occur(tickets: dict[str, list[Row]]) -> None:
    """The names carry codes, odd whitespace, commas and full-width letters, as in the field."""
    last = [rows[-1] for rows in tickets.values()]
    names = {row["location_name"] for row in last}

    assert {row["cluster"] for row in last} == {place.cluster for place in PLACES}
    for mark in ("_FDT", "ADR_MNT_", "\n", "\t", ",", "\u200b", "\uff2e"):
        assert any(mark in name for name in names), mark
    assert "" in names


def test_each_file_has_alarm_rows_and_each_re_emission_a_sentinel(
    stream: list[SampleFile],
) -> None:
    """Cleaning has something to drop in every file."""
    for file in stream:
        rows = rows_of(file)
        sentinels = [row for row in rows if row["ticket_id"].startswith("EXPORT STOPPED")]
        assert any(row["is_alarm"] not in {"", "false"} for row in rows)
        assert len(sentinels) == (1 if file.full else 0)


def test_cleaning_accepts_the_stream_whole(stream: list[SampleFile]) -> None:
    """Nothing is rejected, and exactly the alarms and sentinels are dropped."""
    for file in stream:
        content = read_change_file([file.text.encode()], max_file_bytes=2**31)
        clean = [row.ticket_id for row in content]
        assert len(clean) == file.rows
        assert content.counts.rejected == 0
        assert content.counts.dropped == len(rows_of(file)) - file.rows


def test_one_ticket_and_one_day_are_enough() -> None:
    """The smallest stream still is one."""
    files = list(sample_stream(1, days=1, seed=0, end=END))

    assert len(files) == 6
    assert {row["ticket_id"] for file in files for row in ticket_rows(file)} == {"WOT0100001"}


def test_another_seed_gives_another_stream(stream: list[SampleFile]) -> None:
    """The seed is what the stream hangs on."""
    other = next(sample_stream(TICKETS, days=30, seed=2, end=END))

    assert other.text != stream[0].text


def test_equal_arguments_give_equal_bytes_in_every_process() -> None:
    """Neither the process's hash seed nor its time zone shows in the stream."""
    program = (
        "import hashlib, datetime as d\n"
        "from fleettickets.samples.streams import sample_stream\n"
        "end = d.datetime.fromisoformat('2026-06-15T17:30:00+03:00')\n"
        "text = ''.join(f.stamp + f.text for f in sample_stream(200, 10, 7, end))\n"
        "print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("2", "America/New_York"))
    }

    assert len(digests) == 1
