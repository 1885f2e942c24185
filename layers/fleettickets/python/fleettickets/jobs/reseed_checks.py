"""Checks before a reseed is opened: whether its plan still holds, and what is missing."""

from fleettickets.core.manifests import Changes, compare_listings, covered_files
from fleettickets.errors import MissingFilesError, PlanChangedError
from fleettickets.jobs.context import IngestContext
from fleettickets.jobs.reseed_listings import (
    FullListing,
    full_listing,
    missing_contents,
    next_identity,
)
from fleettickets.jobs.reseed_reports import Missing, find_report, report_key
from fleettickets.store.ledger import AppliedContent
from fleettickets.store.streams import StreamState

KEYS_NAMED = 10


def check_plan(
    context: IngestContext, state: StreamState, plan_sha256: str, *, allow_missing: bool
) -> tuple[FullListing, int]:
    """Return the listing of this moment, and how many of its files the plan covers.

    Raises:
        PlanChangedError: no part of it is what the plan has read; the text names what changed.
        MissingFilesError: applied files are not in it, and that is not allowed.
    """
    identity, listing = next_identity(context, state), full_listing(context)
    covered = covered_files(identity, listing.files, plan_sha256)
    if covered is None:
        raise PlanChangedError(_name_changes(context, state, listing, plan_sha256))
    missing = missing_contents(context, state, listing.files)
    if missing and not allow_missing:
        raise MissingFilesError(_name_missing(context, state, missing, plan_sha256))
    return listing, covered


def _name_changes(
    context: IngestContext, state: StreamState, listing: FullListing, plan_sha256: str
) -> str:
    """Say what is no longer as the plan has read it."""
    head = f"plan {plan_sha256[:12]} does not hold any more: "
    report = find_report(context, plan_sha256)
    if report is None:
        return (
            f"{head}it has no report at {report_key(context.prefix, plan_sha256)}, so the hash is "
            "mistyped or of another source; make a new plan"
        )
    identity, plan = next_identity(context, state), report.summary
    told = _changed_identity(identity.generation - 1, plan.generation - 1, "the generation")
    told += _changed_identity(identity.source, plan.source, "the source")
    told += _changed_identity(
        identity.cleaning_version, plan.cleaning_version, "the version of the rules for rows"
    )
    told += _changed_files(compare_listings(report.files, listing.files))
    return f"{head}{'; '.join(told)}; make a new plan"


def _changed_identity(now: object, planned: object, name: str) -> list[str]:
    return [] if now == planned else [f"{name} is {now} now, was {planned}"]


def _changed_files(changes: Changes) -> list[str]:
    kinds = {"new": changes.new, "missing": changes.missing, "changed": changes.changed}
    return [f"{name}: {_keys_text(keys)}" for name, keys in kinds.items() if keys]


def _keys_text(keys: tuple[str, ...]) -> str:
    more = len(keys) - KEYS_NAMED
    return ", ".join(keys[:KEYS_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def _name_missing(
    context: IngestContext, state: StreamState, missing: list[AppliedContent], plan_sha256: str
) -> str:
    keys = tuple(content.archive_key or content.object_key for content in missing)
    report = find_report(context, plan_sha256)
    cost = "" if report is None else _cost_text(report.summary.missing)
    return (
        f"{len(missing):,} of the files that were applied in generation {state.generation} are not "
        f"in the listing: {_keys_text(keys)}; put them back into processed/, or allow it to do "
        f"without them (allow_missing){cost}"
    )


def _cost_text(missing: Missing) -> str:
    return (
        f", which costs: {missing.tickets_falling_back:,} tickets fall back to an older content, "
        f"and {missing.tickets_unasserted:,} keep one that no file asserts any more"
    )
