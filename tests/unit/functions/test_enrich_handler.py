"""The enrich function: what it makes of its input, and of steps that fail."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any

import pytest

from fleettickets import __version__
from fleettickets.core.locations import Tier
from fleettickets.errors import (
    BucketUnavailableError,
    DatabaseUnavailableError,
    GeocoderKeyError,
    InputError,
    LockTimeoutError,
    SettingError,
    StepsFailedError,
)
from fleettickets.jobs.geocode import GeocodeContext, GeocodeSummary
from fleettickets.jobs.operation import StepResult
from fleettickets.jobs.sweep import SweepSummary
from fleettickets.store.history import Capture
from fleettickets.store.step_runs import Standing
from tests.support.functions import FakeConnection, FakeContext, load_handler

DUE = "2026-11-22T20:50:00Z"
BOTH = {"steps": ["sweep", "history"], "scheduled_at": DUE}
ALL = {"steps": ["sweep", "clusters", "locations", "history"], "scheduled_at": DUE}
KEY = "automations/inc/changes/2026-06-15T17-00-00.csv"


@dataclass
class FakeJobs:
    """Stands for the steps' jobs: each answers, or raises, what the test says."""

    swept: SweepSummary | Exception = field(default_factory=lambda: SweepSummary("nothing pending"))
    captured: Capture | Exception = field(
        default_factory=lambda: Capture(True, None, date(2026, 11, 22), "inserted", 3)  # noqa: FBT003
    )
    geocoded: dict[str, GeocodeSummary | Exception] = field(
        default_factory=dict[str, GeocodeSummary | Exception]
    )
    contexts: list[GeocodeContext] = field(default_factory=list[GeocodeContext])
    calls: list[str] = field(default_factory=list[str])
    days: list[datetime | None] = field(default_factory=list[datetime | None])
    results: list[StepResult] = field(default_factory=list[StepResult])
    standing: Standing | Exception = Standing(0, None)  # noqa: RUF009 - it is frozen

    def sweep(self, *_: object, **__: object) -> SweepSummary:
        """Sweep."""
        self.calls.append("sweep")
        if isinstance(self.swept, Exception):
            raise self.swept
        return self.swept

    def reconcile_geometry(self, _: object) -> int:
        """Place the tickets of foreign writers."""
        self.calls.append("reconcile")
        return 2

    def geocode(self, context: GeocodeContext, tier: Tier) -> GeocodeSummary:
        """Geocode."""
        self.calls.append(tier)
        self.contexts.append(context)
        answer = self.geocoded.get(tier, GeocodeSummary(tier, "nothing to do"))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def capture_history(self, _: object, at: datetime | None) -> Capture:
        """Capture."""
        self.calls.append("history")
        self.days.append(at)
        if isinstance(self.captured, Exception):
            raise self.captured
        return self.captured

    def report_steps(self, _: object, results: Sequence[StepResult]) -> Standing:
        """Keep what the steps came to."""
        self.results.extend(results)
        if isinstance(self.standing, Exception):
            raise self.standing
        return self.standing


@pytest.fixture
def jobs() -> FakeJobs:
    """Return jobs that find nothing to do."""
    return FakeJobs()


@pytest.fixture
def connections() -> list[FakeConnection]:
    """Return the connections that were opened, in order."""
    return []


@pytest.fixture
def handler(
    monkeypatch: pytest.MonkeyPatch, jobs: FakeJobs, connections: list[FakeConnection]
) -> ModuleType:
    """Return the function's module after a cold start, with its settings but without a database."""
    monkeypatch.setenv("STAGE", "staging")
    monkeypatch.setenv("TICKETS_BUCKET", "isptickets")
    monkeypatch.setenv("DATABASE_URL", "postgresql://fleettickets:s3cret@localhost/tracksolid_db")
    monkeypatch.setenv("DOORBELL_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/1/bells.fifo")
    module = load_handler("enrich")

    def connect(_: str, **__: object) -> FakeConnection:
        connections.append(FakeConnection())
        return connections[-1]

    monkeypatch.setattr("fleettickets.runtime.connect", connect)
    monkeypatch.setattr(module, "sweep", jobs.sweep)
    monkeypatch.setattr(module, "reconcile_geometry", jobs.reconcile_geometry)
    monkeypatch.setattr(module, "geocode", jobs.geocode)
    monkeypatch.setattr(module, "capture_history", jobs.capture_history)
    monkeypatch.setattr(module, "report_steps", jobs.report_steps)
    return module


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """Return a function that answers the one EMF line that was published since."""

    def published() -> dict[str, Any]:
        (line,) = capsys.readouterr().out.splitlines()
        return json.loads(line)

    return published


