"""The doorbell queue as the sweep uses it: known by its URL, asked whether it is empty."""

from collections.abc import Generator

import pytest
from moto import mock_aws

from fleettickets.clients.queues import DoorbellQueue
from fleettickets.errors import RetryableError
from tests.support.feeds import a_doorbell
from tests.support.functions import REGION, FakeQueue

KEY = "automations/inc/changes/2026-06-15T17-00-00.csv"


@pytest.fixture
def queue() -> Generator[FakeQueue]:
    """Return an empty queue in moto."""
    with mock_aws():
        yield FakeQueue()


def test_empty_queue(queue: FakeQueue) -> None:
    """Nothing waits and nothing is in flight."""
    assert DoorbellQueue(queue.url).is_empty()


def test_waiting_message(queue: FakeQueue) -> None:
    """Somebody rang already."""
    queue.send(a_doorbell(KEY))

    assert not DoorbellQueue(queue.url).is_empty()


def test_message_in_flight(queue: FakeQueue) -> None:
    """A function is at work on it."""
    queue.send(a_doorbell(KEY))
    queue.receive()

    assert not DoorbellQueue(queue.url).is_empty()


def test_queue_by_its_arn(queue: FakeQueue) -> None:
    """A received record names it so."""
    arn = f"arn:aws:sqs:{REGION}:123456789012:{queue.name}"
    queue.send(a_doorbell(KEY))

    assert not DoorbellQueue(arn).is_empty()


def test_two_rings_are_two_messages(queue: FakeQueue) -> None:
    """A ring is never taken for a repetition, whatever its body."""
    doorbells, ids = DoorbellQueue(queue.url), set[str]()

    for _ in range(2):
        doorbells.ring(a_doorbell(KEY), "inc")
        event = queue.receive()
        attributes = event["Records"][0]["attributes"]
        assert isinstance(attributes, dict)
        ids.add(attributes["MessageDeduplicationId"])
        queue.acknowledge(event)

    assert len(ids) == 2
    assert doorbells.is_empty()


def test_queue_that_is_not_there(queue: FakeQueue) -> None:
    """Trouble with the queue is an error of ours that names it, not its account."""
    with pytest.raises(RetryableError, match=r"^queue none\.fifo did not answer"):
        DoorbellQueue(queue.url.replace(queue.name, "none.fifo")).is_empty()
