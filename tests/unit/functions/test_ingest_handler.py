"""The ingest function: what it makes of a message, and what becomes of the message."""

import json
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from types import ModuleType

import pytest
from moto import mock_aws
from moto.sqs.models import sqs_backends

from fleettickets.errors import (
    BucketUnavailableError,
    DatabaseUnavailableError,
    FleetticketsError,
    LockTimeoutError,
    ObjectChangedError,
    OutOfTimeError,
    SettingError,
    SourceMismatchError,
)
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary, Outcome
from fleettickets.jobs.kept_listings import KeptListing
from fleettickets.store.ledger import RowCounts
from tests.support.feeds import a_doorbell
from tests.support.functions import (
    REGION,
    FakeConnection,
    FakeContext,
    FakeQueue,
    load_handler,
    recorded_event,
)

KEY = "automations/inc/changes/2026-06-15T17-00-00.csv"
ETAG = "9e107d9d372bb6826bd81d3542a419d6"
COUNTS = RowCounts(
    read=10, dropped=0, rejected=2, duplicate=0, inserted=5, updated=0, unchanged=0, stale=3
)


@dataclass
class FakeJobs:
    """Stands for `ingest_pending`: answers, or raises, what the test says."""

    answer: IngestSummary | BaseException = field(default_factory=IngestSummary)
    rung: list[tuple[str, str | None]] = field(default_factory=list)
    kept: list[KeptListing] = field(default_factory=list)
    contexts: list[IngestContext] = field(default_factory=list)
    settled: list[FileOutcome] = field(default_factory=list)  # before the answer, or the error
    in_quarantine: int = 0

    def files_in_quarantine(self, _: object) -> int:
        """Count."""
        return self.in_quarantine

    def ingest_pending(
        self, context: IngestContext, *, through: str, etag: str | None, kept: KeptListing
    ) -> IngestSummary:
        """Note the doorbell and answer."""
        self.rung.append((through, etag))
        self.kept.append(kept)
        self.contexts.append(context)
        for outcome in self.settled:
            context.on_outcome(outcome)
        if isinstance(self.answer, BaseException):
            raise self.answer
        for outcome in self.answer.outcomes:
            context.on_outcome(outcome)
        return self.answer


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
    monkeypatch.setenv("TICKETS_BUCKET", "isptickets")
    monkeypatch.setenv("DATABASE_URL", "postgresql://fleettickets:s3cret@nowhere/tracksolid_db")
    module = load_handler("ingest")

    def connect(_: str, **__: object) -> FakeConnection:
        connections.append(FakeConnection())
        return connections[-1]

    monkeypatch.setattr("fleettickets.runtime.connect", connect)
    monkeypatch.setattr(module, "ingest_pending", jobs.ingest_pending)
    monkeypatch.setattr(module, "files_in_quarantine", jobs.files_in_quarantine)
    return module


@pytest.fixture
def queue() -> Generator[FakeQueue]:
    """Return an empty queue in moto."""
    with mock_aws():
        yield FakeQueue()


@pytest.fixture
def metrics(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, float]]:
    """Return a function that answers the sum of each metric that was published since."""

    def published() -> dict[str, float]:
        sums: dict[str, float] = {}
        for line in capsys.readouterr().out.splitlines():
            blob = json.loads(line)
            for name in [
                metric["Name"] for metric in blob["_aws"]["CloudWatchMetrics"][0]["Metrics"]
            ]:
                sums[name] = sums.get(name, 0) + sum(blob[name])
        return sums

    return published


def an_outcome(outcome: Outcome, **overrides: object) -> FileOutcome:
    """Return what became of one file."""
    defaults: dict[str, object] = {"generation": 0, "revision": 1}
    return FileOutcome(KEY, "2026-06-15T17-00-00", outcome, **(defaults | overrides))  # type: ignore[arg-type]


def _delay_of_the_message(queue: FakeQueue) -> float:
    """Return how many seconds from now the queue's only message appears again."""
    stored = sqs_backends["123456789012"][REGION].queues[queue.name]
    (message,) = stored._messages  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    return message.visible_at / 1000 - time.time()


@pytest.mark.parametrize(
    "event", ["rule", "eventbridge", "eventbridge_percent_encoded", "s3_notification"]
)
def test_every_form_of_a_doorbell(handler: ModuleType, jobs: FakeJobs, event: str) -> None:
    """Each form starts a pass up to its key, with the etag that it announces."""
    handler.handle(recorded_event(event), FakeContext())

    assert jobs.rung == [(KEY, ETAG)]


@pytest.mark.parametrize(
    "event", ["s3_test_event", "foreign_bucket", "foreign_key", "quarantine_key", "not_understood"]
)
def test_what_is_no_doorbell_of_ours(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, float]], event: str
) -> None:
    """It is acknowledged and counted; the stream is not touched, the database not connected to."""
    handler.handle(recorded_event(event), FakeContext())

    assert jobs.rung == []
    assert metrics()["DoorbellsIgnored"] == 1


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("s3_test_event", "test event"),
        ("foreign_key", "foreign"),
        ("not_understood", "not understood"),
    ],
)
def test_log_says_why_a_message_was_ignored(
    handler: ModuleType, caplog: pytest.LogCaptureFixture, event: str, outcome: str
) -> None:
    """Three kinds of message that start nothing are told apart."""
    handler.handle(recorded_event(event), FakeContext())

    outcomes = [getattr(record, "outcome", None) for record in caplog.records]
    assert outcomes == [outcome]


