"""A reseed's apply, in short runs: open the generation, apply its manifest in order, report it.

Each file is settled like any other, in a transaction of its own; what is done and what is left is
the ledger's to say. So a run that was killed is repeated, and another worker can go on from there.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from fleettickets.core.manifests import covered_files
from fleettickets.errors import LeaseLostError, OutOfTimeError, ReseedRefusedError
from fleettickets.jobs.context import FileOutcome, IngestContext, IngestSummary
from fleettickets.jobs.ingest import ingest_pending
from fleettickets.jobs.reseed_checks import check_plan
from fleettickets.jobs.reseed_listings import next_identity, refuse_unfinished
from fleettickets.jobs.reseed_reports import difference, find_report, read_counts, report_key
from fleettickets.store import manifests, reseed_counts, reseeds, streams
from fleettickets.store.connections import translated_errors
from fleettickets.store.reseed_counts import ReseedCounts
from fleettickets.store.streams import StreamState


@dataclass(frozen=True, slots=True)
class ReseedLease:
    """An opened or resumed reseed, and the fencing token of whoever may work on it now.

    `files` are in its manifest, `left` of them not settled, `added` of them above the plan's last
    key. `done` says that nothing is left to apply.
    """

    generation: int
    token: int
    plan_sha256: str
    files: int
    left: int
    added: int
    resumed: bool
    done: bool


@dataclass(frozen=True, slots=True)
class ReseedProgress:
    """How much of the manifest is left after a chunk, which settled so many files of it."""

    generation: int
    token: int
    files: int
    left: int
    settled: int
    done: bool


@dataclass(frozen=True, slots=True)
class ReseedSummary:
    """What a reseed came to.

    `planned` is what its plan said, None if its report is gone; `difference` names each count that
    differs, with what was planned and applied; `added` files lay above the plan's last key.
    """

    generation: int
    plan_sha256: str
    source: str
    watermark: str
    counts: ReseedCounts
    planned: ReseedCounts | None
    difference: Mapping[str, tuple[int, int]]
    added: int
    report_key: str


def _nobody(owner: str) -> bool:
    """Take nobody for alive: the owner of a lease alone says nothing about that."""
    del owner
    return False


def open_reseed(
    context: IngestContext,
    plan_sha256: str,
    *,
    owner: str,
    allow_missing: bool = False,
    is_running: Callable[[str], bool] = _nobody,
) -> ReseedLease:
    """Open the plan's generation with the listing of this moment as its manifest, or resume it.

    `owner` names the worker in messages of others. The plan of the open generation takes its lease
    over at once, unless `is_running` says of the present owner that it still works; it is not asked
    about `owner` itself. A plan that was applied to its end is answered as done.

    Raises:
        ReseedRefusedError: another reseed is unfinished, or another worker is at this one.
        PlanChangedError: the listing, or what else the hash stands for, is no longer the plan's.
        MissingFilesError: applied files are not in the listing, without `allow_missing`.
    """
    with translated_errors(), context.connection.transaction():
        streams.lock_dataset(context.connection)
        state = streams.read_state(context.connection)
        if state.plan_sha256 == plan_sha256:
            return _resume(context, state, owner, is_running)
        refuse_unfinished(state)
        return _open(context, state, plan_sha256, owner, allow_missing=allow_missing)


def _resume(
    context: IngestContext, state: StreamState, owner: str, is_running: Callable[[str], bool]
) -> ReseedLease:
    if state.mode == "live":
        return _lease(context, state, state.fencing_token, resumed=True)
    if state.source != context.bucket.source:
        refuse_unfinished(state)
    other = state.lease_owner
    if reseeds.is_reseed_held(context.connection) or (
        other not in {None, owner} and is_running(str(other))
    ):
        raise ReseedRefusedError(
            f"{state.holder} is at work on this reseed (generation {state.generation}); wait for "
            "it, or stop it and start again"
        )
    token = reseeds.take_lease(context.connection, state.generation, owner)
    return _lease(context, state, token, resumed=True)


@dataclass(frozen=True, slots=True)
class ReseedOpening:
    """What opening a plan would do: its generation, the files of its manifest and those added.

    `resumed` says that the generation is open already; then `files` are those that are left.
    """

    generation: int
    files: int
    added: int
    resumed: bool


def check_reseed(
    context: IngestContext, plan_sha256: str, *, allow_missing: bool = False
) -> ReseedOpening:
    """Say what `open_reseed` would do now, or refuse what it would refuse; nothing is changed.

    Raises:
        ReseedRefusedError, PlanChangedError, MissingFilesError: see `open_reseed`.
    """
    with translated_errors():
        state = streams.read_state(context.connection)
        if state.plan_sha256 == plan_sha256:
            left = manifests.count_manifest(context.connection, state.generation).left
            return ReseedOpening(state.generation, left, _added(context, state), resumed=True)
        refuse_unfinished(state)
        listing, covered = check_plan(context, state, plan_sha256, allow_missing=allow_missing)
    files = len(listing.files)
    return ReseedOpening(state.generation + 1, files, files - covered, resumed=False)


def _open(
    context: IngestContext, state: StreamState, plan_sha256: str, owner: str, *, allow_missing: bool
) -> ReseedLease:
    identity = next_identity(context, state)
    listing, _ = check_plan(context, state, plan_sha256, allow_missing=allow_missing)
    token = reseeds.open_generation(
        context.connection,
        state,
        source=identity.source,
        owner=owner,
        plan_sha256=plan_sha256,
        manifest=listing.files,
    )
    reseed_counts.keep_before(context.connection, identity.generation)
    streams.report_listing(
        context.connection,
        identity.generation,
        pending=len(listing.files),
        held=len(listing.held),
        foreign=len(listing.foreign),
    )
    opened = replace(
        state,
        generation=identity.generation,
        source=identity.source,
        plan_sha256=plan_sha256,
    )
    return _lease(context, opened, token, resumed=False)


def _lease(context: IngestContext, state: StreamState, token: int, *, resumed: bool) -> ReseedLease:
    counts = manifests.count_manifest(context.connection, state.generation)
    return ReseedLease(
        generation=state.generation,
        token=token,
        plan_sha256=str(state.plan_sha256),
        files=counts.files,
        left=counts.left,
        added=_added(context, state),
        resumed=resumed,
        done=counts.left == 0,
    )


def _added(context: IngestContext, state: StreamState) -> int:
    """Count the files of the open generation's manifest that its plan had not seen yet."""
    files = manifests.whole_manifest(context.connection, state.generation)
    identity = replace(
        next_identity(context, state), generation=state.generation, source=str(state.source)
    )
    covered = covered_files(identity, files, str(state.plan_sha256))
    return 0 if covered is None else len(files) - covered


