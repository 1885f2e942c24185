"""Answers to CloudFormation: their form, their second chance, and the URL that never shows."""

import logging
from collections.abc import Generator
from typing import cast

import httpx
import pytest

from fleettickets.clients.cloudformation import ResourceEvent, answer_stack
from fleettickets.errors import RetryableError
from tests.support.answers import SIGNATURE, AnswerBox, running_answer_box


@pytest.fixture
def box() -> Generator[AnswerBox]:
    """Return the place that answers go to."""
    with running_answer_box() as box:
        yield box


def an_event(box: AnswerBox, kind: str = "Create", **overrides: object) -> ResourceEvent:
    """Return an event of a custom resource."""
    return cast("ResourceEvent", box.event(kind, **overrides))


def test_success(box: AnswerBox) -> None:
    """The answer names the request that it is for, and has what the template can ask for."""
    answer_stack(an_event(box), failure=None, resource_id="schema", data={"Applied": "3"})

    assert box.answers == [
        {
            "Status": "SUCCESS",
            "Reason": "see the function's log",
            "PhysicalResourceId": "schema",
            "StackId": "arn:aws:cloudformation:eu-west-1:123456789012:stack/fleettickets/guid",
            "RequestId": "a0b1c2",
            "LogicalResourceId": "Migrations",
            "Data": {"Applied": "3"},
        }
    ]


def test_no_content_type_is_sent(box: AnswerBox) -> None:
    """The URL is signed for a request without one; S3 would refuse any other."""
    answer_stack(an_event(box), failure=None, resource_id="schema")

    assert box.content_types == [None]


def test_failure_says_why(box: AnswerBox) -> None:
    """The reason stands in the stack's events."""
    answer_stack(an_event(box), failure="24_x.sql: failed", resource_id="schema")

    assert (box.answers[0]["Status"], box.answers[0]["Reason"]) == ("FAILED", "24_x.sql: failed")


def test_long_reason_is_cut(box: AnswerBox) -> None:
    """CloudFormation takes 4,096 bytes, and drops a longer answer without a word."""
    answer_stack(an_event(box), failure="🎫" * 9_000, resource_id="schema")

    assert box.answers[0]["Reason"].startswith("🎫🎫")
    assert box.sizes[0] < 4_096


def test_resource_keeps_its_id(box: AnswerBox) -> None:
    """With another id CloudFormation would delete the former resource."""
    event = an_event(box, "Update", PhysicalResourceId="former")

    answer_stack(event, failure=None, resource_id="schema")

    assert box.answers[0]["PhysicalResourceId"] == "former"


def test_answer_that_was_refused_is_sent_again(box: AnswerBox) -> None:
    """A stack that gets no answer waits for an hour."""
    box.refusals = 2

    answer_stack(an_event(box), failure=None, resource_id="schema")

    assert len(box.answers) == 1


def test_answer_that_nobody_takes(caplog: pytest.LogCaptureFixture, box: AnswerBox) -> None:
    """The run fails, to be repeated; neither error nor log shows the signed URL."""
    caplog.set_level(logging.DEBUG)
    box.refusals = 9

    with pytest.raises(RetryableError, match="HTTPStatusError") as raised:
        answer_stack(an_event(box), failure=None, resource_id="schema")

    assert raised.value.__suppress_context__
    assert SIGNATURE not in f"{raised.value} {caplog.text}"


def test_connection_that_breaks(box: AnswerBox) -> None:
    """Trouble of the network gets the same second chance."""
    calls: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        calls.append(request)
        if len(calls) == 1:
            raise httpx.ConnectError("reset")
        return httpx.Response(200)

    answer_stack(
        an_event(box), failure=None, resource_id="schema", transport=httpx.MockTransport(take)
    )

    assert len(calls) == 2
