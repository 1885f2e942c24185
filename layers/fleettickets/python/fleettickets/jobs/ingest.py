"""Ingest: apply the pending change files, oldest first, up to a doorbell's key."""

import logging
from collections import Counter
from dataclasses import dataclass, field

from fleettickets.core.keys import is_held
from fleettickets.core.pending import PendingFile
from fleettickets.errors import ObjectChangedError, ObjectGoneError
from fleettickets.jobs.archiving import archive
from fleettickets.jobs.claims import Settled, log_fields
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary
from fleettickets.jobs.kept_listings import KeptListing
from fleettickets.jobs.listings import Listing, report_listing, take_listing
from fleettickets.jobs.settling import settle_file
from fleettickets.store import ledger
from fleettickets.store.connections import translated_errors

RESERVE_SECONDS = 10.0  # a file is begun only with this much time left, or with its forerunner's
OVERWRITES_TOLERATED = 3  # then the file is left for the next pass

log = logging.getLogger("fleettickets")


@dataclass(slots=True)
class _Pass:
    """The running totals of one pass over the pending files.

    `has_left` says that it passed something over, which the next one has to look at anew.
    """

    context: IngestContext
    through: str | None
    etag: str | None
    has_left: bool = False
    outcomes: list[FileOutcome] = field(default_factory=list[FileOutcome])
    gone: list[str] = field(default_factory=list[str])
    overwritten: Counter[str] = field(default_factory=Counter[str])
    longest_seconds: float = 0.0

    def has_time(self) -> bool:
        """Whether another file may be begun."""
        return self.context.time_left() > max(RESERVE_SECONDS, 1.5 * self.longest_seconds)

    def note(self, outcome: FileOutcome) -> None:
        """Count, log and report what became of a file."""
        self.outcomes.append(outcome)
        self.longest_seconds = max(self.longest_seconds, outcome.duration_ms / 1000)
        is_routine = outcome.outcome in {"applied", "already settled"}
        level = logging.INFO if is_routine else logging.WARNING
        log.log(level, "file was settled", extra=log_fields(outcome))
        self.context.on_outcome(outcome)


def ingest_pending(
    context: IngestContext,
    *,
    through: str | None = None,
    etag: str | None = None,
    kept: KeptListing | None = None,
) -> IngestSummary:
    """Apply what is pending, oldest first, up to the key `through` (None: all of it).

    Each file is one transaction; calling again, at once or after a crash at any point, goes on
    where the ledger says. `etag` is the content that a doorbell announced for `through`: if it is
    neither listed nor settled, it is looked for in `processed/` and applied from there. `kept` is
    what a caller that comes again has from its last pass, and for its next.

    Raises:
        SourceMismatchError: the bucket is not the current generation's source.
        LeaseLostError: another worker took over the reseed whose token the context holds.
        DatabaseUnavailableError, LockTimeoutError, BucketUnavailableError: try again later; what
            was settled before stays settled.
    """
    progress = _Pass(context, through, etag)
    listing = kept.take(context, through, etag) if kept is not None else None
    listing = listing or _list(progress)
    while listing is not None and listing.queue and progress.has_time():
        if _apply_next(progress, listing):
            listing = _list(progress)
    if listing is None:
        return IngestSummary(tuple(progress.outcomes), gone=tuple(progress.gone), waiting=True)
    _finish(progress, listing)
    report_listing(context, listing)
    if kept is not None and not progress.has_left:
        kept.keep(listing)
    return IngestSummary(
        outcomes=tuple(progress.outcomes),
        held=listing.sorting.held,
        foreign=listing.sorting.foreign,
        gone=tuple(progress.gone),
        pending=listing.pending,
        out_of_time=bool(listing.queue),
    )


def _list(progress: _Pass) -> Listing | None:
    listing = take_listing(progress.context, progress.through)
    if listing is not None:
        _append_announced(progress, listing)
    return listing


def _append_announced(progress: _Pass, listing: Listing) -> None:
    """Queue the announced content, as the last, if it is neither listed, settled nor held."""
    context, key, etag = progress.context, progress.through, progress.etag
    parsed = None if key is None else context.prefix.parse(key)
    if key is None or etag is None or parsed is None or parsed.folder != "changes":
        return
    listed = (*listing.sorting.pending, *listing.sorting.settled)
    if is_held(parsed.stamp, context.now()) or any(file.key == key for file in listed):
        return
    generation = listing.state.generation
    with translated_errors():
        known = ledger.find_content(context.connection, generation, parsed.stamp, etag)
    if known is None:
        listing.queue.append(PendingFile(key, parsed.stamp, etag, 0))


def _apply_next(progress: _Pass, listing: Listing) -> bool:
    """Settle and archive the oldest pending file; return whether the listing must be renewed."""
    context, file = progress.context, listing.queue[0]
    if listing.is_old(context.now()):
        return True
    try:
        settled = settle_file(context, file, listing.expected)
    except ObjectChangedError:
        progress.overwritten[file.key] += 1
        if progress.overwritten[file.key] <= OVERWRITES_TOLERATED:
            return True
        log.warning("file changes all the time, left for the next pass", extra={"key": file.key})
        progress.has_left = True
        listing.queue.popleft()
        return False
    except ObjectGoneError:
        _note_gone(progress, listing, file)
        listing.queue.popleft()
        return False
    if settled is None:
        return True
    _note_settled(progress, listing, file, settled)
    # After a manifest come the contents of changes/ whose stamps were left to it.
    return not listing.queue and file.position is not None and file.key != progress.through


def _note_settled(progress: _Pass, listing: Listing, file: PendingFile, settled: Settled) -> None:
    listing.queue.popleft()
    listing.settlements += settled.is_new
    progress.note(settled.outcome)
    is_elsewhere = settled.is_new and settled.entry.object_key != file.key
    if not settled.entry.is_gone and not is_elsewhere:
        is_archived = archive(progress.context, file, settled.entry, settled.version_id)
        progress.has_left |= not is_archived


def _note_gone(progress: _Pass, listing: Listing, file: PendingFile) -> None:
    """A listed or announced file has vanished: count it, unless a later content is settled."""
    generation = listing.state.generation
    with translated_errors():
        later = ledger.latest_revision(progress.context.connection, generation, file.stamp)
    if later is None:
        progress.gone.append(file.key)
    progress.note(FileOutcome(file.key, file.stamp, "gone", generation, None))


def _finish(progress: _Pass, listing: Listing) -> None:
    """Do, once a listing, what is left when its queue is done: archive steps, lines of the log."""
    if listing.is_finished:
        return
    if not listing.queue:
        for file in listing.sorting.settled:  # listed although they are settled
            is_archived = archive(progress.context, file, listing.settled[file.stamp])
            progress.has_left |= not is_archived
    _log_left_alone(listing)
    listing.is_finished = True


def _log_left_alone(listing: Listing) -> None:
    """Log the keys that are held and the number of foreign ones."""
    for key in listing.sorting.held:
        log.warning("key was held", extra={"key": key, "outcome": "held"})
    if listing.sorting.foreign:
        log.info(
            "foreign keys were left alone",
            extra={"count": len(listing.sorting.foreign), "key": listing.sorting.foreign[0]},
        )
