"""S3 events in EventBridge: in the order of the writes, with rising sequencers and plain keys.

AWS promises no order between keys either; but here three threads swap one pair in ten, which would
make every test of order a matter of luck. Random order is what the tests put in themselves.
"""

# pyright: reportMissingImports=false

import concurrent.futures
import itertools
import json
import time
import urllib.parse
from typing import Any

from localstack.services.events import provider as events
from localstack.services.s3 import notifications


def keep_events_in_order() -> None:
    """Let one thread send S3's events, and another one match them with the rules."""
    notifications.NotificationDispatcher.__init__.__defaults__ = (1,)
    worker = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="events-in-order")

    def start_worker_thread(method: Any, params: Any = None, **_: object) -> Any:
        return worker.submit(method, params)

    events.start_worker_thread = start_worker_thread


def mend_events() -> None:
    """Mend what stock LocalStack writes: a constant sequencer, quoted keys, a long reason."""
    stock = notifications.EventBridgeNotifier._get_event_payload  # noqa: SLF001 - no public way
    sequence = itertools.count(time.time_ns())

    def mended(*args: Any, **kwargs: Any) -> Any:
        entry = stock(*args, **kwargs)
        detail = json.loads(entry["Detail"])
        detail["object"]["key"] = urllib.parse.unquote(detail["object"]["key"])
        if "sequencer" in detail["object"]:
            detail["object"]["sequencer"] = f"{next(sequence):018X}"
        if "reason" in detail:  # "s3:ObjectCreated:CompleteMultipartUpload"
            detail["reason"] = detail["reason"].rpartition(":")[2]
        return {**entry, "Detail": json.dumps(detail)}

    notifications.EventBridgeNotifier._get_event_payload = staticmethod(mended)  # noqa: SLF001
