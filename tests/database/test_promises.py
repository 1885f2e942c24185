"""P1-P5, P7 and P8 as properties: any stream, any schedule, any deaths end like a plain replay.

The ledger says which contents were settled (a content that is overwritten before anybody saw it
never is); a model applies exactly those in the order of their stamps and must end the same.
"""

import csv
import io
import multiprocessing
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from fleettickets.errors import LeaseLostError
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.kept_listings import KeptListing
from fleettickets.jobs.planning import plan_ingest
from fleettickets.jobs.reseed_apply import (
    ReseedSummary,
    apply_chunk,
    finish_reseed,
    open_reseed,
)
from fleettickets.jobs.reseed_plan import finish_plan, open_plan, plan_chunk
from fleettickets.jobs.reseed_reports import PlanSummary
from fleettickets.store.streams import read_state
from tests.support.buckets import Killed, Steps
from tests.support.ingests import (
    PREFIX,
    Model,
    Producer,
    a_context,
    a_worker,
    closure_state,
    etag_of,
    model_closures,
    settled_contents,
    sha256,
    tickets_state,
)

# The number of examples is the profile's: 200 in CI, thousands in `make test-long`.
SHARED_DATABASE = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
# Each example reads everything anew: a quarter of them takes as long as the other tests.
A_QUARTER = settings(SHARED_DATABASE, max_examples=max(50, SHARED_DATABASE.max_examples // 4))

COLUMNS: tuple[str, ...] = (
    "ticket_id",
    "raw_status",
    "cluster",
    "owner",
    "closed_at",
    "is_actionable",
    "is_alarm",
)
STAMPS = tuple(f"2026-06-{day:02}T17-00-00" for day in range(1, 8))

rows = st.fixed_dictionaries(
    {
        "ticket_id": st.sampled_from([f"INC{number}" for number in range(5)]),
        "raw_status": st.sampled_from(["OPEN", "CLOSED"]),
        "cluster": st.sampled_from(["", "Karen", "Ngong"]),
        "owner": st.sampled_from(["", "Amina", "Otieno"]),
        "closed_at": st.sampled_from(["", "", "2026-06-02 08:00:00", "2026-06-03 09:30:00"]),
        "is_actionable": st.sampled_from(["true", "false"]),
        "is_alarm": st.sampled_from(["", "", "", "true"]),
    }
)
# A content is its rows, or a number: the file is broken beyond use, each number in its own way.
contents = st.one_of(st.lists(rows, max_size=5), st.integers(0, 2))


@dataclass(frozen=True, slots=True)
class Put:
    """The producer puts a content, new or over another one."""

    stamp: str
    content: list[dict[str, str]] | int


@dataclass(frozen=True, slots=True)
class PutAgain:
    """The producer puts an earlier content of the stream once more."""

    number: int


@dataclass(frozen=True, slots=True)
class Ring:
    """A doorbell names a stamp, pending or not; the worker dies at a step if one is given.

    It is of the content that was put under the stamp last, or so many puts before that.
    """

    stamp: str
    kill_at: int | None
    puts_ago: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Everything pending is applied; the worker dies at a step if one is given."""

    kill_at: int | None


deaths = st.one_of(st.none(), st.integers(1, 70))
puts_ago = st.sampled_from([0, 0, 0, 1, 2])
actions = st.lists(
    st.one_of(
        st.builds(Put, st.sampled_from(STAMPS), contents),
        st.builds(Put, st.sampled_from(STAMPS), contents),
        st.builds(PutAgain, st.integers(0, 20)),
        st.builds(Ring, st.sampled_from(STAMPS), deaths, puts_ago),
        st.builds(Ring, st.sampled_from(STAMPS), st.none(), puts_ago),
        st.builds(Sweep, deaths),
    ),
    min_size=1,
    max_size=14,
)


def file_of(content: list[dict[str, str]] | int) -> bytes:
    """Write a content as a change file."""
    if isinstance(content, int):
        return f'ticket_id,owner\nINC{content},"never closed\n'.encode()
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(content)
    return text.getvalue().encode()


def rows_of(file: bytes) -> list[dict[str, str]]:
    """Read a change file as the model does: alarms are no tickets."""
    lines = csv.DictReader(io.StringIO(file.decode()))
    kept = [row for row in lines if row["is_alarm"] != "true"]
    return [{name: value for name, value in row.items() if value} for row in kept]


@dataclass(slots=True)
class Stream:
    """One example: a directory, a fresh database, and what happened so far.

    Doorbells are answered by a function that stays warm until it dies.
    """

    database_url: str
    connection: psycopg.Connection
    producer: Producer
    kept: KeptListing = field(default_factory=KeptListing)

    def act(self, action: Put | PutAgain | Ring | Sweep) -> None:
        """Do what the schedule says next."""
        match action:
            case Put(stamp, content):
                self.producer.put(stamp, file_of(content))
            case PutAgain(number) if self.producer.history:
                stamp, content = self.producer.history[number % len(self.producer.history)]
                self.producer.put(stamp, content)
            case Ring(stamp, kill_at, puts_ago):
                self.ring(stamp, kill_at, puts_ago)
            case Sweep(kill_at):
                self.work(None, kill_at)
            case _:
                pass

    def ring(self, stamp: str, kill_at: int | None, puts_ago: int) -> None:
        """Answer a doorbell; whoever survives that has done what it announced, unless it is old."""
        etags = [etag_of(file) for put, file in self.producer.history if put == stamp]
        etag = etags[-1 - puts_ago % len(etags)] if etags else None
        survived = self.work(PREFIX.change_key(stamp), kill_at, etag, self.kept)
        if survived and etags and etag == etags[-1]:
            assert self.last_settled()[stamp] == self.last_contents()[stamp]
            assert f"{stamp}.csv" not in self.producer.names("changes")

    def work(
        self,
        through: str | None,
        kill_at: int | None,
        etag: str | None = None,
        kept: KeptListing | None = None,
    ) -> bool:
        """Let a worker apply what is pending; return whether it survived that."""
        worker = a_worker(self.database_url, self.producer.bucket(), Steps(kill_at))
        try:
            ingest_pending(worker, through=through, etag=etag, kept=kept)
        except Killed as death:
            event(f"died {str(death).rsplit(' ', 1)[0][:32]}")
            return False
        else:
            return True
        finally:
            worker.connection.close()

    def settle_all(self) -> None:
        """Sweep until nothing is pending."""
        summary = ingest_pending(a_context(self.connection, self.producer.bucket()))
        assert summary.pending == 0

    def model(self, generation: int = 0) -> Model:
        """Replay in plain Python what the ledger settled, in the order of versions."""
        model, files = Model(), {sha256(file): file for _, file in self.producer.history}
        for stamp, revision, status, digest in settled_contents(self.connection, generation):
            if status == "applied":
                model.apply(stamp, revision, rows_of(files[digest]))
        return model

    def last_contents(self) -> dict[str, str]:
        """Return the sha256 of the last content that was put under each stamp."""
        return {stamp: sha256(file) for stamp, file in self.producer.history}

    def last_settled(self) -> dict[str, str]:
        """Return the sha256 of the last settled revision of each stamp."""
        return {stamp: digest for stamp, _, _, digest in settled_contents(self.connection)}


@pytest.fixture
def streams(
    module_database_url: str,
    module_connection: psycopg.Connection,
    truncate_all: Callable[[psycopg.Connection], None],
    tmp_path: Path,
) -> Callable[[], AbstractContextManager[Stream]]:
    """A function that opens a fresh example."""

    @contextmanager
    def opened() -> Generator[Stream]:
        truncate_all(module_connection)
        root = Path(tempfile.mkdtemp(dir=tmp_path))
        yield Stream(module_database_url, module_connection, Producer(root))
        shutil.rmtree(root)

    return opened


@SHARED_DATABASE
@given(schedule=actions)
def test_any_schedule_ends_like_a_plain_replay(
    streams: Callable[[], AbstractContextManager[Stream]],
    schedule: list[Put | PutAgain | Ring | Sweep],
) -> None:
    """P1-P5: order, repeats, losses, overwrites and deaths at any step change nothing."""
    with streams() as stream:
        for action in schedule:
            stream.act(action)

        stream.settle_all()

        model = stream.model()
        assert tickets_state(stream.connection) == model.state()
        assert closure_state(stream.connection) == model_closures(model)
        assert stream.last_settled() == stream.last_contents()
        assert stream.producer.names("changes") == []


@SHARED_DATABASE
@given(schedule=actions)
def test_repeating_the_work_changes_nothing(
    streams: Callable[[], AbstractContextManager[Stream]],
    schedule: list[Put | PutAgain | Ring | Sweep],
) -> None:
    """P2 and P8: another sweep, and every file put again, leave state and ledger as they are."""
    with streams() as stream:
        for action in schedule:
            stream.act(action)
        stream.settle_all()
        before = (tickets_state(stream.connection), closure_state(stream.connection))
        ledger = settled_contents(stream.connection)

        for stamp, content in dict(stream.producer.history).items():
            stream.producer.put(stamp, content)
        stream.settle_all()

        assert (tickets_state(stream.connection), closure_state(stream.connection)) == before
        assert settled_contents(stream.connection) == ledger


@SHARED_DATABASE
@given(schedule=actions)
def test_dry_run_says_what_the_run_after_it_does(
    streams: Callable[[], AbstractContextManager[Stream]],
    schedule: list[Put | PutAgain | Ring | Sweep],
) -> None:
    """P7: the dry run's outcomes equal the real ones, and it touches neither table nor file."""
    with streams() as stream:
        for action in schedule:
            stream.act(action)
        context = a_context(stream.connection, stream.producer.bucket())
        before = (tickets_state(stream.connection), settled_contents(stream.connection))
        files = stream.producer.names("changes")

        planned = plan_ingest(context)

        assert (tickets_state(stream.connection), settled_contents(stream.connection)) == before
        assert stream.producer.names("changes") == files
        assert ingest_pending(context).outcomes == planned.outcomes


@dataclass(slots=True)
class Mortals:
    """Workers that do one call each; the first ones die at a given step, and a next one repeats it.

    The last of `deaths` is the first worker's; when they are used up everybody survives.
    """

    stream: Stream
    deaths: list[int]

    def do[Answer](self, call: Callable[[IngestContext], Answer]) -> Answer:
        """Make the call until somebody survives it."""
        while True:
            kill_at = self.deaths.pop() if self.deaths else None
            steps = Steps(kill_at)
            worker = a_worker(self.stream.database_url, self.stream.producer.bucket(), steps)
            try:
                return call(worker)
            except Killed as death:
                event(f"died {str(death).rsplit(' ', 1)[0][:32]}")
            finally:
                worker.connection.close()

    def plan(self, max_files: int) -> PlanSummary:
        """Make a plan in chunks."""
        run = self.do(open_plan)
        is_done = run.done
        while not is_done:
            is_done = self.do(partial(plan_chunk, run=run.run, max_files=max_files)).done
        return self.do(partial(finish_plan, run=run.run))

    def apply(
        self, plan_sha256: str, max_files: int, arrive: Callable[[], object]
    ) -> ReseedSummary:
        """Apply a plan in chunks; before each a former worker comes back, and files arrive."""
        lease = self.do(partial(open_reseed, plan_sha256=plan_sha256, owner="first"))
        is_done = lease.done
        while not is_done:
            arrive()
            zombie, lease = (
                lease,
                self.do(partial(open_reseed, plan_sha256=plan_sha256, owner="next")),
            )
            with pytest.raises(LeaseLostError):
                self.do(partial(apply_chunk, generation=zombie.generation, token=zombie.token))
            chunk = partial(apply_chunk, generation=lease.generation, token=lease.token)
            is_done = self.do(partial(chunk, max_files=max_files)).done
        return self.do(partial(finish_reseed, generation=lease.generation))


@A_QUARTER
@given(
    schedule=actions,
    kills=st.lists(st.integers(1, 90), max_size=6),
    max_files=st.integers(1, 4),
    arrivals=st.lists(st.builds(Put, st.sampled_from(STAMPS), contents), max_size=2),
)
def test_reseed_of_the_archive_reproduces_the_state(
    streams: Callable[[], AbstractContextManager[Stream]],
    schedule: list[Put | PutAgain | Ring | Sweep],
    kills: list[int],
    max_files: int,
    arrivals: list[Put],
) -> None:
    """Whatever dies on the way, it gives the same tickets and closures, and what its plan said.

    What arrives meanwhile is applied once, after it.
    """
    with streams() as stream:
        for action in schedule:
            stream.act(action)
            if isinstance(action, Put | PutAgain):
                stream.work(None, None)
        stream.settle_all()
        before = [row[:2] for row in tickets_state(stream.connection)]
        closures = closure_state(stream.connection)
        workers, waiting = Mortals(stream, kills), list(arrivals)

        planned = workers.plan(max_files)
        untouched = [row[:2] for row in tickets_state(stream.connection)]
        applied = workers.apply(
            planned.plan_sha256,
            max_files,
            arrive=lambda: stream.act(waiting.pop()) if waiting else None,
        )

        assert untouched == before
        assert applied.counts == planned.counts
        assert applied.difference == {}
        assert applied.counts.tickets.changed == applied.counts.closures_new == 0
        assert [row[:2] for row in tickets_state(stream.connection)] == before
        assert closure_state(stream.connection) == closures
        stream.settle_all()
        generation = read_state(stream.connection).generation
        model = stream.model(generation)
        assert tickets_state(stream.connection) == _in_generation(model, generation)
        assert stream.producer.names("changes") == []


listed = st.tuples(
    st.sampled_from(["changes", "processed"]), st.builds(Put, st.sampled_from(STAMPS), contents)
)


@A_QUARTER
@given(
    former=st.lists(st.builds(Put, st.sampled_from(STAMPS), contents), max_size=5),
    moved=st.lists(listed, max_size=8),
    max_files=st.integers(1, 4),
)
def test_plan_of_a_moved_stream_is_exact(
    streams: Callable[[], AbstractContextManager[Stream]],
    former: list[Put],
    moved: list[tuple[str, Put]],
    max_files: int,
) -> None:
    """The apply after it reports the same, and the state is that of B ingested on top of A.

    New and repeated contents, bad files, changed tickets and new closures among them.
    """
    with streams() as stream:
        for put in former:
            stream.act(put)
            stream.settle_all()
        stream.connection.execute("update tickets.import_streams set source = 'file:///former'")
        other = Stream(stream.database_url, stream.connection, Producer(stream.producer.root / "b"))
        for folder, put in moved:
            other.producer.put(put.stamp, file_of(put.content), folder)
        before = {row[0]: row[1] for row in tickets_state(stream.connection)}
        closures = len(closure_state(stream.connection))
        workers = Mortals(other, [])

        planned = workers.plan(max_files)
        applied = workers.apply(planned.plan_sha256, max_files, arrive=lambda: None)

        assert applied.counts == planned.counts
        assert applied.difference == {}
        model = stream.model()
        for stamp, revision, status, digest in settled_contents(stream.connection, 1):
            if status == "applied":
                files = {sha256(file): file for _, file in other.producer.history}
                model.apply(stamp, revision, rows_of(files[digest]))
        after = {row[0]: row[1] for row in tickets_state(stream.connection)}
        assert after == {ticket: raw for ticket, raw, *_ in model.state()}
        assert closure_state(stream.connection) == model_closures(model)
        changed = {ticket for ticket in before if before[ticket] != after[ticket]}
        assert applied.counts.tickets.new == len(after) - len(before)
        assert applied.counts.tickets.changed == len(changed)
        assert applied.counts.closures_new == len(model.closures) - closures


def _in_generation(model: Model, generation: int) -> list[tuple[object, ...]]:
    return [(ticket, raw, generation, *rest) for ticket, raw, _, *rest in model.state()]


def _answer_here(database_url: str, root: Path, doorbells: list[tuple[str, str]]) -> None:
    """Answer the doorbells, key and etag each, and then a sweep's, as a warm function does."""
    kept = KeptListing()
    with psycopg.connect(database_url, autocommit=True) as connection:
        context = a_context(connection, Producer(root).bucket())
        for key, etag in doorbells:
            ingest_pending(context, through=key, etag=etag, kept=kept)
        ingest_pending(context)


@pytest.fixture(scope="module")
def processes() -> Iterator[ProcessPoolExecutor]:
    """Two processes that wait for work."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        yield pool


@SHARED_DATABASE
@given(puts=st.lists(st.builds(Put, st.sampled_from(STAMPS), contents), min_size=1, max_size=8))
def test_two_processes_at_once_end_like_a_plain_replay(
    streams: Callable[[], AbstractContextManager[Stream]],
    processes: ProcessPoolExecutor,
    puts: list[Put],
) -> None:
    """P1-P3: two ingests share the work while files arrive; each content takes effect once."""
    with streams() as stream:
        work, history = [], stream.producer.history
        for number, put in enumerate(puts):
            stream.act(put)
            if number % 3 == 0:
                root = stream.producer.root
                rung = [(PREFIX.change_key(stamp), etag_of(file)) for stamp, file in history]
                job = (_answer_here, stream.database_url, root, rung)
                work += [processes.submit(*job), processes.submit(*job)]
        for done in work:
            done.result()

        stream.settle_all()

        model = stream.model()
        assert tickets_state(stream.connection) == model.state()
        assert closure_state(stream.connection) == model_closures(model)
        assert stream.last_settled() == stream.last_contents()
        assert stream.producer.names("changes") == []