def apply_chunk(
    context: IngestContext, *, generation: int, token: int, max_files: int | None = None
) -> ReseedProgress:
    """Apply the next files of the manifest, in order, until time or `max_files` are used up.

    The lease is renewed with each file. Changes nothing if the manifest is settled.

    Raises:
        LeaseLostError: another worker took the reseed over; nothing was written after that.
        OutOfTimeError: there was no time for a single file.
    """
    summary = apply_manifest(context, generation=generation, token=token, max_files=max_files)
    with translated_errors():
        counts = manifests.count_manifest(context.connection, generation)
    settled = len(summary.outcomes)
    if settled == 0 and counts.left:
        raise OutOfTimeError(
            f"no file of the reseed of generation {generation} was settled in the time of one run"
        )
    return ReseedProgress(
        generation, token, counts.files, counts.left, settled, done=counts.left == 0
    )


def apply_manifest(
    context: IngestContext, *, generation: int, token: int, max_files: int | None = None
) -> IngestSummary:
    """Apply files of the manifest like `apply_chunk`, and return what became of each."""
    with translated_errors():
        state = streams.read_state(context.connection)
        if state.generation != generation:
            raise LeaseLostError(
                f"generation {state.generation} was opened since; this worker of the reseed of "
                f"generation {generation} stops"
            )
        reseeds.extend_lease(context.connection, generation, token)
    return ingest_pending(_limited(context, max_files).with_token(token))


def _limited(context: IngestContext, max_files: int | None) -> IngestContext:
    """Return a context whose time is over after so many files."""
    if max_files is None:
        return context
    settled = 0

    def count(outcome: FileOutcome) -> None:
        nonlocal settled
        settled += 1
        context.on_outcome(outcome)

    def time_left() -> float:
        return context.time_left() if settled < max_files else 0.0

    return replace(context, on_outcome=count, time_left=time_left)


def finish_reseed(context: IngestContext, *, generation: int) -> ReseedSummary:
    """Report what the reseed of `generation` came to, and how that differs from its plan.

    To be repeated at will: the first report stays. What arrived meanwhile is not swept here.

    Raises:
        ReseedRefusedError: files of its manifest are left, or it has none.
    """
    with translated_errors(), context.connection.transaction():
        streams.lock_dataset(context.connection)
        state = streams.read_state(context.connection)
        kept = reseeds.read_report(context.connection, generation)
        if kept is not None:
            return _read_summary(kept)
        if state.generation != generation or state.mode != "live" or state.plan_sha256 is None:
            raise ReseedRefusedError(
                f"there is no reseed of generation {generation} to finish: generation "
                f"{state.generation} is the present one, in mode {state.mode}"
            )
        summary = _summarize(context, state, state.plan_sha256)
        reseeds.keep_report(context.connection, generation, asdict(summary))
        reseed_counts.forget_before(context.connection)
    return summary


def _summarize(context: IngestContext, state: StreamState, plan_sha256: str) -> ReseedSummary:
    counts = reseed_counts.count_reseed(context.connection, state.generation)
    report = find_report(context, plan_sha256)
    planned = None if report is None else report.summary.counts
    return ReseedSummary(
        generation=state.generation,
        plan_sha256=plan_sha256,
        source=str(state.source),
        watermark=state.watermark,
        counts=counts,
        planned=planned,
        difference={} if planned is None else difference(planned, counts),
        added=_added(context, state),
        report_key=report_key(context.prefix, plan_sha256),
    )


def _read_summary(document: Mapping[str, Any]) -> ReseedSummary:
    planned = document["planned"]
    parts: dict[str, Any] = {
        "counts": read_counts(document["counts"]),
        "planned": None if planned is None else read_counts(planned),
    }
    return ReseedSummary(**{**document, **parts})
