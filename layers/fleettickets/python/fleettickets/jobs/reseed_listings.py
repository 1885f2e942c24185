"""Reseed listings: all that a reseed would apply, in order, and what it would do without."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fleettickets.core.feed import CLEANING_VERSION
from fleettickets.core.keys import ParsedKey, is_held
from fleettickets.core.manifests import Identity
from fleettickets.errors import ReseedRefusedError
from fleettickets.jobs.context import IngestContext
from fleettickets.store import ledger
from fleettickets.store.ledger import AppliedContent, LedgerEntry
from fleettickets.store.manifests import ManifestFile
from fleettickets.store.streams import StreamState

FOLDER_RANK = {"processed": 0, "changes": 1}


@dataclass(frozen=True, slots=True)
class FullListing:
    """`processed/` and `changes/` together; `held` and `foreign` keys are left alone."""

    files: tuple[ManifestFile, ...]
    held: tuple[str, ...]
    foreign: tuple[str, ...]


def full_listing(context: IngestContext) -> FullListing:
    """List both folders in stamp order.

    The contents of one stamp are the archived ones in order of their number, then the one in
    `changes/`. That folder is listed first: a file that is archived meanwhile shows in both, where
    it counts once, and not in neither.
    """
    now, found = context.now(), list[tuple[tuple[str, int, int], ManifestFile]]()
    held, foreign = list[str](), list[str]()
    for folder in (context.prefix.changes, context.prefix.processed):
        for listed in context.bucket.list_objects(folder):
            parsed = context.prefix.parse(listed.key)
            if parsed is None:
                foreign.append(listed.key)
            elif is_held(parsed.stamp, now):
                held.append(listed.key)
            else:
                file = ManifestFile(0, parsed.stamp, listed.key, listed.etag, listed.size_bytes)
                found.append((_rank(parsed), file))
    found.sort(key=lambda item: item[0])
    files = (replace(file, position=place) for place, (_, file) in enumerate(found, start=1))
    return FullListing(tuple(files), tuple(held), tuple(foreign))


def _rank(parsed: ParsedKey) -> tuple[str, int, int]:
    return parsed.stamp, FOLDER_RANK[parsed.folder], parsed.copy


def next_identity(context: IngestContext, state: StreamState) -> Identity:
    """Return what a reseed from the context's bucket would be, after the generation of `state`."""
    return Identity(state.generation + 1, context.bucket.source, CLEANING_VERSION)


def refuse_unfinished(state: StreamState) -> None:
    """Let a reseed begin only when no other one is under way.

    Raises:
        ReseedRefusedError: one is; the text names it and how to go on with it.
    """
    if state.mode == "reseed":
        raise ReseedRefusedError(
            f"the reseed of {state.source} (generation {state.generation}, by {state.holder}) is "
            f"unfinished; finish that one first: its plan is {state.plan_sha256}"
        )


def carried_skips(
    context: IngestContext, former: StreamState, stamps: Sequence[str]
) -> dict[str, LedgerEntry]:
    """Return what stays skipped in the next generation, as `reseeds.open_generation` carries it."""
    if former.source != context.bucket.source:
        return {}
    latest = ledger.latest_revisions(context.connection, former.generation, stamps)
    return {
        stamp: replace(entry, generation=former.generation + 1, revision=1)
        for stamp, entry in latest.items()
        if entry.status == "skipped" and not entry.is_gone
    }


def missing_contents(
    context: IngestContext, state: StreamState, files: Sequence[ManifestFile]
) -> list[AppliedContent]:
    """Return what was applied in the present generation and is not among the listed `files`.

    Nothing if that generation was read from another source. A content is there under its etag, or
    in the place that it was archived to with the size that it had: a copy may get another etag.
    """
    if state.source not in {None, context.bucket.source}:
        return []
    contents = {(file.stamp, file.etag) for file in files}
    places = {(file.object_key, file.size_bytes) for file in files}
    return [
        content
        for content in ledger.applied_contents(context.connection, state.generation)
        if (content.stamp, content.etag) not in contents
        and (content.archive_key, content.size_bytes) not in places
    ]