def test_doorbell_of_a_manifest(handler: ModuleType, jobs: FakeJobs) -> None:
    """The sweep may ring for a reseed's file, which lies in `processed/`."""
    event = recorded_event("rule")
    processed = KEY.replace("changes", "processed")
    event["Records"][0]["body"] = a_doorbell(processed)

    handler.handle(event, FakeContext())

    assert jobs.rung == [(processed, ETAG)]


def test_time_left_is_the_runtimes(handler: ModuleType, jobs: FakeJobs) -> None:
    """The job is told how many seconds this invocation has left, and that a function runs it."""
    handler.handle(recorded_event("rule"), FakeContext(remaining_ms=42_000))

    assert jobs.contexts[0].time_left() == 42
    assert jobs.contexts[0].worker == "function"


def test_connection_is_kept_while_it_works(
    handler: ModuleType, jobs: FakeJobs, connections: list[FakeConnection]
) -> None:
    """A warm function uses its connection again; nothing is opened before the first doorbell."""
    opened_cold = len(connections)

    for _ in range(3):
        handler.handle(recorded_event("rule"), FakeContext())

    assert opened_cold == 0
    assert len(connections) == 1
    assert len({id(context.connection) for context in jobs.contexts}) == 1


def test_listing_is_kept_while_it_works(handler: ModuleType, jobs: FakeJobs) -> None:
    """What one pass keeps is given to the next, but not beyond an error, wherever it came from."""
    handler.handle(recorded_event("rule"), FakeContext())
    handler.handle(recorded_event("rule"), FakeContext())
    jobs.answer = ValueError("a bug")
    with pytest.raises(ValueError, match="a bug"):
        handler.handle(recorded_event("rule"), FakeContext())
    jobs.answer = IngestSummary()

    handler.handle(recorded_event("rule"), FakeContext())

    first, second, failed, last = (id(kept) for kept in jobs.kept)
    assert first == second == failed != last


@pytest.mark.parametrize("error", [DatabaseUnavailableError("gone"), ValueError("a bug")])
def test_connection_is_replaced_after_trouble(
    handler: ModuleType, jobs: FakeJobs, connections: list[FakeConnection], error: Exception
) -> None:
    """After any error the next doorbell gets a fresh connection, and the old one is closed."""
    jobs.answer = error
    with mock_aws(), pytest.raises(type(error)):
        handler.handle(recorded_event("rule"), FakeContext())
    jobs.answer = IngestSummary()

    handler.handle(recorded_event("rule"), FakeContext())

    assert [connection.closed for connection in connections] == [True, False]


@pytest.mark.parametrize(
    "error",
    [
        DatabaseUnavailableError("gone"),
        LockTimeoutError("held"),
        BucketUnavailableError("503"),
        ObjectChangedError(KEY),
    ],
)
@pytest.mark.parametrize(
    ("receives", "seconds"), [(1, 10), (3, 40), (5, 160), (6, 300), (900, 300)]
)
def test_transient_trouble_puts_the_message_off(
    handler: ModuleType,
    jobs: FakeJobs,
    queue: FakeQueue,
    error: FleetticketsError,
    receives: int,
    seconds: int,
) -> None:
    """The message appears again after 10, 20, 40 … at most 300 seconds, and holds its group."""
    queue.send(a_doorbell(KEY))
    jobs.answer = error

    with pytest.raises(type(error)):
        handler.handle(queue.receive(receives=receives), FakeContext())

    assert _delay_of_the_message(queue) == pytest.approx(seconds, abs=5)


def test_permanent_trouble_is_left_to_the_queue(
    handler: ModuleType, jobs: FakeJobs, queue: FakeQueue
) -> None:
    """A wrong setting is not hammered on: the message waits its whole visibility timeout."""
    queue.send(a_doorbell(KEY))
    jobs.answer = SettingError("TICKETS_BUCKET", "there is no such bucket")

    with pytest.raises(SettingError):
        handler.handle(queue.receive(), FakeContext())

    assert _delay_of_the_message(queue) == pytest.approx(5400, abs=5)


def test_queue_that_cannot_put_off_hides_nothing(handler: ModuleType, jobs: FakeJobs) -> None:
    """If the delay cannot be set, the error that the run ends with still is the first one."""
    jobs.answer = LockTimeoutError("held")

    with mock_aws(), pytest.raises(LockTimeoutError):
        handler.handle(recorded_event("rule"), FakeContext())


