"""The reseed's state machine as it is written: names, retries, ways, and how long it can get."""

import math
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import yaml

from fleettickets import errors
from tests.support.localstack import ROOT
from tests.support.templates import Template

MOST_EVENTS = 25_000  # of one execution; AWS ends it then
# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html, and what Lambda
# says of a function that died: exit status, out of memory, out of time.
OF_AWS = {
    "Lambda.AWSLambdaException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.SdkClientException",
    "Lambda.ServiceException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
    "Sfn.ExecutionDoesNotExistException",
    "Sfn.InvalidArnException",
    "Sfn.SdkClientException",
    "Sfn.SfnException",
    "States.Timeout",
}
OF_SCHEDULED_RUN = {
    "StepsFailedError",
    "GeocoderUnavailableError",
    "GeocoderQuotaError",
    "GeocoderBudgetError",
}
# Events of a state that does what it should: entered and left; and of a task that it was scheduled,
# started and has succeeded as well. A retry is scheduled, started and fails.
EVENTS = {"Task": 5, "Pass": 2, "Choice": 2, "Fail": 1}
EVENTS_OF_A_RETRY = 3
START_AND_END = 2
PREAMBLE = ("SayWhatIsLeftOut", "ReadRequest", "PlanOrApply")
PLAN = (*PREAMBLE, "OpenPlan", "MoreToJudge", "FinishPlan")
APPLY = (*PREAMBLE, "OpenReseed", "IsHeldByAnother", "MoreToApply", "FinishReseed")
TAKE_OVER = ("AskForHolder", "HolderRuns", "TakeOver", "IsTakenOver")
LOOPS = {"MoreToJudge": "JudgeChunk", "MoreToApply": "ApplyChunk"}

type State = dict[str, Any]

