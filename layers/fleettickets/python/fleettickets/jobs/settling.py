"""Settling: one change file, in one transaction with its ledger row, under the dataset's lock."""

from dataclasses import dataclass

import psycopg

from fleettickets.clients.buckets import OpenObject
from fleettickets.core.pending import PendingFile
from fleettickets.errors import (
    FleetticketsError,
    LeaseLostError,
    ObjectChangedError,
    ObjectGoneError,
)
from fleettickets.jobs.claims import Claim, Settled, already_settled, settle_as, settle_content
from fleettickets.jobs.contents import Processed
from fleettickets.jobs.context import IngestContext
from fleettickets.store import attempts, ledger, staging, streams
from fleettickets.store.attempts import Attempt
from fleettickets.store.connections import translated_errors
from fleettickets.store.ledger import LedgerEntry
from fleettickets.store.streams import StreamState

DEADLY_ATTEMPTS = 3
DIED_REASON = (
    "three attempts in a row died on this content; see the function's log for memory and time, "
    "then run `fleettickets replay`"
)
GONE_REASON = "gone"


@dataclass(frozen=True, slots=True)
class Expected:
    """What the listing was made against: if it is no longer so, the listing is out of date."""

    generation: int
    settlements: int


def settle_file(context: IngestContext, file: PendingFile, expected: Expected) -> Settled | None:
    """Settle `file`, or return None if the listing that it comes from is out of date.

    Raises:
        ObjectGoneError: it is neither in its place nor in `processed/`.
        ObjectChangedError: it was overwritten since it was listed.
        LeaseLostError: another worker took the reseed over.
        DatabaseUnavailableError, LockTimeoutError, BucketUnavailableError: nothing was settled.
    """
    with translated_errors():
        staging.create_stage(context.connection)
        attempt = attempts.begin_attempt(
            context.connection,
            generation=expected.generation,
            stamp=file.stamp,
            etag=file.etag,
            worker=context.worker,
        )
    try:
        with translated_errors(), context.connection.transaction():
            settled = _settle_locked(context, file, expected, attempt)
    except (FleetticketsError, psycopg.Error) as error:
        # A right that was revoked, say, is no death either: it must not quarantine good files.
        _end_attempt(context, attempt, type(error).__name__)
        raise
    if settled is None or not settled.is_new:
        _end_attempt(context, attempt, "nothing to settle")
    return settled


def _end_attempt(context: IngestContext, attempt: Attempt, outcome: str) -> None:
    """Note that the attempt did not die; without a database that waits for its recovery."""
    if not context.connection.closed:
        with translated_errors():
            attempts.end_attempt(context.connection, attempt.attempt_id, outcome)


def _settle_locked(
    context: IngestContext, file: PendingFile, expected: Expected, attempt: Attempt
) -> Settled | None:
    started = context.now()
    streams.lock_dataset(context.connection)
    state = streams.read_state(context.connection)
    if not _may_settle(context, state, expected):
        return None
    latest = ledger.latest_revision(context.connection, state.generation, file.stamp)
    claim = Claim(file, state, state.generation, latest, attempt.attempt_id, started)
    settled = _settled_revision(context, claim)
    if settled is not None:
        return already_settled(context, claim, settled)
    if context.worker == "function" and attempt.deaths >= DEADLY_ATTEMPTS:
        bad = Processed(sha256=None, size_bytes=file.size_bytes, reason=DIED_REASON)
        return settle_as(context, claim, bad, "quarantined", found_key=file.key)
    try:
        opened = locate(context, file)
    except ObjectGoneError:
        if file.position is None:
            raise
        gone = Processed(sha256=None, size_bytes=file.size_bytes, reason=GONE_REASON)
        return settle_as(context, claim, gone, "skipped", found_key=file.key)
    with opened:
        return settle_content(context, claim, opened, settled_sha256=latest and latest.sha256)


def _settled_revision(context: IngestContext, claim: Claim) -> LedgerEntry | None:
    """Return the revision that this content is already: the latest, or one a person skipped."""
    file, latest = claim.file, claim.latest
    if latest is None or latest.etag == file.etag:
        return latest
    former = ledger.find_content(context.connection, claim.generation, file.stamp, file.etag)
    return former if former is not None and former.status == "skipped" else None


def _may_settle(context: IngestContext, state: StreamState, expected: Expected) -> bool:
    check_token(context, state)
    if (state.generation, state.settlements) != (expected.generation, expected.settlements):
        return False
    return context.token is not None or not (state.mode == "reseed" and state.leased)


def check_token(context: IngestContext, state: StreamState) -> None:
    """Let a reseed's worker go on only while its lease is the present one.

    Raises:
        LeaseLostError: another worker took it over, or it ended and the live path did.
    """
    if context.token is not None and state.fencing_token != context.token:
        raise LeaseLostError(
            f"the reseed of generation {state.generation} was taken over by "
            f"{state.lease_owner or 'the live path'}; this worker stops"
        )


def locate(context: IngestContext, file: PendingFile) -> OpenObject:
    """Open the file where it was listed, or else where an archive step put it.

    Raises:
        ObjectGoneError: it is in neither place; a manifest's file also if it was overwritten.
        ObjectChangedError: it was overwritten since it was listed.
    """
    try:
        return context.bucket.open_object(file.key, etag=file.etag)
    except (ObjectGoneError, ObjectChangedError) as error:
        archived = _find_processed(context, file)
        if archived is not None:
            return context.bucket.open_object(archived, etag=file.etag)
        if file.position is not None:
            raise ObjectGoneError(file.key) from error
        raise


def _find_processed(context: IngestContext, file: PendingFile) -> str | None:
    copy = 1
    while found := context.bucket.find_object(context.prefix.processed_key(file.stamp, copy)):
        if found.etag == file.etag:
            return found.key
        copy += 1
    return None
