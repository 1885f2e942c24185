"""A claim: one file under the dataset's lock, with all that decides how it is settled."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from fleettickets.clients.buckets import OpenObject
from fleettickets.core.pending import PendingFile
from fleettickets.jobs.contents import Processed, process_content, reasons_of
from fleettickets.jobs.context import FileOutcome, IngestContext
from fleettickets.store import ledger, manifests, reseeds, staging
from fleettickets.store.ledger import LedgerEntry, Settlement, Status
from fleettickets.store.streams import StreamState


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that may be settled now, because the dataset's lock is held.

    `generation` is the one that the file is settled in: the current one but for the replay of a
    file that an older generation quarantined. `latest` is the stamp's latest revision there.
    """

    file: PendingFile
    state: StreamState
    generation: int
    latest: LedgerEntry | None
    attempt_id: int | None
    started: datetime

    @property
    def revision(self) -> int:
        """The revision that a new content of the stamp gets."""
        return 1 if self.latest is None else self.latest.revision + 1

    @property
    def is_late(self) -> bool:
        """Whether (generation, stamp) lies below the current generation and its watermark."""
        return (self.generation, self.file.stamp) < (self.state.generation, self.state.watermark)

    @property
    def moves_watermark(self) -> bool:
        """Whether the watermark becomes this stamp when the file is applied."""
        return self.generation == self.state.generation and self.file.stamp > self.state.watermark


@dataclass(frozen=True, slots=True)
class Settled:
    """A file that is settled by now, what its archive step needs, and whether we settled it."""

    outcome: FileOutcome
    entry: LedgerEntry
    version_id: str | None
    is_new: bool


def settle_content(
    context: IngestContext, claim: Claim, opened: OpenObject, *, settled_sha256: str | None
) -> Settled:
    """Apply or quarantine the open content, unless its sha256 is the settled one."""
    processed = process_content(
        context.connection,
        opened,
        max_file_bytes=context.max_file_bytes,
        settled_sha256=settled_sha256,
        write=lambda: staging.write_rows(
            context.connection,
            generation=claim.generation,
            stamp=claim.file.stamp,
            revision=claim.revision,
        ),
    )
    latest = claim.latest
    if latest is not None and (processed.known or is_still_bad(processed, latest)):
        return already_settled(context, claim, latest, opened.version_id)
    status: Status = "quarantined" if processed.counts is None else "applied"
    return settle_as(
        context, claim, processed, status, found_key=opened.key, version_id=opened.version_id
    )


def is_still_bad(processed: Processed, latest: LedgerEntry) -> bool:
    """Whether a replay met the bytes that were refused already, and they are refused again."""
    is_same = processed.sha256 is not None and processed.sha256 == latest.sha256
    return processed.counts is None and is_same


def already_settled(
    context: IngestContext, claim: Claim, latest: LedgerEntry, version_id: str | None = None
) -> Settled:
    """Note, for a manifest's file, that its content is the one that is settled already."""
    _settle_in_reseed(context, claim, latest.revision)
    outcome = FileOutcome(
        key=claim.file.key,
        stamp=claim.file.stamp,
        outcome="already settled",
        generation=latest.generation,
        revision=latest.revision,
        reason=latest.reason,
    )
    return Settled(outcome, latest, version_id, is_new=False)


def settle_as(
    context: IngestContext,
    claim: Claim,
    processed: Processed,
    status: Status,
    *,
    found_key: str,
    version_id: str | None = None,
) -> Settled:
    """Write the ledger row with everything that belongs to it in the same transaction."""
    file, applied = claim.file, status == "applied"
    is_gone = status == "skipped" and processed.sha256 is None
    settlement = Settlement(
        generation=claim.generation,
        stamp=file.stamp,
        revision=claim.revision,
        object_key=found_key,
        etag="" if is_gone else file.etag,
        version_id=version_id,
        sha256=processed.sha256,
        size_bytes=processed.size_bytes,
        status=status,
        late=applied and claim.is_late,
        reason=processed.reason,
        counts=processed.counts,
        rejects=processed.rejects,
        duration_ms=context.milliseconds_since(claim.started),
        archive_key=found_key if found_key.startswith(context.prefix.processed) else None,
        watermark_key=(
            context.prefix.change_key(file.stamp) if applied and claim.moves_watermark else None
        ),
    )
    ledger.settle(context.connection, settlement, claim.attempt_id)
    _settle_in_reseed(context, claim, claim.revision)
    return Settled(outcome_of(settlement, file.key), entry_of(settlement), version_id, is_new=True)


def _settle_in_reseed(context: IngestContext, claim: Claim, revision: int) -> None:
    """Renew the lease of a reseed's worker, and note the manifest's file as settled."""
    if context.token is not None:
        reseeds.extend_lease(context.connection, claim.generation, context.token)
    if claim.file.position is not None:
        manifests.settle_manifest(
            context.connection, claim.generation, claim.file.position, revision
        )


def outcome_of(settlement: Settlement, key: str) -> FileOutcome:
    """Describe a settlement for the caller; `key` is where the file was listed."""
    return FileOutcome(
        key=key,
        stamp=settlement.stamp,
        outcome=settlement.status,
        generation=settlement.generation,
        revision=settlement.revision,
        late=settlement.late,
        reason=settlement.reason,
        counts=settlement.counts,
        reject_reasons=reasons_of(settlement.rejects),
        duration_ms=settlement.duration_ms,
    )


def entry_of(settlement: Settlement) -> LedgerEntry:
    """Return the ledger's short form of a settlement."""
    return LedgerEntry(
        generation=settlement.generation,
        stamp=settlement.stamp,
        revision=settlement.revision,
        object_key=settlement.object_key,
        etag=settlement.etag,
        sha256=settlement.sha256,
        status=settlement.status,
        reason=settlement.reason,
        archived_at=None,
    )


def log_fields(outcome: FileOutcome) -> dict[str, Any]:
    """Return the keys of the one log line that a file gets."""
    counts = {} if outcome.counts is None else asdict(outcome.counts)
    return {
        "key": outcome.key,
        "stamp": outcome.stamp,
        "generation": outcome.generation,
        "revision": outcome.revision,
        "outcome": outcome.outcome,
        "late": outcome.late,
        "duration_ms": outcome.duration_ms,
        **({"reason": outcome.reason} if outcome.reason else {}),
        **({"reject_reasons": ", ".join(outcome.reject_reasons)} if outcome.reject_reasons else {}),
        **{f"rows_{name}": number for name, number in counts.items()},
    }
