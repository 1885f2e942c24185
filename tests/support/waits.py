"""Waiting for what other processes do, no longer than it takes."""

import time
from collections.abc import Callable

POLL_SECONDS = 0.1


class WaitedInVainError(AssertionError):
    """What was waited for has not come."""


def wait_until[T](
    observe: Callable[[], T],
    what: str,
    *,
    timeout_seconds: float = 30.0,
    poll_seconds: float = POLL_SECONDS,
) -> T:
    """Observe until something true comes back, and return it.

    Raises:
        WaitedInVainError: it has not come within the time; `what` says what was waited for.
    """
    deadline = time.monotonic() + timeout_seconds
    while not (seen := observe()):
        if time.monotonic() > deadline:
            message = f"waited {timeout_seconds:g} s in vain for {what}; last seen: {seen!r}"
            raise WaitedInVainError(message)
        time.sleep(poll_seconds)
    return seen
