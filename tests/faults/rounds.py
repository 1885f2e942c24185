"""One round of chaos: a plan happens to the deployed stack, which is then left in peace."""

import random
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
from botocore.exceptions import ClientError

from fleettickets.clients.s3 import S3Bucket
from fleettickets.core.pending import PendingFile
from fleettickets.jobs.repair import replay
from fleettickets.jobs.settling import DEADLY_ATTEMPTS, DIED_REASON
from tests.faults.plans import HELD, Action, Plan
from tests.faults.proxies import STORE_FAULTS, StoreProxy
from tests.faults.servers import SERVER_FAULTS, Server
from tests.support.applications import Application
from tests.support.executions import Execution, Reseeds
from tests.support.ingests import a_context
from tests.support.localstack import kill_function, running_pids
from tests.support.waits import WaitedInVainError, wait_until

PEACE_SECONDS = 240.0  # to settle all that trouble has left
STEP_SECONDS = 20.0
HUNTED = {
    "ingest killed": "Ingest",
    "enrich killed": "Enrich",
    "reseed killed": "ReseedApply",
    "plan killed": "ReseedPlan",
}
PUT_OFF = '{ $.message = "doorbell was put off" }'
STORM = 5
MIDDLE_SECONDS = 6.0  # for a doorbell, from a cold start
RESEED_TRIES = 4
JUMPS = (timedelta(days=-400), timedelta(days=-1), timedelta(hours=-3), timedelta(minutes=4))

DEAD: str = "select stamp from tickets.import_files where status = 'quarantined' and reason = %s"


