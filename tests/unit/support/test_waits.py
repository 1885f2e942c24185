"""Waiting for what other processes do."""

import pytest

from tests.support.waits import WaitedInVainError, wait_until


def test_wait_returns_what_was_waited_for() -> None:
    """The first thing seen that is true."""
    seen = iter([None, 0, "", "there", "later"])

    assert wait_until(lambda: next(seen), "something", poll_seconds=0.0) == "there"


def test_waiting_in_vain_says_for_what() -> None:
    """With what was seen last, so that the log of a failed test tells where things stood."""
    with pytest.raises(WaitedInVainError, match="in vain for 3 rows; last seen: 0"):
        wait_until(lambda: 0, "3 rows", timeout_seconds=0.0, poll_seconds=0.0)
