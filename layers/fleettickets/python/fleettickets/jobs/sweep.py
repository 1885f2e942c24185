"""The sweep: find what notifications lost, ring for it once, and finish what was left half done."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from fleettickets.clients.queues import DoorbellQueue
from fleettickets.core.doorbells import write_doorbell
from fleettickets.core.pending import PendingFile
from fleettickets.errors import SourceMismatchError
from fleettickets.jobs.archiving import archive
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.listings import Listing, report_listing, take_listing

GROUP = "inc"
RESERVE_SECONDS = 10.0  # an archive step is begun only with this much time left

type SweepOutcome = Literal[
    "nothing pending", "rang", "queue not empty", "reseed under way", "reseed needed"
]

log = logging.getLogger("fleettickets")


@dataclass(frozen=True, slots=True)
class SweepSummary:
    """What one sweep found and did.

    `lost` are the keys that nobody rang for, or not yet: pending for longer than notifications
    take, with an empty queue. `lag_seconds` is how long the oldest pending file has waited, `since`
    when it could have been applied (None: none waits). While a reseed holds the stream or is needed
    nothing is counted; `reason` says more about the latter.
    `archived` counts the archive steps that were finished.
    """

    outcome: SweepOutcome
    rung_key: str | None = None
    pending: int = 0
    lost: tuple[str, ...] = ()
    held: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    archived: int = 0
    lag_seconds: float = 0.0
    since: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A pending file of the producer's, and since when it could have been applied."""

    key: str
    since: datetime


def sweep(
    context: IngestContext, queue: DoorbellQueue, *, bucket_name: str, lost_after: timedelta
) -> SweepSummary:
    """Finish archive steps, report what is pending, and ring for the last of it if nobody else did.

    One ring is enough, since a doorbell applies all that comes before its key. It is left out while
    the queue holds a message, and while a reseed holds the stream. To be repeated at will.

    Raises:
        DatabaseUnavailableError, BucketUnavailableError, RetryableError: try again later.
    """
    # Asked first: a file that the listing shows after this cannot have been settled in between.
    is_quiet = queue.is_empty()
    try:
        listing = take_listing(context, None)
    except SourceMismatchError as error:
        return SweepSummary("reseed needed", reason=str(error))
    if listing is None:
        return SweepSummary("reseed under way")
    archived = _finish_archives(context, listing)
    report_listing(context, listing)
    waiting, now = _waiting_files(listing), context.now()
    lost = [file.key for file in waiting if is_quiet and now - file.since > lost_after]
    since = min((file.since for file in waiting), default=None)
    rung = _ring(queue, bucket_name, listing.sorting.pending) if is_quiet else None
    return SweepSummary(
        outcome=_outcome(listing, rung),
        rung_key=rung,
        pending=listing.pending,
        lost=tuple(lost),
        held=listing.sorting.held,
        foreign=listing.sorting.foreign,
        archived=archived,
        lag_seconds=0.0 if since is None else (now - since).total_seconds(),
        since=since,
    )


def _finish_archives(context: IngestContext, listing: Listing) -> int:
    """Finish the archive step of files that are listed although they are settled."""
    finished = 0
    for file in listing.sorting.settled:
        if context.time_left() <= RESERVE_SECONDS:
            log.warning("archive steps were left to the next sweep", extra={"key": file.key})
            break
        finished += archive(context, file, listing.settled[file.stamp])
    return finished


def _waiting_files(listing: Listing) -> list[_Waiting]:
    """Return the files whose notification should have come, and since when.

    A manifest has no notifications. Those that came during a reseed were acknowledged without work,
    so their files have waited since its end.
    """
    if listing.state.mode == "reseed":
        return []
    ended = listing.state.closed_at
    return [
        _Waiting(file.key, file.modified_at if ended is None else max(file.modified_at, ended))
        for file in listing.sorting.pending
        if file.modified_at is not None
    ]


def _ring(queue: DoorbellQueue, bucket_name: str, pending: Sequence[PendingFile]) -> str | None:
    """Ring for the last file of the pending order; return its key, None if there is none."""
    if not pending:
        return None
    last = pending[-1]
    queue.ring(write_doorbell(bucket_name, last.key, last.etag), GROUP)
    return last.key


def _outcome(listing: Listing, rung: str | None) -> SweepOutcome:
    if rung is not None:
        return "rang"
    return "queue not empty" if listing.pending else "nothing pending"