DEFINITION: State = yaml.safe_load(
    (ROOT / "functions" / "reseed" / "state_machine.asl.yaml").read_text()
)
STATES: dict[str, State] = DEFINITION["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}
OF_FUNCTIONS = {
    name: state for name, state in TASKS.items() if state["Resource"].endswith("lambda:invoke")
}


def machine() -> dict[str, Any]:
    """Return the state machine's properties in the template."""
    return Template().resources()["ReseedStateMachine"]["Properties"]


def successors(state: State) -> Iterator[str]:
    """Return the states that may follow."""
    yield from (state[name] for name in ("Next", "Default") if name in state)
    yield from (each["Next"] for each in (*state.get("Choices", ()), *state.get("Catch", ())))


def names_of_errors(node: Any) -> Iterator[str]:  # noqa: ANN401 - a part of the definition
    """Return every error that is retried, caught or failed with, wherever that is."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict):
        yield from node.get("ErrorEquals", ())
        if "Error" in node:
            yield node["Error"]
    for child in children:
        yield from names_of_errors(child)


def retries(name: str) -> int:
    """Return how often a state is tried again at most; each retrier counts for itself."""
    return sum(each["MaxAttempts"] for each in STATES[name].get("Retry", ()))


def events(name: str, *, at_worst: bool) -> int:
    """Return the events that one pass through a state makes."""
    worst = EVENTS_OF_A_RETRY * retries(name) if at_worst else 0
    return EVENTS[STATES[name]["Type"]] + worst


def events_of_execution(path: tuple[str, ...], chunks: int, *, at_worst: bool = False) -> int:
    """Return the events of an execution along a path with so many chunks in its loop."""
    ((choice, chunk),) = ((name, LOOPS[name]) for name in path if name in LOOPS)
    once = sum(events(name, at_worst=at_worst) for name in path)
    loop = events(chunk, at_worst=at_worst) + events(choice, at_worst=at_worst)
    return START_AND_END + once + chunks * loop


def most_chunks(choice: str) -> int:
    """Return the number of chunks after which an execution gives up."""
    (limit,) = (
        each["NumericGreaterThanEquals"]
        for each in STATES[choice]["Choices"]
        if each["Next"] == "TooManyChunks"
    )
    return limit


# --- as AWS reads it ---


def test_every_error_that_it_names_exists() -> None:
    """A misspelt one would never match, and nobody would notice before it matters."""
    ours = {name for name, each in vars(errors).items() if isinstance(each, type)}

    assert set(names_of_errors(DEFINITION)) <= ours | OF_AWS


def test_what_passes_by_itself_is_tried_again_and_nothing_else_of_ours() -> None:
    """The family of an error decides; those of the scheduled run do not arise here."""
    ours = {name: each for name, each in vars(errors).items() if isinstance(each, type)}
    passing = {name for name, each in ours.items() if issubclass(each, errors.RetryableError)}

    for state in OF_FUNCTIONS.values():
        (retrier,) = state["Retry"]
        assert set(retrier["ErrorEquals"]) & set(ours) == passing - OF_SCHEDULED_RUN


def test_retries_spread_over_minutes_at_moments_of_their_own() -> None:
    """A database that restarts, or fails over, is back within them."""
    for state in OF_FUNCTIONS.values():
        (retrier,) = state["Retry"]
        waits = [
            min(
                retrier["MaxDelaySeconds"], retrier["IntervalSeconds"] * retrier["BackoffRate"] ** n
            )
            for n in range(retrier["MaxAttempts"])
        ]
        assert sum(waits) / 2 > 150  # the half of it on average, with full jitter
        assert retrier["JitterStrategy"] == "FULL"


def test_every_state_says_what_it_is_for() -> None:
    """In the console, too."""
    assert DEFINITION["Comment"]
    assert all(state["Comment"] for state in STATES.values())


def test_every_state_is_reached_and_leads_on() -> None:
    """No state is left over, none is missing, and each way comes to an end."""
    reached, to_visit = set[str](), [DEFINITION["StartAt"]]
    while to_visit:
        name = to_visit.pop()
        if name not in reached:
            reached.add(name)
            to_visit += successors(STATES[name])

    ends = {name for name, state in STATES.items() if not [*successors(state)]}

    assert reached == set(STATES)
    assert all(STATES[name].get("End") or STATES[name]["Type"] == "Fail" for name in ends)


def test_nothing_waits_for_longer_than_the_function_that_it_calls() -> None:
    """Else a task that AWS has lost would hang for a year. The function's own end comes first."""
    longest = max(
        Template().functions()[name]["Timeout"] for name in ("reseed_plan", "reseed_apply")
    )

    assert all(longest < state["TimeoutSeconds"] <= longest + 60 for state in OF_FUNCTIONS.values())
    assert all("TimeoutSeconds" in state for state in TASKS.values())
    assert DEFINITION["TimeoutSeconds"] >= most_chunks("MoreToApply") * longest


def test_it_gets_what_it_asks_of_the_template() -> None:
    """A name in ${} that nothing fills in would be deployed as it is."""
    text = (ROOT / "functions" / "reseed" / "state_machine.asl.yaml").read_text()

    assert set(re.findall(r"\$\{(\w+)\}", text)) == set(machine()["DefinitionSubstitutions"])


def test_it_is_a_standard_one_that_logs_everything() -> None:
    """An express one would end after five minutes. What passes through it are counts and a hash."""
    assert machine()["Type"] == "STANDARD"
    assert machine()["Logging"]["Level"] == "ALL"
    assert machine()["Logging"]["IncludeExecutionData"] is True
    group = Template({"LogRetentionDays": "7"}).resources()["ReseedLogGroup"]["Properties"]
    assert group["LogGroupName"].startswith("/aws/vendedlogs/states/fleet-")
    assert group["RetentionInDays"] == 7


def test_nothing_is_applied_unless_apply_is_true() -> None:
    """P7: not by default, and not by a text or a number that looks like it."""
    defaults = STATES["SayWhatIsLeftOut"]["Result"]
    apply, plan = STATES["PlanOrApply"]["Choices"]

    assert defaults == {"apply": False, "plan_sha256": None, "allow_missing": False}
    assert (apply["BooleanEquals"], apply["Next"]) == (True, "OpenReseed")
    assert (plan["BooleanEquals"], plan["Next"]) == (False, "OpenPlan")
    assert STATES[STATES["PlanOrApply"]["Default"]]["Type"] == "Fail"


# --- how long it can get ---


@pytest.mark.parametrize("path", [PLAN, APPLY, (*APPLY[:5], *TAKE_OVER, *APPLY[5:])])
def test_paths_that_are_counted_are_ways_through_it(path: tuple[str, ...]) -> None:
    """So the numbers below are about this machine."""
    assert path[0] == DEFINITION["StartAt"]
    assert all(follower in successors(STATES[name]) for name, follower in pairwise(path))
    assert STATES[path[-1]]["End"] is True
    for choice, chunk in LOOPS.items():
        assert chunk in successors(STATES[choice])
        assert STATES[chunk]["Next"] == choice


@pytest.mark.parametrize(("files", "most"), [(10_000, 5_000), (100_000, MOST_EVENTS)])
@pytest.mark.parametrize("path", [PLAN, (*APPLY[:5], *TAKE_OVER, *APPLY[5:])])
def test_so_many_files_fit_into_one_execution(path: tuple[str, ...], files: int, most: int) -> None:
    """Even if each of its tasks is retried as often as it may be."""
    chunks = math.ceil(files / int(Template().value("ReseedChunkFiles")))

    assert events_of_execution(path, chunks, at_worst=True) < most
    assert chunks < most_chunks("MoreToApply") == most_chunks("MoreToJudge")


@pytest.mark.parametrize("path", [PLAN, (*APPLY[:5], *TAKE_OVER, *APPLY[5:])])
def test_no_execution_comes_to_the_limit_of_aws(path: tuple[str, ...]) -> None:
    """Files so large that few fit into a chunk end it by our own limit, which says what to do."""
    chunks = most_chunks("MoreToApply")

    assert events_of_execution((*path[:-1], "TooManyChunks"), chunks, at_worst=True) < MOST_EVENTS
