"""What `make reseed` shows of an execution: how far it is, how fast, and why it failed."""

import json
from itertools import count
from typing import Any

import pytest

from tests.support.scripts import load_script

script = load_script("reseed")


def left(name: str, output: dict[str, Any]) -> dict[str, Any]:
    """Return the event of a task's state that was left with this output."""
    details = {"name": name, "output": json.dumps(output)}
    return {"type": "TaskStateExited", "stateExitedEventDetails": details}


def failed(error: str) -> dict[str, Any]:
    """Return the event of a task that failed and will be tried again."""
    return {"type": "TaskFailed", "taskFailedEventDetails": {"error": error}}


PLANNING = left("JudgeChunk", {"progress": {"files": 300, "judged": 120}})
APPLYING = left("ApplyChunk", {"lease": {"progress": {"files": 300, "left": 40}}})
HELD = left("OpenReseed", {"lease": {"held_by": "arn", "progress": None}})


@pytest.mark.parametrize(
    ("events", "standing"),
    [
        ([], None),
        ([HELD], None),
        ([{"type": "ChoiceStateExited"}, PLANNING], (120, 300, None)),
        ([APPLYING, left("OpenReseed", {})], (260, 300, None)),
        ([failed("LockTimeoutError"), APPLYING], (260, 300, "LockTimeoutError")),
        ([APPLYING, failed("LockTimeoutError")], (260, 300, None)),
    ],
    ids=["none", "held", "plan", "apply", "trouble", "trouble that passed"],
)
def test_standing_is_that_of_the_last_task(
    events: list[dict[str, Any]], standing: tuple[object, ...] | None
) -> None:
    """The events come latest first."""
    assert script.read_standing(events) == (standing and script.Standing(*standing))


def test_pace_is_that_since_the_first_look() -> None:
    """An execution that goes on where another one ended has not done all of it by itself."""
    seconds = count(0, 10)
    pace = script.Pace(clock=lambda: float(next(seconds)))

    told = [pace.describe(script.Standing(done, 1000, None)) for done in (500, 500, 600)]

    assert told == ["", "", "5.0 files/s, 0:01:20 left"]


def test_reason_of_a_failure_is_the_text_for_people() -> None:
    """Lambda wraps it, a Fail state does not."""
    wrapped = {"error": "PlanChangedError", "cause": json.dumps({"errorMessage": "x changed"})}

    assert script.explain(wrapped) == "PlanChangedError: x changed"
    assert script.explain({"error": "InputError", "cause": "no"}) == "InputError: no"
    assert script.explain({"status": "ABORTED"}) == "no error: no reason was given"


def test_summary_is_shown_without_what_is_empty() -> None:
    """Each value with the names that lead to it; a zero is no emptiness."""
    summary = {"counts": {"files": {"applied": 3, "skipped": 0}}, "held": [], "keys": ["a", "b"]}

    assert dict(script.flatten(summary)) == {
        "counts.files.applied": 3,
        "counts.files.skipped": 0,
        "keys": "a, b",
    }
