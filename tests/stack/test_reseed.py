"""The reseed as an operator runs it: the deployed state machine, its functions, its report."""

import json
from collections.abc import Iterable

import pytest

from tests.support.applications import Application
from tests.support.executions import Execution, Reseeds, assert_equals, freshness, reseeded
from tests.support.feeds import a_change_file, a_row
from tests.support.ingests import tickets_state
from tests.support.localstack import kill_function
from tests.support.scenes import all_tables
from tests.support.streams import StreamFile, a_stream, replay, some_stamps
from tests.support.waits import wait_until

NO_PLAN = "0" * 64


@pytest.fixture
def reseeds(application: Application) -> Reseeds:
    """The reseeds of the deployed application."""
    return Reseeds(application)


def put_archived(application: Application, stream: Iterable[StreamFile]) -> None:
    """Put a stream where settled files lie, so that no doorbell rings for it."""
    for file in stream:
        application.put_archived(file.stamp, file.content)


# --- many files, and trouble among them ---


def test_reseed_of_300_files_that_is_stopped_on_the_way(
    application: Application, reseeds: Reseeds
) -> None:
    """A second one is refused by the first one's name; a third goes on where the first was stopped.

    A file that arrives meanwhile is applied once, after it.
    """
    stream, (late,) = a_stream(300), a_stream(1, seed=9)
    put_archived(application, stream)
    summary = reseeds.plan()
    assert summary["counts"]["files"]["applied"] == len(stream)
    assert reseeds.report(summary)["summary"] == summary

    first = reseeds.start_apply(summary["plan_sha256"])
    reseeds.await_settled(20)
    key = application.put(late.stamp, late.content)
    second = reseeds.apply(summary["plan_sha256"])
    application.await_answers(key, 1)
    reseeds.stop(first)
    was_settled = len(reseeds.settled())
    third = reseeds.apply(summary["plan_sha256"]).summary

    assert (second.status, second.error) == ("FAILED", "ReseedRefusedError")
    assert first in second.cause
    assert 20 <= was_settled < len(stream)
    assert reseeds.look_at(first).status == "ABORTED"
    assert third["counts"] == summary["counts"]
    application.await_settled([late.stamp])
    assert reseeds.settled() == [file.stamp for file in [*stream, late]]
    assert_equals(application, reseeded(replay([*stream, late])))


def test_function_that_is_killed_in_the_middle_of_a_reseed(
    application: Application, reseeds: Reseeds
) -> None:
    """The state machine tries again, and the end is that of an undisturbed one."""
    stream = a_stream(4)
    put_archived(application, stream)
    summary = reseeds.plan()
    with application.database.files_in_the_middle():
        execution = reseeds.start_apply(summary["plan_sha256"])
        application.database.await_middle()
        kill_function(application.function("ReseedApply"))
        application.database.end_sessions()

    ended = reseeds.await_end(execution)

    assert ended.summary["counts"] == summary["counts"]
    assert_equals(application, reseeded(replay(stream)))
    assert "Runtime.ExitError" in errors_of_tasks(reseeds, ended)


def test_database_that_is_gone_in_the_middle_of_a_reseed(
    application: Application, reseeds: Reseeds
) -> None:
    """Both of plan and apply wait for it, and go on when it is back."""
    stream = a_stream(4)
    put_archived(application, stream)
    application.database.network.cut()
    application.database.end_sessions()
    planning = reseeds.start({})
    await_failed_task(reseeds, planning)
    application.database.network.mend()
    summary = reseeds.await_end(planning).summary

    with application.database.files_in_the_middle():
        applying = reseeds.start_apply(summary["plan_sha256"])
        application.database.await_middle()
        application.database.network.cut()
        application.database.end_sessions()
        await_failed_task(reseeds, applying)
    application.database.network.mend()
    applied = reseeds.await_end(applying)

    assert applied.summary["counts"] == summary["counts"]
    assert_equals(application, reseeded(replay(stream)))
    assert set(errors_of_tasks(reseeds, applied)) == {"DatabaseUnavailableError"}
    # P10: what it says about that tells nobody how to get in.
    history = json.dumps(reseeds.events(planning) + reseeds.events(applying), default=str)
    assert "DatabaseUnavailableError" in history
    for secret in (application.database.secret_arn, application.database.plan_secret_arn):
        assert password_in(application, secret) not in history


def password_in(application: Application, arn: str) -> str:
    """Return the password of a secret."""
    answer = application.localstack.secrets.get_secret_value(SecretId=arn)
    return json.loads(answer["SecretString"])["password"]


def errors_of_tasks(reseeds: Reseeds, execution: Execution) -> list[str]:
    """Return the errors of an execution's tasks, those that were tried again too."""
    return [
        event["taskFailedEventDetails"]["error"]
        for event in reseeds.events(execution.arn)
        if event["type"] == "TaskFailed"
    ]


def await_failed_task(reseeds: Reseeds, arn: str) -> None:
    """Wait until a task of an execution has failed."""
    wait_until(lambda: errors_of_tasks(reseeds, reseeds.look_at(arn)), "a failed task")


# --- what is refused ---


def test_plan_that_does_not_hold_any_more(application: Application, reseeds: Reseeds) -> None:
    """What changed below its last key is named, and nothing is opened; what came above is added."""
    stream, (another,) = a_stream(3), a_stream(1, seed=8)
    put_archived(application, stream)
    plan = reseeds.plan()["plan_sha256"]
    changed = application.put_archived(stream[1].stamp, another.content)

    refused = reseeds.apply(plan)

    assert (refused.status, refused.error) == ("FAILED", "PlanChangedError")
    assert changed in refused.cause
    assert tickets_state(application.connection) == []
    assert freshness(application)["mode"] == "live"
    application.put_archived(stream[1].stamp, stream[1].content)
    application.put_archived(another.stamp, another.content)
    applied = reseeds.apply(plan).summary
    assert applied["added"] == 1
    assert_equals(application, reseeded(replay([*stream, another])))


def test_file_that_was_applied_and_is_missing(application: Application, reseeds: Reseeds) -> None:
    """The reseed is refused, and says what doing without costs, until that is allowed."""
    kept, lost = some_stamps(2)
    application.put(kept, a_change_file([a_row(ticket_id="INC1")]))
    application.put(lost, a_change_file([a_row(ticket_id="INC2")]))
    application.await_settled([kept, lost])
    application.delete(f"{application.prefix.processed}{lost}.csv")
    summary = reseeds.plan()
    assert summary["missing"]["files"] == 1

    refused = reseeds.apply(summary["plan_sha256"])
    allowed = reseeds.apply(summary["plan_sha256"], allow_missing=True)

    assert (refused.status, refused.error) == ("FAILED", "MissingFilesError")
    assert lost in refused.cause
    assert allowed.summary["counts"]["files"]["applied"] == 1
    assert [state[0] for state in tickets_state(application.connection)] == ["INC1", "INC2"]


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"apply": "true"}, "must be true or false"),
        ({"aply": True}, "unknown in the input: aply"),
        ({"apply": True}, "give the"),
        ({"apply": True, "plan_sha256": NO_PLAN}, None),
    ],
    ids=["text", "mistyped", "no plan", "unknown plan"],
)
def test_request_that_is_not_understood(
    application: Application, reseeds: Reseeds, request_: dict[str, object], says: str | None
) -> None:
    """It fails at once, says why, and changes nothing."""
    before = all_tables(application.connection)

    execution = reseeds.run(request_)

    assert execution.status == "FAILED"
    assert execution.error == ("InputError" if says else "PlanChangedError")
    assert (says or "") in execution.cause
    assert all_tables(application.connection) == before