def test_steps_run_in_the_order_of_the_input(handler: ModuleType, jobs: FakeJobs) -> None:
    """The schedule says what is done, and when in the run."""
    handler.handle({"steps": ["history", "sweep"], "scheduled_at": DUE}, FakeContext())

    assert jobs.calls == ["history", "sweep"]


def test_steps_that_are_not_named_are_not_run(handler: ModuleType, jobs: FakeJobs) -> None:
    """Around the clock the sweep runs alone."""
    handler.handle({"steps": ["sweep"], "scheduled_at": DUE}, FakeContext())

    assert jobs.calls == ["sweep"]


def test_day_of_the_history_is_that_of_the_schedule(handler: ModuleType, jobs: FakeJobs) -> None:
    """A run that starts late, even after midnight, is about the day that it was due on."""
    handler.handle(BOTH, FakeContext())

    assert jobs.days == [datetime(2026, 11, 22, 20, 50, tzinfo=UTC)]


def test_without_a_scheduled_time_it_is_now(handler: ModuleType, jobs: FakeJobs) -> None:
    """A person who invokes it does not have to say when."""
    handler.handle({"steps": ["history"]}, FakeContext())

    assert jobs.days == [None]


@pytest.mark.parametrize("broken", ["sweep", "history"])
@pytest.mark.parametrize("error", [LockTimeoutError("held"), ValueError("a bug")])
def test_each_step_fails_alone(
    handler: ModuleType, jobs: FakeJobs, broken: str, error: Exception
) -> None:
    """The other step is done, and the run fails at its end, by name."""
    if broken == "sweep":
        jobs.swept = error
    else:
        jobs.captured = error

    with pytest.raises(StepsFailedError) as raised:
        handler.handle(BOTH, FakeContext())

    assert jobs.calls == ["sweep", "history"]
    assert raised.value.steps == (broken,)


def test_failed_step_leaves_its_connection(
    handler: ModuleType, jobs: FakeJobs, connections: list[FakeConnection]
) -> None:
    """Whatever state it is in, the next step gets a fresh one; without trouble it is kept."""
    jobs.swept = BucketUnavailableError("503")
    with pytest.raises(StepsFailedError):
        handler.handle(BOTH, FakeContext())
    jobs.swept = SweepSummary("nothing pending")

    handler.handle(BOTH, FakeContext())

    assert [connection.closed for connection in connections] == [True, False]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ({}, 'needs "steps"'),
        ({"steps": []}, 'needs "steps"'),
        ({"steps": "sweep"}, 'needs "steps"'),
        ({"steps": ["sweep", "geocode"]}, "unknown steps: geocode; there are: sweep, clus"),
        ({"steps": [7]}, "unknown steps: 7"),
        ({"steps": ["sweep"], "scheduled_at": "<aws.scheduler.scheduled-time>"}, "must be a time"),
        ({"steps": ["sweep"], "scheduled_at": "2026-11-22T20:50:00"}, "offset from UTC"),
    ],
)
def test_input_that_is_not_understood(
    handler: ModuleType, jobs: FakeJobs, event: dict[str, object], message: str
) -> None:
    """Nothing is done, and the error says what there is."""
    with pytest.raises(InputError, match=message):
        handler.handle(event, FakeContext())

    assert jobs.calls == []


def test_sweep_becomes_metrics(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, Any]]
) -> None:
    """Each has the same two dimensions, so that an alarm finds it; none has a key."""
    jobs.swept = SweepSummary(
        "rang", KEY, pending=7, lost=(KEY, KEY), held=(KEY,), lag_seconds=125.5
    )

    handler.handle({"steps": ["sweep"], "scheduled_at": DUE}, FakeContext())

    published = metrics()
    definition = published["_aws"]["CloudWatchMetrics"][0]
    assert sorted(definition["Dimensions"][0]) == ["service", "stage"]
    assert (published["service"], published["stage"]) == ("fleettickets", "staging")
    assert {metric["Name"]: published[metric["Name"]] for metric in definition["Metrics"]} == {
        "FilesInQuarantine": [0],
        "RunsStarted": [1],
        "StepsFailed": [0],
        "ReseedNeeded": [0],
        "NotificationsLost": [2],
        "PendingFiles": [7],
        "KeysHeld": [1],
        "WatermarkLagSeconds": [125.5],
    }


