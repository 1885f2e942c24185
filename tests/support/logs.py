"""The package's logger, which the command line and Powertools each set up for their process."""

import logging
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def log_as_before() -> Generator[None]:
    """Leave the logger after the block what it was before: in tests all share one process."""
    log = logging.getLogger("fleettickets")
    before = vars(log) | {"handlers": list(log.handlers)}
    try:
        yield
    finally:
        vars(log).clear()
        vars(log).update(before)
