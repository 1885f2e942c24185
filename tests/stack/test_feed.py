"""The feed through the deployed stack: what a producer puts, and what becomes of it."""

import random
import time
from collections.abc import Callable
from statistics import quantiles

from tests.support.applications import LONG, Application
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import closure_state, model_closures, tickets_state
from tests.support.streams import StreamFile, a_stream, replay, some_stamps
from tests.support.waits import wait_until

PART_BYTES = 5 * 1024**2  # the least that S3 takes for all parts but the last
SOON_SECONDS = 20.0
MANY = 2000 if LONG else 200


def statuses(application: Application) -> dict[str, str]:
    """Return each ticket's status as the feed gave it."""
    rows = application.connection.execute("select ticket_id, raw ->> 'raw_status' from tickets.inc")
    return {str(ticket): str(status) for ticket, status in rows}


def is_visible(application: Application, ticket_id: str) -> bool:
    """Tell whether a ticket is in the database."""
    found = application.connection.execute(
        "select from tickets.inc where ticket_id = %s", [ticket_id]
    )
    return found.fetchone() is not None


def put_in_random_order(application: Application, stream: list[StreamFile]) -> None:
    """Put all files of a stream, in an order that has nothing to do with their stamps."""
    for file in random.Random(7).sample(stream, len(stream)):
        application.put(file.stamp, file.content)


def assert_equals_replay(application: Application, stream: list[StreamFile]) -> None:
    """Compare tickets, versions and closures with those of a plain in-order replay."""
    model = replay(stream)
    assert tickets_state(application.connection) == model.state()
    assert closure_state(application.connection) == model_closures(model)


def test_row_of_a_put_file_is_visible(
    application: Application, record_property: Callable[[str, object], None]
) -> None:
    """200 puts, each when the former is visible; how long it took is in the run's summary."""
    seconds = list[float]()
    for stamp in some_stamps(200):
        started = time.monotonic()
        application.put(stamp, a_change_file([a_row(ticket_id=stamp)]))
        wait_until(
            lambda stamp=stamp: is_visible(application, stamp), f"ticket {stamp}", poll_seconds=0.01
        )
        seconds.append(time.monotonic() - started)

    percentiles = quantiles(seconds, n=100)
    record_property(
        f"put to visible, {len(seconds)} files",
        f"p50 {percentiles[49] * 1000:.0f} ms, p95 {percentiles[94] * 1000:.0f} ms, "
        f"longest {max(seconds) * 1000:.0f} ms",
    )
    assert percentiles[94] < SOON_SECONDS


def test_files_that_waited_are_applied_in_order_of_their_keys(application: Application) -> None:
    """P1: 200 doorbells pile up in random order; the files are applied oldest first."""
    stream = a_stream(MANY)
    stamps = [file.stamp for file in stream]
    application.pause()
    put_in_random_order(application, stream)

    application.resume()

    application.await_settled(stamps, timeout_seconds=MANY)
    applied = application.connection.execute(
        "select stamp from tickets.import_files order by applied_at"
    )
    assert [stamp for (stamp,) in applied] == stamps
    assert application.names("processed") == [f"{stamp}.csv" for stamp in stamps]
    assert application.names("changes") == []
    assert_equals_replay(application, stream)


def test_files_that_come_in_any_order_end_like_an_ordered_replay(application: Application) -> None:
    """P3: 200 files in random order, applied as they come, many of them late."""
    stream = a_stream(MANY)

    put_in_random_order(application, stream)

    application.await_settled([file.stamp for file in stream], timeout_seconds=MANY)
    assert application.names("changes") == []
    assert_equals_replay(application, stream)


def test_object_that_is_put_twice(application: Application) -> None:
    """P2: it takes effect once, each of its doorbells is answered, and one copy is archived."""
    (stamp,) = some_stamps(1)
    content = a_change_file([a_row(ticket_id="INC1")])
    application.put(stamp, content)
    application.await_settled([stamp])

    key = application.put(stamp, content)

    application.await_answers(key, 2)
    assert application.settled([stamp]) == [(stamp, 1, "applied")]
    assert application.names("changes") == []
    assert application.names("processed") == [f"{stamp}.csv"]


def test_object_that_is_overwritten_is_the_next_revision(application: Application) -> None:
    """New content under an old name is applied, and both contents are archived."""
    (stamp,) = some_stamps(1)
    application.put(stamp, a_change_file([a_row(ticket_id="INC1", raw_status="OPEN")]))
    application.await_settled([stamp])

    application.put(stamp, a_change_file([a_row(ticket_id="INC1", raw_status="CLOSED")]))

    wait_until(lambda: len(application.settled([stamp])) == 2, "the second revision")
    application.await_quiet()
    assert statuses(application) == {"INC1": "CLOSED"}
    assert application.names("processed") == [f"{stamp}.csv", f"{stamp}.r2.csv"]


def test_repeated_doorbell_changes_nothing(application: Application) -> None:
    """P2: a doorbell for a file that is settled and archived is acknowledged."""
    (stamp,) = some_stamps(1)
    key = application.put(stamp, a_change_file([a_row(ticket_id="INC1")]))
    application.await_settled([stamp])
    etag = application.etag("processed", f"{stamp}.csv")

    application.ring(key, etag)

    application.await_answers(key, 2)
    assert application.settled([stamp]) == [(stamp, 1, "applied")]
    assert application.dead_doorbells() == 0


