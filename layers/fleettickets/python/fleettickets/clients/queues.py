"""The doorbell queue, an SQS FIFO queue, as its consumer and the sweep use it."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

from fleettickets.errors import RetryableError

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient
    from mypy_boto3_sqs.literals import QueueAttributeNameType

LONGEST_DELAY_SECONDS = 300
SHORTEST_DELAY_SECONDS = 5
COUNTS: Sequence["QueueAttributeNameType"] = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
)


def delay_seconds(receives: int) -> int:
    """Return how long a message waits after its `receives`-th failed receipt, counted from 1."""
    doublings = min(receives, LONGEST_DELAY_SECONDS)
    return min(LONGEST_DELAY_SECONDS, SHORTEST_DELAY_SECONDS * 2**doublings)


class DoorbellQueue:
    """One queue; the client is made on first use and kept.

    All methods raise RetryableError when the queue does not do as it is asked.
    """

    def __init__(self, place: str) -> None:
        """Take the queue's URL, or the ARN that a received record carries in `eventSourceARN`."""
        self._place = place
        self._name = place.replace("/", ":").rpartition(":")[2]

    def put_off(self, receipt_handle: str, seconds: int) -> None:
        """Let a received message appear again in `seconds`; its group waits until then."""
        with _translated_errors(self._name):
            self._client.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=receipt_handle, VisibilityTimeout=seconds
            )

    def ring(self, body: str, group_id: str) -> None:
        """Send a message that is never taken for a repetition of an earlier one."""
        with _translated_errors(self._name):
            self._client.send_message(
                QueueUrl=self._url,
                MessageBody=body,
                MessageGroupId=group_id,
                MessageDeduplicationId=uuid4().hex,
            )

    def is_empty(self) -> bool:
        """Tell whether no message waits, none is delayed and none is in flight.

        The counts that SQS gives are approximate: for up to a minute they may miss a change.
        """
        with _translated_errors(self._name):
            answer = self._client.get_queue_attributes(QueueUrl=self._url, AttributeNames=COUNTS)
        return all(int(count) == 0 for count in answer.get("Attributes", {}).values())

    def count(self) -> int:
        """Return how many messages wait to be received, approximately."""
        with _translated_errors(self._name):
            answer = self._client.get_queue_attributes(
                QueueUrl=self._url, AttributeNames=["ApproximateNumberOfMessages"]
            )
        return int(answer.get("Attributes", {}).get("ApproximateNumberOfMessages", 0))

    @cached_property
    def _client(self) -> "SQSClient":
        import boto3  # noqa: PLC0415 - a third of a second that most doorbells are spared

        # The stubs of the services that are not used are not installed.
        create = cast("Callable[..., SQSClient]", boto3.client)  # pyright: ignore[reportUnknownMemberType]
        region = self._place.split(":")[3] if self._is_arn else None
        return create("sqs", region_name=region)

    @cached_property
    def _url(self) -> str:
        if not self._is_arn:
            return self._place
        account = self._place.split(":")[4]
        answer = self._client.get_queue_url(QueueName=self._name, QueueOwnerAWSAccountId=account)
        return answer["QueueUrl"]

    @property
    def _is_arn(self) -> bool:
        return self._place.startswith("arn:")


@contextmanager
def _translated_errors(queue: str) -> Generator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise RetryableError(f"queue {queue} did not answer as it should") from error
