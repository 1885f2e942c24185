"""The stages of one file inside the ingest, timed from outside by watching the product's calls."""

import importlib
import time
from collections import defaultdict
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from unittest.mock import patch

from fleettickets.clients.s3 import S3Bucket
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.store.connections import connect
from tests.bench.contenders import MAX_FILE_BYTES
from tests.support.applications import Application

type Times = Mapping[str, Sequence[float]]

# Where each call is looked up, so that it can be watched there.
WATCHED: Mapping[str, str] = {
    "list": "fleettickets.jobs.ingest.take_listing",
    "settle": "fleettickets.jobs.ingest.settle_file",
    "locked": "fleettickets.jobs.settling._settle_locked",
    "open": "fleettickets.jobs.settling.locate",
    "parse": "fleettickets.jobs.contents.stage_rows",
    "merge": "fleettickets.store.staging.write_rows",
    "archive": "fleettickets.jobs.ingest.archive",
}

STAGES: Mapping[str, str] = {
    "list": "list the bucket, subtract the ledger",
    "begin": "temporary table, attempt, BEGIN",
    "lock": "dataset's lock, state, latest revision",
    "open": "open the object",
    "parse": "read, hash, parse, COPY",
    "merge": "merge: tickets, versions, closures",
    "ledger": "ledger row, watermark",
    "commit": "COMMIT",
    "archive": "archive: copy, delete, note it",
    "rest": "the rest of the call",
}


@dataclass(slots=True)
class Stopwatch:
    """When the watched calls of one file began and ended, in seconds of `time.perf_counter`."""

    began: dict[str, float] = field(default_factory=dict[str, float])
    ended: dict[str, float] = field(default_factory=dict[str, float])

    @contextmanager
    def watching(self) -> Generator[None]:
        """Watch the calls in this block."""
        with ExitStack() as stack:
            for name, place in WATCHED.items():
                module, _, function = place.rpartition(".")
                call = getattr(importlib.import_module(module), function)
                stack.enter_context(patch(place, self._watched(name, call)))
            yield

    def _watched(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401
            self.began.setdefault(name, time.perf_counter())
            try:
                return call(*arguments, **named)
            finally:
                self.ended[name] = time.perf_counter()

        return watched

    def stages(self, started: float, ended: float) -> Mapping[str, float]:
        """Return the milliseconds of each stage of a call that lasted from `started` to `ended`."""
        began, end = self.began, self.ended
        seconds = {
            "list": end["list"] - began["list"],
            "begin": began["locked"] - began["settle"],
            "lock": began["open"] - began["locked"],
            "open": end["open"] - began["open"],
            "parse": end["parse"] - began["parse"],
            "merge": end["merge"] - began["merge"],
            "ledger": end["locked"] - end["merge"],
            "commit": end["settle"] - end["locked"],
            "archive": end["archive"] - began["archive"],
        }
        seconds["rest"] = ended - started - sum(seconds.values())
        return {name: value * 1000 for name, value in seconds.items()}


def time_stages(calls: Sequence[Callable[[], object]]) -> Times:
    """Make the calls, each of which settles one file; return the milliseconds of their stages."""
    found: dict[str, list[float]] = defaultdict(list)
    for call in calls:
        watch = Stopwatch()
        with watch.watching():
            started = time.perf_counter()
            call()
            ended = time.perf_counter()
        for name, value in watch.stages(started, ended).items():
            found[name].append(value)
    return found


def split_ingest(application: Application, files: Sequence[tuple[str, bytes]]) -> Times:
    """Settle files ourselves, on the same bucket and database; return the stages' milliseconds."""
    application.pause()
    with closing(connect(application.database.url, application_name="fleettickets bench")) as own:
        context = IngestContext(
            connection=own,
            bucket=S3Bucket(
                application.bucket,
                application.prefix.text,
                endpoint_url=application.localstack.endpoint_url,
                access_key="test",
                secret_key="test",
            ),
            prefix=application.prefix,
            worker="function",
            now=partial(datetime.now, UTC),
            max_file_bytes=MAX_FILE_BYTES,
        )
        stages: dict[str, list[float]] = defaultdict(list)
        for stamp, content in files:
            key = application.put(stamp, content)
            for name, times in time_stages([partial(ingest_pending, context, through=key)]).items():
                stages[name] += times
    return stages