def test_needed_reseed_has_no_lag(
    handler: ModuleType,
    jobs: FakeJobs,
    metrics: Callable[[], dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Nobody listed the bucket, so no lag of zero is claimed; the alarm on missing data sounds."""
    jobs.swept = SweepSummary("reseed needed", reason="reseed needed: s3://new, but s3://old")

    handler.handle({"steps": ["sweep"], "scheduled_at": DUE}, FakeContext())

    published = metrics()
    assert published["ReseedNeeded"] == [1]
    assert "WatermarkLagSeconds" not in published
    assert "ERROR" in [record.levelname for record in caplog.records]


def test_failed_steps_are_counted(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, Any]]
) -> None:
    """Though the run ends in an error, its metrics are published."""
    jobs.swept = BucketUnavailableError("503")

    with pytest.raises(StepsFailedError):
        handler.handle(BOTH, FakeContext())

    assert metrics()["StepsFailed"] == [1]


def test_one_line_a_step(
    handler: ModuleType, jobs: FakeJobs, caplog: pytest.LogCaptureFixture
) -> None:
    """Each step is one line with its outcome, whether it was done or failed."""
    caplog.set_level("INFO")
    jobs.captured = LockTimeoutError("another session holds the lock")

    with pytest.raises(StepsFailedError):
        handler.handle(BOTH, FakeContext())

    *steps, run = caplog.records
    lines = [(r.message, r.__dict__["step"], r.__dict__["outcome"]) for r in steps]
    assert (run.message, run.__dict__["outcome"]) == ("run was ended", "failed")
    assert (run.__dict__["steps"], run.__dict__["failed"]) == (["sweep", "history"], ["history"])
    assert lines == [
        ("step was run", "sweep", "nothing pending"),
        ("step failed", "history", "failed"),
    ]
    assert caplog.records[1].__dict__["error"] == "LockTimeoutError"


def test_whole_run_is_a_line_a_step_and_its_own(
    handler: ModuleType, jobs: FakeJobs, caplog: pytest.LogCaptureFixture
) -> None:
    """Sweep, clusters, locations, history: a line each, with the counts of what was done."""
    caplog.set_level("INFO")
    jobs.geocoded["location"] = GeocodeSummary("location", "done", asked=3, found=4, rejected=1)

    handler.handle(ALL, FakeContext())

    assert jobs.calls == ["sweep", "reconcile", "cluster", "location", "history"]
    *steps, run = caplog.records
    assert (run.message, run.__dict__["steps"]) == ("run was ended", ALL["steps"])
    lines = {record.__dict__["step"]: record.__dict__ for record in steps}
    assert list(lines) == ALL["steps"]
    assert {line["message"] for line in lines.values()} == {"step was run"}
    assert lines["clusters"]["reconciled"] == 2
    counts = {name: lines["locations"][name] for name in ("outcome", "asked", "found", "rejected")}
    assert counts == {"outcome": "done", "asked": 3, "found": 4, "rejected": 1}


def test_quota_is_told_with_the_time_it_ends(
    handler: ModuleType, jobs: FakeJobs, caplog: pytest.LogCaptureFixture
) -> None:
    """It is no failure: the rest stays pending until then."""
    caplog.set_level("INFO")
    midnight = datetime(2026, 11, 23, tzinfo=UTC)
    jobs.geocoded["location"] = GeocodeSummary("location", "quota", left=9, resume_at=midnight)

    handler.handle({"steps": ["locations"]}, FakeContext())

    record, _ = caplog.records
    assert record.__dict__["outcome"] == "quota"
    assert record.__dict__["resume_at"] == "2026-11-23T00:00:00+00:00"


def test_refused_key_fails_its_step_only(
    handler: ModuleType, jobs: FakeJobs, caplog: pytest.LogCaptureFixture
) -> None:
    """Locations may still have answers to reuse, and the day is closed all the same."""
    jobs.geocoded["cluster"] = GeocoderKeyError("locationiq refuses the key")

    with pytest.raises(StepsFailedError, match="clusters") as raised:
        handler.handle(ALL, FakeContext())

    assert raised.value.steps == ("clusters",)
    assert jobs.calls[-2:] == ["location", "history"]
    (failure,) = [record for record in caplog.records if record.message == "step failed"]
    assert failure.__dict__["error"] == "GeocoderKeyError"


def test_geocoding_leaves_time_for_the_steps_after_it(handler: ModuleType, jobs: FakeJobs) -> None:
    """Its last answers have to be written, and the day has to be closed."""
    handler.handle({"steps": ["locations"]}, FakeContext(remaining_ms=600_000))

    assert jobs.contexts[0].time_left() == 480


def test_without_a_provider_nothing_is_geocoded(
    handler: ModuleType, jobs: FakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tickets of foreign writers are placed all the same, by the gazetteer as it is."""
    monkeypatch.setenv("GEOCODER_PROVIDER", "none")

    handler.handle(ALL, FakeContext())

    assert jobs.calls == ["sweep", "reconcile", "history"]


def test_geocoding_becomes_metrics(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, Any]]
) -> None:
    """Calls, the failed ones among them, and places found."""
    jobs.geocoded["location"] = GeocodeSummary("location", "done", asked=3, found=4, failed=1)

    handler.handle({"steps": ["locations"]}, FakeContext())

    published = metrics()
    assert published["GeocodeCalls"] == [4]
    assert published["GeocodeFailures"] == [1]
    assert published["GeocodeFound"] == [4]


