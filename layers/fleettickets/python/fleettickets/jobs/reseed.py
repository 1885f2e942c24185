"""Reseed: a new generation from the full listing, oldest first, whatever the watermark says."""

from dataclasses import replace

from fleettickets.core.keys import ParsedKey, is_held
from fleettickets.core.pending import PendingFile
from fleettickets.errors import ReseedRefusedError
from fleettickets.jobs.context import IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.planning import Plan, plan_files, plan_ingest
from fleettickets.store import ledger, streams
from fleettickets.store.connections import translated_errors
from fleettickets.store.ledger import LedgerEntry
from fleettickets.store.streams import ManifestFile, StreamState

FOLDER_RANK = {"processed": 0, "changes": 1}


def full_listing(context: IngestContext) -> tuple[list[ManifestFile], list[str], list[str]]:
    """List `processed/` and `changes/` together, in stamp order; return held and foreign keys too.

    The contents of one stamp are the archived ones in order of their number, then the one in
    `changes/`.
    """
    now, found = context.now(), list[tuple[tuple[str, int, int], ManifestFile]]()
    held, foreign = list[str](), list[str]()
    for folder in (context.prefix.processed, context.prefix.changes):
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
    manifest = [replace(file, position=place) for place, (_, file) in enumerate(found, start=1)]
    return manifest, held, foreign


def _rank(parsed: ParsedKey) -> tuple[str, int, int]:
    return parsed.stamp, FOLDER_RANK[parsed.folder], parsed.copy


def plan_reseed(context: IngestContext) -> IngestSummary:
    """Judge the full listing as a new generation would apply it; nothing is changed.

    An unfinished reseed of the same source is judged where it stands, since it would be resumed.

    Raises:
        ReseedRefusedError: a reseed of another source is unfinished.
    """
    with translated_errors():
        state = streams.read_state(context.connection)
    if state.mode == "reseed":
        _refuse_foreign(context, state)
        return plan_ingest(context.with_token(state.fencing_token))
    manifest, held, foreign = full_listing(context)
    generation = state.generation + 1
    carried = _carried_skips(context, state, manifest)
    skipped = {(stamp, entry.etag): entry for stamp, entry in carried.items()}
    plan = Plan(context, generation, (generation, ""), carried, skipped)
    plan_files(plan, tuple(_pending(file) for file in manifest))
    return IngestSummary(tuple(plan.outcomes), held=tuple(held), foreign=tuple(foreign))


def _carried_skips(
    context: IngestContext, former: StreamState, manifest: list[ManifestFile]
) -> dict[str, LedgerEntry]:
    """Return what stays skipped in the next generation, as `streams.open_generation` carries it."""
    if former.source != context.bucket.source:
        return {}
    stamps = [file.stamp for file in manifest]
    with translated_errors():
        latest = ledger.latest_revisions(context.connection, former.generation, stamps)
    return {
        stamp: replace(entry, generation=former.generation + 1, revision=1)
        for stamp, entry in latest.items()
        if entry.status == "skipped" and not entry.is_gone
    }


def apply_reseed(context: IngestContext, *, owner: str) -> IngestSummary:
    """Open a generation with the full listing as its manifest, or resume it; apply it in order.

    `owner` names the worker in messages of others. The live path waits meanwhile. Interrupted at
    any point, calling again goes on from the ledger.

    Raises:
        ReseedRefusedError: a reseed of another source is unfinished.
        LeaseLostError: another worker resumed it; nothing was written after that.
    """
    with translated_errors(), context.connection.transaction():
        streams.lock_dataset(context.connection)
        state = streams.read_state(context.connection)
        if state.mode == "reseed":
            _refuse_foreign(context, state)
            token = streams.take_lease(context.connection, state.generation, owner)
        else:
            manifest, _, _ = full_listing(context)
            token = streams.open_generation(
                context.connection,
                state,
                source=context.bucket.source,
                owner=owner,
                manifest=manifest,
            )
    return ingest_pending(context.with_token(token))


def _refuse_foreign(context: IngestContext, state: StreamState) -> None:
    if state.source != context.bucket.source:
        raise ReseedRefusedError(
            f"the reseed of {state.source} (generation {state.generation}, by "
            f"{state.lease_owner or 'nobody any more'}) is unfinished; finish that one first"
        )


def _pending(file: ManifestFile) -> PendingFile:
    return PendingFile(file.object_key, file.stamp, file.etag, file.size_bytes, file.position)