def test_multipart_upload(application: Application) -> None:
    """Its etag is no MD5, and another one after copying; it is one content all the same."""
    (stamp,) = some_stamps(1)
    padding = a_row(ticket_id="INC1", note="x" * 40_000)
    rows = [{**padding, "ticket_id": f"INC{number}"} for number in range(150)]
    content = a_change_file(rows)
    assert len(content) > PART_BYTES
    application.put_in_parts(stamp, [content[:PART_BYTES], content[PART_BYTES:]])
    application.await_settled([stamp])

    application.put(stamp, content)

    wait_until(lambda: not application.names("changes"), "the archive step")
    application.await_quiet()
    assert application.settled([stamp]) == [(stamp, 1, "applied")]
    assert application.names("processed") == [f"{stamp}.csv"]
    assert application.content("processed", f"{stamp}.csv") == content
    assert len(statuses(application)) == 150


def test_foreign_and_nested_keys_are_left_alone(application: Application) -> None:
    """Their doorbells are acknowledged and counted; the objects stay, and so does the stream."""
    stamp, nested = some_stamps(2)
    content = a_change_file([a_row(ticket_id="INC1")])
    names = [f"old/{nested}.csv", f"{nested}.csv.gz", "read me + 100%.txt", f"{nested} (1).csv"]
    for name in names:
        application.put_key(f"{application.prefix.changes}{name}", content)
    application.put_key(f"elsewhere/changes/{nested}.csv", content)

    application.put(stamp, content)

    application.await_settled([stamp])
    assert sorted(application.names("changes")) == sorted(names)
    assert application.settled([nested]) == []
    ignored = application.await_logged(
        "Ingest", f'{{ $.outcome = "foreign" && $.key[0] = "*old/{nested}.csv" }}'
    )
    assert ignored["message"] == "doorbell was ignored"
    left = application.await_logged("Ingest", '{ $.message = "foreign keys were left alone" }')
    assert left["count"] == len(names)
    assert application.dead_doorbells() == 0


def test_stamp_of_the_future_is_held(application: Application) -> None:
    """Neither applied nor moved; the log says so, and the stream goes on."""
    (stamp,) = some_stamps(1)
    future = "2999-01-01T00-00-00"
    content = a_change_file([a_row(ticket_id="INC1")])
    key = application.put(future, content)

    application.put(stamp, content)

    application.await_settled([stamp])
    assert application.names("changes") == [f"{future}.csv"]
    held = application.await_logged("Ingest", f'{{ $.key = "{key}" && $.outcome = "held" }}')
    assert held["level"] == "WARNING"


def test_poison_file_in_the_middle(application: Application) -> None:
    """P5: it is quarantined with its reason in ledger and log; all others are applied."""
    stream = a_stream(5)
    poison = stream[2]
    bad = b'ticket_id,owner\nINC1,"never closed\n'
    application.pause()
    for file in stream:
        application.put(file.stamp, bad if file is poison else file.content)

    application.resume()

    application.await_settled([file.stamp for file in stream])
    (reason,) = application.connection.execute(
        "select reason from tickets.import_files where status = 'quarantined'"
    ).fetchall()
    line = application.await_logged("Ingest", f'{{ $.stamp = "{poison.stamp}" }}')
    assert (line["level"], line["outcome"], line["reason"]) == ("WARNING", "quarantined", *reason)
    assert "quot" in line["reason"]
    assert application.content("quarantine", f"{poison.stamp}.csv") == bad
    assert_equals_replay(application, [file for file in stream if file is not poison])


def test_late_file(application: Application) -> None:
    """P3: it applies where nothing newer spoke, regresses nothing, and leaves the watermark."""
    late, newer = some_stamps(2)
    application.put(newer, a_change_file([a_row(ticket_id="INC1", raw_status="CLOSED")]))
    application.await_settled([newer])

    rows = [a_row(ticket_id=ticket, raw_status="OPEN") for ticket in ("INC1", "INC2")]
    application.put(late, a_change_file(rows))

    application.await_settled([late])
    assert statuses(application) == {"INC1": "CLOSED", "INC2": "OPEN"}
    ledger = application.connection.execute("select stamp, late from tickets.import_files")
    assert dict(ledger.fetchall()) == {newer: False, late: True}
    (watermark,) = application.connection.execute(
        "select metadata ->> 'source_max_key' from tickets.import_meta"
    ).fetchall()
    assert watermark == (application.prefix.change_key(newer),)


def test_file_that_lies_only_in_processed(application: Application) -> None:
    """Somebody moved it before it was applied: its doorbell applies it from where it lies."""
    (stamp,) = some_stamps(1)
    content = a_change_file([a_row(ticket_id="INC1")])
    application.pause()
    key = application.put(stamp, content)
    wait_until(application.doorbells, "the doorbell")
    application.put_key(application.prefix.processed_key(stamp, 1), content)
    application.delete(key)

    application.resume()

    application.await_settled([stamp])
    assert statuses(application).keys() == {"INC1"}
    assert application.names("processed") == [f"{stamp}.csv"]


def test_file_that_is_gone(application: Application) -> None:
    """Its doorbell is acknowledged, and the key is counted."""
    (stamp,) = some_stamps(1)
    application.pause()
    key = application.put(stamp, a_change_file([a_row()]))
    wait_until(application.doorbells, "the doorbell")
    application.delete(key)

    application.resume()

    (line,) = application.await_answers(key, 1)
    assert line["gone"] == [key]
    assert application.settled([stamp]) == []
    wait_until(lambda: application.metric("KeysGone") == 1, "the metric")