def test_foreign_errors_are_logged_without_their_text(
    handler: ModuleType, jobs: FakeJobs, caplog: pytest.LogCaptureFixture
) -> None:
    """P10: a driver's message may quote a row or an address; where it happened is shown."""
    jobs.swept = ValueError("postgresql://fleettickets:s3cret@localhost")

    with pytest.raises(StepsFailedError) as raised:
        handler.handle({"steps": ["sweep"]}, FakeContext())

    (record,) = [record for record in caplog.records if record.message == "step failed"]
    assert "s3cret" not in f"{record.__dict__} {raised.value}"
    assert "in sweep" in "".join(record.__dict__["trace"])


def test_missing_setting_fails_its_step_only(
    handler: ModuleType,
    jobs: FakeJobs,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Without the queue's URL there is no sweep, but the day is closed all the same."""
    monkeypatch.delenv("DOORBELL_QUEUE_URL")

    with pytest.raises(StepsFailedError, match="sweep"):
        handler.handle(BOTH, FakeContext())

    assert jobs.calls == ["history"]
    assert caplog.records[0].__dict__["error"] == SettingError.__name__


def test_function_without_any_setting(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, jobs: FakeJobs
) -> None:
    """Every step fails by itself, and the run says so."""
    monkeypatch.delenv("TICKETS_BUCKET")

    with pytest.raises(StepsFailedError, match="sweep, history"):
        handler.handle(BOTH, FakeContext())

    assert jobs.calls == []


def test_log_lines_say_who_wrote_them(handler: ModuleType) -> None:
    """Every line has service, stage, function and version."""
    keys = handler.logger.get_current_keys()

    assert handler.logger.service == "fleettickets"
    assert (keys["stage"], keys["function"], keys["version"]) == ("staging", "enrich", __version__)


# --- what is told about a run ---


def test_steps_are_reported_with_their_errors_and_facts(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, Any]]
) -> None:
    """`status` knows which step failed, and of what; how things stand is published by every run."""
    jobs.captured, jobs.standing = LockTimeoutError("held"), Standing(2, 0.75)

    with pytest.raises(StepsFailedError):
        handler.handle(BOTH, FakeContext())

    assert [(r.step, r.error) for r in jobs.results] == [
        ("sweep", None),
        ("history", "LockTimeoutError"),
    ]
    published = metrics()
    assert (published["FilesInQuarantine"], published["GeocodeCoverage"]) == ([2], [75])


def test_run_that_cannot_be_reported_is_no_failure(
    handler: ModuleType,
    jobs: FakeJobs,
    metrics: Callable[[], dict[str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its work is done; the next run reports again, and until then nothing is claimed."""
    jobs.standing = DatabaseUnavailableError("gone")

    handler.handle(BOTH, FakeContext())

    assert "FilesInQuarantine" not in metrics()
    assert ("run was not reported", "DatabaseUnavailableError") in [
        (record.message, record.__dict__.get("error")) for record in caplog.records
    ]


def test_step_that_the_database_refused_is_counted(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, Any]]
) -> None:
    """The alarm on the database is not the one on errors: another person mends it."""
    jobs.swept = DatabaseUnavailableError("no connection")

    with pytest.raises(StepsFailedError):
        handler.handle({"steps": ["sweep"]}, FakeContext())

    assert metrics()["DatabaseUnavailable"] == [1]
