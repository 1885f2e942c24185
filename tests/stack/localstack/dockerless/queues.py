"""FIFO queues: a message that is moved to a dead-letter queue, or back, is never a duplicate.

Stock LocalStack moves messages with the deduplication id that they were sent with, so a redrive
within five minutes of the sending loses them. AWS gives moved messages ids of their own.
"""

# pyright: reportMissingImports=false

import itertools
from typing import Any

from localstack.services.sqs.models import FifoQueue

_SOURCE = "DeadLetterQueueSourceArn"


def keep_moved_messages() -> None:
    """Give each move an id of its own; what is back in its queue was never received."""
    stock = FifoQueue.put
    moves = itertools.count(1)

    def put(
        self: Any,
        message: dict[str, Any],
        *args: Any,
        message_deduplication_id: Any = None,
        **kwargs: Any,
    ) -> Any:
        attributes = message.get("Attributes") or {}
        if _SOURCE in attributes:
            message_deduplication_id = f"{message['MessageId']}.{next(moves)}"
        if attributes.get(_SOURCE) == self.arn:
            del attributes[_SOURCE]
            attributes["ApproximateReceiveCount"] = "0"
        return stock(
            self, message, *args, message_deduplication_id=message_deduplication_id, **kwargs
        )

    FifoQueue.put = put
