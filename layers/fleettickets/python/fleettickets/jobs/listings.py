"""Listings: what is pending now, in order, and how long that may be relied on."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from fleettickets.core.pending import PendingFile, Sorting, count_through, sort_listing
from fleettickets.errors import SourceMismatchError
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.settling import Expected, check_token
from fleettickets.store import ledger, manifests, reseeds, streams
from fleettickets.store.connections import translated_errors
from fleettickets.store.ledger import LedgerEntry
from fleettickets.store.manifests import ManifestFile
from fleettickets.store.streams import StreamState

LISTING_LIFETIME = timedelta(seconds=30)
MANIFEST_PAGE = 1_000  # files of a manifest that are taken up at once


@dataclass(slots=True)
class Listing:
    """A sorted listing and the state that it was made against.

    It serves until another session has settled something, or until it is 30 seconds old, counted
    from its end: one that took longer than that to make would never serve a file. `queue`
    is what is left up to the doorbell's key, `beyond` the pending files after that, in order;
    `settled` has the latest revision of each listed stamp that has one. The worker of a reseed has
    `is_manifest`: nothing but the next files of its manifest, for which the bucket is not listed;
    `further` are those that were not taken up yet. `is_finished` says that the archive steps that
    it shows were made up for, and the keys that it leaves alone logged.
    """

    state: StreamState
    source: str
    sorting: Sorting
    taken_at: datetime
    settlements: int
    settled: dict[str, LedgerEntry]
    queue: deque[PendingFile] = field(default_factory=deque[PendingFile])
    beyond: deque[PendingFile] = field(default_factory=deque[PendingFile])
    further: int = 0
    is_manifest: bool = False
    is_finished: bool = False

    @property
    def pending(self) -> int:
        """How many files are left, those after the doorbell's key included."""
        return len(self.queue) + len(self.beyond) + self.further

    @property
    def expected(self) -> Expected:
        """The state that must still hold under the lock."""
        return Expected(self.state.generation, self.settlements)

    def is_made_against(self, state: StreamState) -> bool:
        """Whether this is still the state of the stream, but for what was settled from here."""
        return self.expected == Expected(state.generation, state.settlements)

    def is_old(self, now: datetime) -> bool:
        """Whether the listing has to be renewed before another file is applied.

        One from the future is: the clock was set back, and may have been by more than its lifetime.
        """
        return abs(now - self.taken_at) > LISTING_LIFETIME

    def reach(self, key: str | None) -> None:
        """Queue the files up to the doorbell's key; all of them for None."""
        number = len(self.beyond) if key is None else count_through(self.beyond, key)
        self.queue.extend(self.beyond.popleft() for _ in range(number))


def take_listing(
    context: IngestContext, through: str | None, *, record: bool = True
) -> Listing | None:
    """List the bucket, subtract the ledger; None if a reseed of somebody else holds the stream.

    The state is read before the bucket is listed, so that a settlement in between shows. The live
    path ends the lease of a reseed that died, so that its late writes fail on the fencing token.
    The worker of a reseed takes up the manifest alone: what arrives meanwhile comes after it.
    A dry run does not `record` anything, and shows all that is left of a reseed.

    Raises:
        SourceMismatchError: the bucket is not the current generation's source; that is recorded.
        LeaseLostError: another worker took over the reseed whose token the context holds.
    """
    now = context.now()
    with translated_errors():
        state = streams.read_state(context.connection)
        check_source(context, state, record=record)
    if record and context.token is not None:
        return _take_manifest(context, state)
    if _is_taken(context, state):
        return None
    if record and state.lease_owner is not None:
        with translated_errors(), context.connection.transaction():
            # A worker that is in the middle of a file extends its lease with it.
            streams.lock_dataset(context.connection)
            reseeds.end_lease(context.connection, state.generation)
    listed = list(context.bucket.list_objects(context.prefix.changes))
    stamps = [parsed.stamp for item in listed if (parsed := context.prefix.parse(item.key))]
    with translated_errors():
        settled = ledger.latest_revisions(context.connection, state.generation, stamps)
        manifest = (
            manifests.unsettled_manifest(context.connection, state.generation)
            if state.mode == "reseed" and context.archive
            else []
        )
    sorting = sort_listing(
        listed,
        prefix=context.prefix,
        now=now,
        settled_etags={stamp: entry.etag for stamp, entry in settled.items()},
        manifest=[pending_file(file) for file in manifest],
    )
    listing = Listing(
        state=state,
        source=context.bucket.source,
        sorting=sorting,
        taken_at=context.now(),
        settlements=state.settlements,
        settled=settled,
        beyond=deque(sorting.pending),
    )
    listing.reach(through)
    return listing


def _take_manifest(context: IngestContext, state: StreamState) -> Listing:
    """Take up the next files of the manifest, none if they are all settled."""
    check_token(context, state)
    with translated_errors():
        page = manifests.unsettled_manifest(context.connection, state.generation, MANIFEST_PAGE)
        left = manifests.count_manifest(context.connection, state.generation).left
    pending = tuple(pending_file(file) for file in page)
    return Listing(
        state=state,
        source=context.bucket.source,
        sorting=Sorting(pending, settled=(), held=(), foreign=()),
        taken_at=context.now(),
        settlements=state.settlements,
        settled={},
        queue=deque(pending),
        further=left - len(pending),
        is_manifest=True,
    )


def _is_taken(context: IngestContext, state: StreamState) -> bool:
    """Whether a reseed by somebody else, or of another source's manifest, holds the stream."""
    if state.mode == "live" or context.token is not None:
        return False
    return state.leased or (context.archive and state.source != context.bucket.source)


def pending_file(file: ManifestFile) -> PendingFile:
    """Return the manifest's file as one that is to be settled in its place."""
    return PendingFile(file.object_key, file.stamp, file.etag, file.size_bytes, file.position)


def check_source(context: IngestContext, state: StreamState, *, record: bool = True) -> None:
    """Compare the bucket with the generation's source; the first ingest from a bucket sets it.

    Raises:
        SourceMismatchError: they differ; `freshness` says "reseed needed" from then on.
    """
    source = context.bucket.source
    if not context.bucket.checks_source:
        return
    current = state.source
    if record and current is None:
        current = streams.adopt_source(context.connection, state.generation, source)
    refused = source if current not in {None, source} else None
    if record and state.refused_source != refused:
        streams.refuse_source(context.connection, state.generation, refused)
    if refused is not None:
        raise SourceMismatchError(refused, str(current))


def report_listing(context: IngestContext, listing: Listing) -> None:
    """Store for `freshness` what is left of the listing; files named by hand say nothing of it."""
    if not context.archive:
        return
    with translated_errors():
        streams.report_listing(
            context.connection,
            listing.state.generation,
            pending=listing.pending,
            held=None if listing.is_manifest else len(listing.sorting.held),
            foreign=None if listing.is_manifest else len(listing.sorting.foreign),
        )
