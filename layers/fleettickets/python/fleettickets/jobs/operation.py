"""Operation: what the scheduled steps came to, kept where an operator looks for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fleettickets.store import step_runs
from fleettickets.store.connections import Connection, translated_errors
from fleettickets.store.step_runs import Standing

# What only the sweep finds; reporting.fn_pipeline_status() reads them.
KEPT_FACTS = ("pending_since", "dead_letters", "doorbell_dead_letters")


@dataclass(frozen=True, slots=True)
class StepResult:
    """How a step ended: `error` is the class of what it failed with, None if it did its work.

    `facts` are those of its log line.
    """

    step: str
    error: str | None = None
    facts: Mapping[str, Any] | None = None


def report_steps(connection: Connection, results: Sequence[StepResult]) -> Standing:
    """Record what the steps came to; return how things stand then.

    Raises:
        DatabaseUnavailableError: the database went away.
    """
    with translated_errors(), connection.transaction():
        for result in results:
            step_runs.record_step(
                connection, result.step, error=result.error, facts=_kept(result.facts)
            )
        return step_runs.read_standing(connection)


def _kept(facts: Mapping[str, Any] | None) -> dict[str, Any] | None:
    kept = {name: facts[name] for name in KEPT_FACTS if name in facts} if facts else {}
    return kept or None
