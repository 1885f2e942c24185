"""Repair by a person: replay a file that was mended or quarantined, skip one for good."""

import hashlib
from dataclasses import replace

from fleettickets.clients.buckets import Bucket, OpenObject
from fleettickets.core.keys import is_held
from fleettickets.core.pending import PendingFile
from fleettickets.errors import ReseedRefusedError, SourceMismatchError, UsageError
from fleettickets.jobs.archiving import archive, archive_place
from fleettickets.jobs.claims import Claim, Settled, already_settled, settle_as, settle_content
from fleettickets.jobs.contents import Processed
from fleettickets.jobs.context import FileOutcome, IngestContext
from fleettickets.jobs.planning import Plan, plan_files
from fleettickets.store import ledger, manifests, staging, streams
from fleettickets.store.connections import translated_errors
from fleettickets.store.ledger import LedgerEntry
from fleettickets.store.streams import StreamState


def find_file(context: IngestContext, key: str) -> PendingFile:
    """Find a change file by its key, file name or stamp, in changes/, quarantine/, processed/.

    Of several contents in the quarantine or the archive the last is taken; a whole key names one.

    Raises:
        UsageError: the text names no change file, or there is none in any of the folders.
    """
    parsed = context.prefix.parse(key)
    stamp = context.prefix.stamp_of(key)
    if stamp is None:
        raise UsageError(
            f"{key} is no change file; give its key, such as "
            f"{context.prefix.change_key('2026-06-15T17-00-00')}, or its stamp"
        )
    wanted = [key] if parsed else []
    for candidate in (*wanted, context.prefix.change_key(stamp), *_copies(context, stamp)):
        found = context.bucket.find_object(candidate)
        if found is not None:
            return PendingFile(found.key, stamp, found.etag, found.size_bytes)
    raise UsageError(
        f"{stamp}.csv is neither in changes/ nor in quarantine/ nor in processed/; "
        "name a file with --csv to replay it from there"
    )


def _copies(context: IngestContext, stamp: str) -> list[str]:
    """Return the archived keys of a stamp, the quarantine's first, the last content first.

    A replay takes files out of the quarantine, so there may be gaps in its numbers.
    """
    parsed = (
        context.prefix.parse(listed.key)
        for listed in context.bucket.list_objects(context.prefix.quarantine)
    )
    quarantined = sorted((key.copy for key in parsed if key and key.stamp == stamp), reverse=True)
    processed = 0
    while context.bucket.find_object(context.prefix.processed_key(stamp, processed + 1)):
        processed += 1
    return [
        *(context.prefix.quarantine_key(stamp, copy) for copy in quarantined),
        *(context.prefix.processed_key(stamp, copy) for copy in range(processed, 0, -1)),
    ]


def replay(context: IngestContext, file: PendingFile, content: Bucket | None = None) -> FileOutcome:
    """Apply a content again or for the first time, as the stamp's next revision.

    It is settled in the current generation if that has the bucket's source, else in the one that
    quarantined the stamp; safe at any time, because a row takes effect only where nothing newer
    asserted its ticket. `content` is where the bytes are read if not in the bucket (`--csv`). An
    applied content ends in `processed/`. A content that is the latest applied one changes nothing.

    Raises:
        UsageError: the stamp is held.
        SourceMismatchError: neither generation is the bucket's.
        ReseedRefusedError: a reseed is running.
    """
    _refuse_held(context, file)
    with translated_errors():
        staging.create_stage(context.connection)
        with context.connection.transaction():
            streams.lock_dataset(context.connection)
            claim = _claim(context, file)
            with (content or context.bucket).open_object(file.key, etag=file.etag) as opened:
                settled = _replay_opened(context, claim, opened)
    _archive_replayed(context, file, settled, content)
    return settled.outcome


def plan_replay(
    context: IngestContext, file: PendingFile, content: Bucket | None = None
) -> FileOutcome:
    """Judge what `replay` would do; nothing is changed."""
    _refuse_held(context, file)
    with translated_errors():
        claim = _claim(context, file)
    known = {} if claim.latest is None else {file.stamp: claim.latest}
    reading = replace(context, bucket=content or context.bucket)
    current = (claim.state.generation, claim.state.watermark)
    plan = Plan(reading, claim.generation, current, known, is_replay=True)
    plan_files(plan, (file,))
    return plan.outcomes[0]


