"""`status`, `capture-history` and the demo's report show what the database holds."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg

from fleettickets.core.keys import EAT
from tests.database.cli.conftest import Feed
from tests.support.commands import CommandLine
from tests.support.feeds import a_change_file, a_row

FRESHNESS_KEYS = {
    "watermark",
    "watermark_age_minutes",
    "content_as_of",
    "mode",
    "pending",
    "pending_as_of",
    "held",
    "quarantined_24h",
    "rejected_24h",
    "last_capture_at",
    "geocode_coverage",
}


def an_hour_ago(hours: float) -> str:
    """A feed time that lies that many hours back."""
    return f"{datetime.now(UTC).astimezone(EAT) - timedelta(hours=hours):%Y-%m-%d %H:%M:%S}"


def ingest_mixed_stream(shell: CommandLine, feed: Feed) -> None:
    """One of each: applied, late, quarantined, held, with a rejected row; three open tickets."""
    nowhere = {"latitude": "", "longitude": "", "first_seen_at": ""}
    feed.put(
        "2024-06-15T17-00-00",
        a_row(ticket_id="OLD", created_at_service=an_hour_ago(50)),
        a_row(ticket_id="RISK", created_at_service=an_hour_ago(40)),
        a_row(ticket_id="NEW", created_at_service="", **nowhere),
        a_row(ticket_id="DONE", is_actionable="false"),
        a_row(ticket_id=""),
    )
    feed.put("2024-06-15T20-00-00", content=b"\x1f\x8b gzip")
    feed.put("2062-01-01T00-00-00", a_row())
    shell.run("ingest", "--from-dir", "feed", "--apply")
    late = shell.directory / "2024-06-14T17-00-00.csv"
    late.write_bytes(a_change_file([a_row(ticket_id="DONE", is_actionable="false")]))
    shell.run("ingest", "--csv", late, "--apply")


def test_new_database_has_a_status(shell: CommandLine) -> None:
    """Nothing applied, nothing listed, no ticket: said in words, not an error."""
    answer = shell.run("status")

    assert answer.status == 0
    assert "nothing applied yet" in answer.output
    assert "0 of 0" in answer.output


def test_document_has_every_fact(shell: CommandLine, feed: Feed) -> None:
    """The freshness of every payload as it is, and our own counts beside it."""
    ingest_mixed_stream(shell, feed)

    document = shell.run("status", "--files", "2", "--json").document

    assert document["freshness"].keys() == FRESHNESS_KEYS
    assert document["freshness"]["watermark"] == "automations/inc/changes/2024-06-15T17-00-00.csv"
    assert document["freshness"]["watermark_age_minutes"] > 0
    assert document["stream"]["generation"] == 0
    assert document["files"] == {
        "applied": 2,
        "quarantined": 1,
        "skipped": 0,
        "late": 1,
        "rows_rejected": 1,
    }
    assert document["tickets"] == {
        "total": 4,
        "open": 3,
        "breached": 1,
        "at_risk": 1,
        "without_clock": 1,
        "without_coordinate": 1,
    }
    assert [file["stamp"] for file in document["quarantined"]] == ["2024-06-15T20-00-00"]
    assert [file["stamp"] for file in document["last_files"]] == [
        "2024-06-14T17-00-00",
        "2024-06-15T20-00-00",
    ]


def test_people_see_what_needs_them(shell: CommandLine, feed: Feed) -> None:
    """Watermark and age, held, quarantined with its reason, rejected, late, breached, coverage."""
    ingest_mixed_stream(shell, feed)

    text = shell.run("status").output

    lines = {line[:17].strip(): line[17:].strip() for line in text.splitlines()}
    assert "2024-06-15T17-00-00.csv" in text
    assert lines["watermark age"].split()[1] == "d"
    assert lines["breached"].startswith("1 ")
    assert lines["at risk"].startswith("1 ")
    assert lines["not on the map"].startswith("1 ")
    assert "2, 1 of them late" in text
    assert "1 (1 in 24 hours)" in text
    assert "applied, late" in text
    assert "2024-06-15T20-00-00: " in text.partition("mend and replay, or skip")[2]
    assert "66.7% of the open ones" in text


def test_table_of_files_fits_a_terminal_of_100(shell: CommandLine, small_feed: Feed) -> None:
    """No column is cut."""
    shell.run("ingest", "--from-dir", "feed", "--apply")

    lines = shell.run("status").output.splitlines()

    header = next(line for line in lines if line.startswith("stamp"))
    assert header.split() == [
        "stamp",
        "settled",
        "as",
        "settled",
        "at",
        "read",
        "inserted",
        "updated",
        "unchanged",
        "stale",
        "rejected",
    ]
    assert max(len(line.rstrip()) for line in lines) <= 100
    row = next(line for line in lines if line.startswith("2024-06-15T20-00-00"))
    assert row.split()[-6:] == ["1", "0", "1", "0", "0", "0"]


def test_table_of_files_fits_a_narrow_terminal(shell: CommandLine, small_feed: Feed) -> None:
    """At 80 columns the time of settling is left out, and nothing else is cut."""
    shell.run("ingest", "--from-dir", "feed", "--apply")

    lines = replace(shell, settings={**shell.settings, "COLUMNS": "80"}).run("status").output

    header = next(line for line in lines.splitlines() if line.startswith("stamp"))
    assert "settled as" in header
    assert "settled at" not in header
    assert header.split()[-6:] == ["read", "inserted", "updated", "unchanged", "stale", "rejected"]


def test_replayed_file_is_no_longer_listed_as_quarantined(shell: CommandLine, feed: Feed) -> None:
    """A stamp counts by its latest revision."""
    feed.put("2024-06-15T17-00-00", content=b"\x1f\x8b gzip")
    shell.run("ingest", "--from-dir", "feed", "--apply")
    feed.put("2024-06-15T17-00-00", a_row())
    shell.run("ingest", "--from-dir", "feed", "--apply")

    document = shell.run("status", "--json").document

    assert document["quarantined"] == []
    assert document["files"]["quarantined"] == 0
    assert document["files"]["applied"] == 1


def test_later_revision_is_named(shell: CommandLine, feed: Feed) -> None:
    """A file that was overwritten appears as its second revision."""
    feed.put("2024-06-15T17-00-00", a_row(owner="a"))
    shell.run("ingest", "--from-dir", "feed", "--apply")
    feed.put("2024-06-15T17-00-00", a_row(owner="b"))
    shell.run("ingest", "--from-dir", "feed", "--apply")

    assert "2024-06-15T17-00-00 r2" in shell.run("status").output


def test_refused_source_and_a_lease_are_shown(
    shell: CommandLine, connection: psycopg.Connection
) -> None:
    """Why nothing is applied: another bucket is configured, or a reseed runs."""
    connection.execute("update tickets.import_streams set refused_source = 's3://other/x'")
    refused = shell.run("status").output
    connection.execute(
        "update tickets.import_streams set refused_source = null, mode = 'reseed',"
        " lease_owner = 'ann@host', lease_expires_at = now() + interval '1 hour'"
    )
    leased = shell.run("status").output

    assert "reseed needed: the setting names s3://other/x" in refused
    assert "reseed by ann@host, lease until" in leased


def test_capture_is_planned_then_done(
    shell: CommandLine, small_feed: Feed, connection: psycopg.Connection
) -> None:
    """The dry run counts the closures that the capture then adds, and writes nothing."""
    shell.run("ingest", "--from-dir", "feed", "--apply")
    connection.execute("delete from tickets.closure_events")
    connection.execute("delete from tickets.inc_daily_snapshot")

    planned = shell.run("capture-history", "--json").document
    before = connection.execute("select count(*) from tickets.inc_daily_snapshot").fetchone()
    applied = shell.run("capture-history", "--apply", "--json").document

    assert before == (0,)
    assert planned | {"dry_run": False} == applied
    assert applied["closures_added"] == 1
    assert applied["snapshot"] == "written"


def test_capture_waits_for_a_reseed(shell: CommandLine, connection: psycopg.Connection) -> None:
    """A half-rebuilt state is no history: said by the dry run and by the real one."""
    connection.execute("update tickets.import_streams set mode = 'reseed'")

    planned = shell.run("capture-history")
    applied = shell.run("capture-history", "--apply")

    assert "not captured: a reseed is under way" in planned.output
    assert "not captured: a reseed is under way" in applied.output


def test_report_shows_the_map_and_the_service_levels(shell: CommandLine, feed: Feed) -> None:
    """The payload's size and summary, and each cluster's open tickets with their totals."""
    ingest_mixed_stream(shell, feed)

    text = shell.run("demo-report").output
    document = shell.run("demo-report", "--json").document

    assert "placed by feed 3, location 0, cluster 0, none 1" in text
    assert "KiB of JSON" in text
    assert "1 open ticket without a coordinate" in text
    assert "Athi River" in text
    assert "all 1" in text
    assert document["map_bytes"] > 1000
    assert len(document["map_payload"]["features"]) == 2
    assert document["clusters"][0] | {"hours_open_mean": 0, "hours_open_longest": 0} == {
        "cluster": "Athi River",
        "open": 3,
        "within": 0,
        "at_risk": 1,
        "breached": 1,
        "without_clock": 1,
        "hours_open_mean": 0,
        "hours_open_longest": 0,
        "on_map": 2,
    }


def test_sample_stream_ends_as_it_was_made(
    shell: CommandLine, connection: psycopg.Connection
) -> None:
    """Every ticket arrives, most without created_at_service filled in 7 of 10, none rejected."""
    shell.run("sample-feed", "made", "--tickets", "200", "--days", "10", "--end", "2024-06-15")

    answer = shell.run("ingest", "--from-dir", "made", "--apply", "--json")

    assert answer.status == 0
    assert answer.document["rows"]["inserted"] == 200
    assert answer.document["rows"]["rejected"] == 0
    found = connection.execute(
        "select count(*) filter (where closed_at is not null) > 100,"
        " avg((created_at_service is null)::integer) between 0.2 and 0.4 from tickets.inc"
    ).fetchone()
    assert found == (True, True)


# --- status --check ---


def test_check_passes_when_all_is_well(shell: CommandLine, small_feed: Feed) -> None:
    """For cron and health checks: exit status 0, one line."""
    shell.run("ingest", "--from-dir", "feed", "--apply")

    answer = shell.run("status", "--check")

    assert (answer.status, answer.output) == (0, "11 checks passed\n")


def test_check_fails_with_the_section_to_read(shell: CommandLine, feed: Feed) -> None:
    """The exit status is 1, and each line names its section of the runbook."""
    ingest_mixed_stream(shell, feed)

    answer = shell.run("status", "--check")

    assert answer.status == 1
    assert answer.output.splitlines() == [
        (
            "held is 1, its limit 0: keys whose stamp is no real time, or ahead of now"
            " (docs/runbook.md#held)"
        ),
        "quarantine is 1, its limit 0: files that wait for a person (docs/runbook.md#quarantine)",
        "9 checks passed",
    ]


def test_check_of_a_database_that_nothing_was_ever_listed_for(shell: CommandLine) -> None:
    """Not known is not well; for machines the payload is printed as it is."""
    people, machines = shell.run("status", "--check"), shell.run("status", "--check", "--json")

    assert "schedule is not known, nothing has looked yet" in people.output
    assert (people.status, machines.status) == (1, 1)
    assert machines.document["ok"] is False


def test_check_with_other_limits(shell: CommandLine, feed: Feed) -> None:
    """An installation whose alarms have others says so."""
    ingest_mixed_stream(shell, feed)

    answer = shell.run("status", "--check", "--limit", "held=1", "--limit", "quarantine=1")

    assert answer.status == 0
    assert shell.run("status", "--limit", "held").status == 2


def test_status_shows_the_checks_too(shell: CommandLine, feed: Feed) -> None:
    """And never fails because of them: that is for --check."""
    ingest_mixed_stream(shell, feed)

    answer = shell.run("status")

    assert answer.status == 0
    assert "quarantine is 1, its limit 0: files that wait" in answer.output
