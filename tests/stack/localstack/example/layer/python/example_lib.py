"""What the example's functions share by their layer."""

import json
import time


def log(level: str, **fields: object) -> None:
    """Print an event."""
    print(json.dumps({"level": level, **fields}), flush=True)  # noqa: T201 - that is a log here


def count_applied(stack: str) -> None:
    """Print an embedded metric."""
    metric = {"Namespace": stack, "Dimensions": [[]], "Metrics": [{"Name": "Applied"}]}
    moment = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [metric]}
    log("INFO", _aws=moment, Applied=1)