@dataclass(slots=True)
class Round:
    """A plan on its way; `happened` counts what was done and what came of it."""

    plan: Plan
    application: Application
    server: Server
    proxy: StoreProxy
    happened: Counter[str] = field(default_factory=Counter[str])
    replayed: set[str] = field(default_factory=set[str])
    _reseeding: Future[None] | None = None

    def run(self) -> None:
        """Let the plan happen at its times, then wait until the stack has made up for all of it."""
        started, put_off_before = time.monotonic(), self._put_off()
        # Those of one kind wait for each other, as there is one server; the puts wait for nobody.
        with ExitStack() as stack:
            saboteur, hunter, operator = (stack.enter_context(ThreadPoolExecutor(1)) for _ in "123")
            sabotage = list[Future[None]]()
            for action in self.plan.actions:
                time.sleep(max(0.0, started + action.at - time.monotonic()))
                if action.kind in SERVER_FAULTS:
                    work = partial(self.server.suffer, action.kind, action.seconds)
                    sabotage.append(saboteur.submit(work))
                elif action.kind in HUNTED:
                    sabotage.append(hunter.submit(self._hunt, action))
                elif action.kind == "deadly file":
                    sabotage.append(hunter.submit(self._be_deadly, action))
                elif action.kind == "reseed":
                    self._reseeding = operator.submit(self._reseed)
                else:
                    self._act(action)
                self.happened[action.kind] += 1
            for each in sabotage:
                each.result()
            self.proxy.heal()
            self.server.ensure_running()
            self.come_to_rest()
        self.happened.update({f"requests: {fault}": n for fault, n in self.proxy.met.items()})
        self.happened["doorbells put off"] += self._put_off() - put_off_before

    def _put_off(self) -> int:
        return len(self.application.logged("Ingest", PUT_OFF))

    def _act(self, action: Action) -> None:
        if action.stamp:
            self.application.put(action.stamp, action.content)
            return
        if action.kind in STORE_FAULTS:
            self.proxy.trouble(action.kind, action.seconds, action.seed)
            return
        disturbances: dict[str, Callable[[Action], None]] = {
            "lost doorbells": lambda _: self._lose_doorbells(),
            "doubled doorbell": self._ring_again,
            "schedule storm": lambda _: self._storm(["sweep"] * STORM),
            "clock jump": self._jump,
        }
        disturbances[action.kind](action)

    def _hunt(self, action: Action) -> None:
        """Kill a function again and again for a while.

        Lost doorbells keep it from idling: those that it put off would let it wait for long.
        """
        chosen, deadline = random.Random(action.seed), time.monotonic() + action.seconds
        while time.monotonic() < deadline:
            self._lose_doorbells()
            time.sleep(chosen.uniform(0.3, 1.2))
            self._kill(HUNTED[action.kind])

    def _kill(self, name: str) -> None:
        function = self.application.function(name)
        self.happened["functions killed"] += len(running_pids(function))
        kill_function(function)

    def _be_deadly(self, action: Action) -> None:
        """Let the function die over one file, where its rows are about to be written, too often."""
        key = self.application.put(action.stamp, action.content)
        with suppress(psycopg.OperationalError), self.server.connect() as session:
            for _ in range(DEADLY_ATTEMPTS):
                with session.transaction():
                    session.execute("lock table tickets.inc in exclusive mode")
                    self._purge()
                    self.application.ring(key)
                    with suppress(WaitedInVainError):
                        wait_until(self._middle, "a file", timeout_seconds=MIDDLE_SECONDS)
                        self.happened["functions killed in the middle of a file"] += 1
                    self._kill("Ingest")
                    self._end(self._middle())
            self._purge()
            self.application.ring(key)

    def _middle(self) -> list[int]:
        """Return the server's processes that wait for that lock."""
        with self.server.connect() as session:
            found = session.execute(
                "select pid from pg_stat_activity"
                " where wait_event = 'relation' and usename = any (%s)",
                [list(self.server.roles)],
            )
            return [pid for (pid,) in found.fetchall()]

    def _end(self, pids: list[int]) -> None:
        """End sessions whose client is dead, which the server would notice in a minute."""
        with self.server.connect() as session:
            session.execute(
                "select pg_terminate_backend(pid, 5000) from unnest(%s::integer[]) as pid", [pids]
            )

    def _lose_doorbells(self) -> None:
        """Lose what waits in the queue; then, as is due every ten minutes, sweep."""
        self._purge()
        self._storm(["sweep"])

    def _purge(self) -> None:
        url = self.application.stack.outputs["DoorbellQueueUrl"]
        self.application.localstack.queues.purge_queue(QueueUrl=url)

    def _ring_again(self, action: Action) -> None:
        """Ring for a file that was put before, with its etag or with one of nobody's."""
        before = [each.stamp for each in self.plan.actions if each.stamp and each.at <= action.at]
        stamp = random.Random(action.seed).choice(before or [HELD])
        self.application.ring(self.application.prefix.change_key(stamp))

    def _storm(self, steps: list[str], scheduled_at: datetime | None = None) -> None:
        """Run the scheduled function several times at once, as retries and schedules do."""
        due = (scheduled_at or datetime.now(UTC)).isoformat()
        for step in steps:
            with suppress(ClientError):  # throttled, as AWS does too
                self.application.localstack.functions.invoke(
                    FunctionName=self.application.function("Enrich"),
                    InvocationType="Event",
                    Payload=f'{{"steps": ["{step}", "history"], "scheduled_at": "{due}"}}'.encode(),
                )

    def _jump(self, action: Action) -> None:
        """Let the schedule's clock be off."""
        jump = random.Random(action.seed).choice(JUMPS)
        self._storm(["sweep"], datetime.now(UTC) + jump)

    # --- the reseed in the middle ---

    def _reseed(self) -> None:
        """Plan and apply; a plan that arrivals have voided meanwhile is made anew."""
        reseeds = Reseeds(self.application)
        for _ in range(RESEED_TRIES):
            planned = self._await_end(reseeds, reseeds.start({}))
            if planned.status != "SUCCEEDED":
                self.happened[f"plans that failed: {planned.error}"] += 1
                continue
            applied = self._await_end(
                reseeds, reseeds.start_apply(planned.summary["plan_sha256"], allow_missing=True)
            )
            if applied.status == "SUCCEEDED":
                self.happened["reseeds applied"] += 1
                return
            self.happened[f"reseeds that failed: {applied.error}"] += 1

    def _await_end(self, reseeds: Reseeds, arn: str) -> Execution:
        return reseeds.await_end(arn, timeout_seconds=PEACE_SECONDS)

    # --- peace ---

    def come_to_rest(self) -> None:
        """Do what schedule and operator do, until nothing is left to do.

        Raises:
            WaitedInVainError: something is left for good.
        """
        deadline = time.monotonic() + PEACE_SECONDS
        if self._reseeding is not None:
            self._reseeding.result()
        while not self._is_at_rest():
            if time.monotonic() > deadline:
                left = self.application.names("changes")
                raise WaitedInVainError(f"no rest within {PEACE_SECONDS:.0f} s; left: {left}")
            self._finish_reseed()
            self._replay_dead_files()
            self._lose_doorbells()
            with suppress(WaitedInVainError):
                wait_until(
                    lambda: self.application.doorbells() == 0 and self._pending() <= {HELD},
                    "doorbells and pending files",
                    timeout_seconds=STEP_SECONDS,
                    poll_seconds=0.5,
                )

    def _is_at_rest(self) -> bool:
        if self._pending() - {HELD} or self.application.doorbells() or self._dead_files():
            return False
        mode = self._one("select mode from tickets.import_streams order by generation desc limit 1")
        return mode == "live"

    def _pending(self) -> set[str]:
        return {name.removesuffix(".csv") for name in self.application.names("changes")}

    def _finish_reseed(self) -> None:
        """Go on with a reseed that nobody works on any more."""
        found = self.application.connection.execute(
            "select mode, plan_sha256 from tickets.import_streams order by generation desc limit 1"
        ).fetchone()
        if found and found[0] == "reseed":
            reseeds = Reseeds(self.application)
            self._await_end(reseeds, reseeds.start_apply(str(found[1])))
            self.happened["reseeds resumed"] += 1

    def _dead_files(self) -> list[PendingFile]:
        """Return the files in quarantine that deaths of the function have brought there."""
        rows = self.application.connection.execute(DEAD.encode(), [DIED_REASON]).fetchall()
        stamps = {str(stamp) for (stamp,) in rows}
        bucket = self._bucket()
        found = list[PendingFile]()
        for listed in bucket.list_objects(self.application.prefix.quarantine):
            parsed = self.application.prefix.parse(listed.key)
            content = self.application.content("quarantine", listed.key.rpartition("/")[2])
            if parsed and parsed.stamp in stamps and b"never closed" not in content:
                found.append(PendingFile(listed.key, parsed.stamp, listed.etag, listed.size_bytes))
        return found

    def _replay_dead_files(self) -> None:
        """Replay them, as `fleettickets replay` does."""
        context = a_context(
            self.application.connection, self._bucket(), now=partial(datetime.now, UTC)
        )
        for file in self._dead_files():
            replay(context, file)
            self.replayed.add(file.stamp)
            self.happened["replays of files that deaths quarantined"] += 1

    def _bucket(self) -> S3Bucket:
        return S3Bucket(
            self.application.bucket,
            self.application.prefix.text,
            endpoint_url=self.application.localstack.endpoint_url,
            access_key="test",
            secret_key="test",
        )

    def _one(self, statement: str) -> Any:  # noqa: ANN401 - whatever the column's type is
        row = self.application.connection.execute(statement.encode()).fetchone()
        return row and row[0]


def count_deaths(connection: psycopg.Connection) -> int:
    """Count the attempts whose functions or sessions were gone before they could end them."""
    row = connection.execute(
        "select count(*) from tickets.import_attempts"
        " where ended_at is null or outcome = 'the database was unavailable'"
    )
    return int((row.fetchone() or (0,))[0])
