"""Kept listings: a warm function serves the next doorbells from the listing that it has.

Otherwise each doorbell of a backlog would list what is left of it anew: n files would cost n² keys.
"""

from dataclasses import dataclass

from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.listings import Listing, check_source
from fleettickets.store import ledger, streams
from fleettickets.store.connections import translated_errors


@dataclass(slots=True)
class KeptListing:
    """Holds the listing of the last pass between two doorbells; none at first.

    Whoever takes it out must keep it again: what an error ends in between is not relied on.
    """

    _listing: Listing | None = None

    def keep(self, listing: Listing) -> None:
        """Keep the listing if it may serve another doorbell.

        Not what was left of a queue, nor one that was made during a reseed: it leaves out what
        comes after the manifest, or all but that.
        """
        is_live = listing.state.mode == "live" and not listing.is_manifest
        if is_live and not listing.queue:
            self._listing = listing

    def take(self, context: IngestContext, key: str | None, etag: str | None) -> Listing | None:
        """Take the listing out, its queue up to the doorbell's key; None if a new one is needed.

        It serves a doorbell whose content it shows as pending, or whose content was settled and
        has left `changes/`. One for an object that appeared, or was overwritten, after the listing
        needs a new one, as do a sweep and a doorbell that does not say what it rings for.

        Raises:
            SourceMismatchError: the bucket is not the current generation's source any more.
        """
        listing, self._listing = self._listing, None
        if listing is None or key is None or etag is None:
            return None
        if not _is_valid(context, listing) or not _shows(context, listing, key, etag):
            return None
        listing.reach(key)
        return listing


def _is_valid(context: IngestContext, listing: Listing) -> bool:
    """Whether the listing is young, and nobody else has settled anything or opened a reseed.

    A reseed has a generation of its own, so the mode is still "live" if the generation is the same.
    """
    if listing.is_old(context.now()) or listing.source != context.bucket.source:
        return False
    with translated_errors():
        state = streams.read_state(context.connection)
        check_source(context, state)
    return listing.is_made_against(state)


def _shows(context: IngestContext, listing: Listing, key: str, etag: str) -> bool:
    """Whether a new listing would say the same of the doorbell's content."""
    for file in listing.beyond:
        if file.key == key:
            return file.etag == etag
    parsed = context.prefix.parse(key)
    if parsed is None or parsed.folder != "changes":
        return False
    with translated_errors():
        known = ledger.find_content(
            context.connection, listing.state.generation, parsed.stamp, etag
        )
    return known is not None and context.bucket.find_object(key) is None
