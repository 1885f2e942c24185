"""The Lambda functions as a test runs them: their module, their context, their queue."""

import importlib.util
import io
import json
import logging
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import boto3
import psycopg

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "tests" / "unit" / "functions" / "events"
REGION = "eu-west-1"
_numbers = count(1)


def load_handler(function: str) -> ModuleType:
    """Import a function's `handler.py` afresh, as a cold start does; its log goes nowhere."""
    path = ROOT / "functions" / function / "handler.py"
    spec = importlib.util.spec_from_file_location(f"{function}_handler", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for handler in logging.getLogger("fleettickets").handlers:
        if isinstance(handler, logging.StreamHandler):
            handler.setStream(io.StringIO())
    return module


def recorded_event(name: str) -> dict[str, list[dict[str, object]]]:
    """Return a recorded event: one record, as Lambda gets it from the queue."""
    return json.loads((EVENTS / f"{name}.json").read_text())


@dataclass(frozen=True, slots=True)
class FakeContext:
    """What the runtime says about the invocation."""

    function_name: str = "ingest"
    memory_limit_in_mb: int = 1024
    invoked_function_arn: str = f"arn:aws:lambda:{REGION}:123456789012:function:ingest"
    aws_request_id: str = "6f0c2b1e-0d0e-4b61-9f3c-0a6c8f5c1d2e"
    remaining_ms: int = 600_000

    def get_remaining_time_in_millis(self) -> int:
        """Return the time that is left."""
        return self.remaining_ms


class FakeQueue:
    """A FIFO queue in moto, and its messages as Lambda's poller hands them over."""

    def __init__(self) -> None:
        """Create the queue, under a new name at each call."""
        self.client: SQSClient = boto3.client("sqs", region_name=REGION)
        self.name = f"tickets-doorbells-{next(_numbers)}.fifo"
        self.url = self.client.create_queue(
            QueueName=self.name,
            Attributes={"FifoQueue": "true", "VisibilityTimeout": "5400"},
        )["QueueUrl"]

    def send(self, body: str, *, dedup: str = "first") -> None:
        """Send a message in the stream's group."""
        self.client.send_message(
            QueueUrl=self.url, MessageBody=body, MessageGroupId="inc", MessageDeduplicationId=dedup
        )

    def receive(self, *, receives: int = 1) -> dict[str, list[dict[str, object]]]:
        """Receive the next message as an event; `receives` is how often it has been, by now."""
        answer = self.client.receive_message(QueueUrl=self.url, AttributeNames=["All"])
        message = answer.get("Messages", [{}])[0]
        record: dict[str, object] = {
            "messageId": message.get("MessageId", ""),
            "receiptHandle": message.get("ReceiptHandle", ""),
            "body": message.get("Body", ""),
            "attributes": {
                **message.get("Attributes", {}),
                "ApproximateReceiveCount": str(receives),
            },
            "eventSource": "aws:sqs",
            "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:{self.name}",
        }
        return {"Records": [record]}

    def acknowledge(self, event: dict[str, list[dict[str, object]]]) -> None:
        """Delete the message, as the poller does when the function has returned."""
        handle = str(event["Records"][0]["receiptHandle"])
        self.client.delete_message(QueueUrl=self.url, ReceiptHandle=handle)


@dataclass
class FakeConnection:
    """A connection that is only opened, asked whether it is alive, and closed."""

    closed: bool = False
    broken: bool = False

    def execute(self, statement: str) -> None:
        """Answer the keeper's empty statement as the server would.

        Raises:
            psycopg.OperationalError: the connection was closed or has broken.
        """
        assert not statement
        if self.closed or self.broken:
            raise psycopg.OperationalError("the connection is lost")

    def close(self) -> None:
        """Close it."""
        self.closed = True