def skip(context: IngestContext, file: PendingFile, reason: str) -> FileOutcome:
    """Settle a file as skipped, for good, with the person's `reason`; it moves to quarantine/.

    What was quarantined is skipped as the stamp's next revision, and no longer waits for a person.
    A file that is settled otherwise stays as it is.
    """
    with translated_errors(), context.connection.transaction():
        streams.lock_dataset(context.connection)
        claim = _claim(context, file)
        settled = _skip_claimed(context, claim, reason)
    archive(context, file, settled.entry, settled.version_id)
    return settled.outcome


def plan_skip(context: IngestContext, file: PendingFile, reason: str) -> FileOutcome:
    """Say what `skip` would do; nothing is changed."""
    with translated_errors():
        claim = _claim(context, file)
    latest = _latest_for_good(claim)
    if latest is not None:
        return already_settled(context, replace(claim, file=file), latest).outcome
    return FileOutcome(
        file.key, file.stamp, "skipped", claim.generation, claim.revision, reason=reason
    )


def _refuse_held(context: IngestContext, file: PendingFile) -> None:
    if is_held(file.stamp, context.now()):
        raise UsageError(
            f"{file.key} is held: its stamp is no real time or lies ahead; rename the file to the "
            "time that it was made, or skip it"
        )


def _claim(context: IngestContext, file: PendingFile) -> Claim:
    state = streams.read_state(context.connection)
    if state.mode == "reseed" and state.leased:
        raise ReseedRefusedError(
            f"{state.lease_owner} is running a reseed (generation {state.generation}); "
            "try again when it has ended"
        )
    generation = _generation(context, state, file)
    latest = ledger.latest_revision(context.connection, generation, file.stamp)
    return Claim(file, state, generation, latest, None, context.now())


def _generation(context: IngestContext, state: StreamState, file: PendingFile) -> int:
    source = context.bucket.source
    if not context.bucket.checks_source or state.source in {None, source}:
        return state.generation
    former = ledger.quarantining_generation(context.connection, file.stamp)
    if former is None:
        raise SourceMismatchError(source, str(state.source))
    return former


def _replay_opened(context: IngestContext, claim: Claim, opened: OpenObject) -> Settled:
    latest = claim.latest
    applied_sha256 = latest.sha256 if latest is not None and latest.status == "applied" else None
    return settle_content(context, claim, opened, settled_sha256=applied_sha256)


def _archive_replayed(
    context: IngestContext, file: PendingFile, settled: Settled, content: Bucket | None
) -> None:
    """Bring an applied content to `processed/`; one that is still bad stays where it is."""
    if settled.entry.status != "applied":
        return
    if content is None:
        archive(context, file, settled.entry, settled.version_id)
        return
    target, is_there = archive_place(context, file, settled.entry)
    if not is_there:
        with content.open_object(file.key, etag=file.etag) as opened:
            context.bucket.put_object(target, opened.chunks(), size_bytes=file.size_bytes)
    with translated_errors():
        ledger.mark_archived(context.connection, settled.entry, target)


def _skip_claimed(context: IngestContext, claim: Claim, reason: str) -> Settled:
    file, latest = claim.file, _latest_for_good(claim)
    position = _manifest_position(context, claim)
    claim = replace(claim, file=replace(file, position=position))
    if latest is not None:
        return already_settled(context, claim, latest)
    digest = hashlib.sha256()
    with context.bucket.open_object(file.key, etag=file.etag) as opened:
        for chunk in opened.chunks():
            digest.update(chunk)
        skipped = Processed(digest.hexdigest(), file.size_bytes, reason=reason)
        return settle_as(
            context,
            claim,
            skipped,
            "skipped",
            found_key=file.key,
            version_id=opened.version_id,
        )


def _latest_for_good(claim: Claim) -> LedgerEntry | None:
    """Return the ledger's row on the very file, unless it was put aside for a person to decide."""
    latest = claim.latest
    if latest is None or latest.etag != claim.file.etag or latest.status == "quarantined":
        return None
    return latest


def _manifest_position(context: IngestContext, claim: Claim) -> int | None:
    for listed in manifests.unsettled_manifest(context.connection, claim.generation):
        if (listed.object_key, listed.etag) == (claim.file.key, claim.file.etag):
            return listed.position
    return None