@pytest.mark.parametrize("outcome", ["applied", "quarantined", "skipped", "already settled"])
def test_out_of_time_after_some_work_rings_again(
    handler: ModuleType, jobs: FakeJobs, queue: FakeQueue, outcome: Outcome
) -> None:
    """The same doorbell comes again at once, in the same group, and this one is acknowledged."""
    body = a_doorbell(KEY)
    queue.send(body)
    jobs.answer = IngestSummary((an_outcome(outcome),), pending=7, out_of_time=True)
    event = queue.receive()

    handler.handle(event, FakeContext())
    queue.acknowledge(event)

    again = queue.receive()["Records"][0]
    attributes = again["attributes"]
    assert isinstance(attributes, dict)
    assert again["body"] == body
    assert attributes["MessageGroupId"] == "inc"
    assert attributes["MessageDeduplicationId"] != "first"


@pytest.mark.parametrize("outcomes", [(), (an_outcome("gone", revision=None),)])
def test_out_of_time_without_any_work_raises(
    handler: ModuleType, jobs: FakeJobs, queue: FakeQueue, outcomes: tuple[FileOutcome, ...]
) -> None:
    """A file that takes longer than a run shows as an error, and the message comes back."""
    queue.send(a_doorbell(KEY))
    jobs.answer = IngestSummary(outcomes, pending=1, out_of_time=True)

    with pytest.raises(OutOfTimeError, match=KEY):
        handler.handle(queue.receive(), FakeContext())

    assert _delay_of_the_message(queue) == pytest.approx(10, abs=5)


def test_source_of_another_generation(
    handler: ModuleType,
    jobs: FakeJobs,
    metrics: Callable[[], dict[str, float]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A moved feed is acknowledged without work, with an alarm: retrying would not help."""
    jobs.answer = SourceMismatchError("s3://new/automations/inc", "s3://old/automations/inc")

    handler.handle(recorded_event("rule"), FakeContext())

    assert metrics()["ReseedNeeded"] == 1
    assert [record.levelname for record in caplog.records] == ["ERROR"]


def test_reseed_under_way(handler: ModuleType, jobs: FakeJobs, queue: FakeQueue) -> None:
    """While a reseed holds the stream, doorbells are acknowledged and nothing is rung again."""
    queue.send(a_doorbell(KEY))
    jobs.answer = IngestSummary(waiting=True)
    event = queue.receive()

    handler.handle(event, FakeContext())
    queue.acknowledge(event)

    assert "Messages" not in queue.client.receive_message(QueueUrl=queue.url)


def test_counts_become_metrics(
    handler: ModuleType, jobs: FakeJobs, metrics: Callable[[], dict[str, float]]
) -> None:
    """What a person has to look at has a metric, at zero too, so that an alarm can watch it."""
    jobs.answer = IngestSummary(
        outcomes=(
            an_outcome("applied", late=True, counts=COUNTS),
            an_outcome("applied", counts=COUNTS),
            an_outcome("quarantined", reason="no ticket_id column"),
            an_outcome("gone", revision=None),
        ),
        held=("automations/inc/changes/2062-01-01T00-00-00.csv",),
        gone=(KEY,),
    )
    jobs.in_quarantine = 3

    handler.handle(recorded_event("rule"), FakeContext())

    assert metrics() == {
        "DoorbellsReceived": 1,
        "FilesApplied": 2,
        "FilesInQuarantine": 3,
        "FilesQuarantined": 1,
        "FilesLate": 1,
        "RowsRead": 20,
        "RowsRejected": 4,
        "RowsStale": 6,
        "KeysGone": 1,
        "KeysHeld": 1,
        "KeysForeign": 0,
    }


def test_files_settled_before_an_outage_are_counted(
    handler: ModuleType, jobs: FakeJobs, queue: FakeQueue, metrics: Callable[[], dict[str, float]]
) -> None:
    """They stay settled, so no later run counts them; and the outage has a metric of its own."""
    jobs.settled = [an_outcome("applied", counts=COUNTS)]
    jobs.answer = DatabaseUnavailableError("connection lost")
    queue.send(a_doorbell(KEY))

    with pytest.raises(DatabaseUnavailableError):
        handler.handle(queue.receive(), FakeContext())

    published = metrics()
    assert published["FilesApplied"] == 1
    assert published["DatabaseUnavailable"] == 1


def test_one_info_line_a_doorbell_without_secrets(
    handler: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """A doorbell is one line, with its key, and no line shows the database's password."""
    caplog.set_level("INFO")

    handler.handle(recorded_event("rule"), FakeContext())

    assert [(record.message, record.__dict__["key"]) for record in caplog.records] == [
        ("doorbell was answered", KEY)
    ]
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("missing", "named"),
    [("TICKETS_BUCKET", "TICKETS_BUCKET"), ("DATABASE_URL", "DATABASE_SECRET_ARN")],
)
def test_missing_setting_is_named(
    handler: ModuleType, monkeypatch: pytest.MonkeyPatch, missing: str, named: str
) -> None:
    """A function deployed without a setting says which one; on AWS the database's is a secret."""
    monkeypatch.delenv(missing)

    with pytest.raises(SettingError) as raised:
        handler.handle(recorded_event("rule"), FakeContext())

    assert raised.value.setting == named
