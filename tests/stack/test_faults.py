"""Trouble and load on the deployed stack, in a form that fits into every run.

The long forms are `make chaos` and `make soak`; docs/reliability.md has what they found.
"""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from tests.faults.servers import a_server_for_faults
from tests.faults.soak import SMALL, a_soak
from tests.faults.stages import Stage, a_stage
from tests.support.applications import LONG, Application
from tests.support.localstack import LocalStack
from tests.support.postgres import DatabaseServer

SEED = 2
ROUND_SECONDS = 60.0 if LONG else 25.0


@pytest.fixture(scope="module")
def stage(localstack: LocalStack, template: Path) -> Generator[Stage]:
    """The stack on a server of its own, which others do not notice to be killed."""
    with (
        a_server_for_faults() as server_url,
        a_stage(localstack, server_url, template) as stage,
    ):
        yield stage


def test_round_of_chaos(stage: Stage, record_property: Callable[[str, object], None]) -> None:
    """P1-P5: whatever store, server, messages and functions suffer, it ends like a clean run."""
    played = stage.play(SEED, ROUND_SECONDS)

    events = ", ".join(f"{name} {number}" for name, number in sorted(played.happened.items()))
    record_property(f"chaos, seed {SEED}", events)
    assert played.plan.counts.keys() <= played.happened.keys()


def test_small_load(
    application: Application,
    database_server: DatabaseServer,
    record_property: Callable[[str, object], None],
) -> None:
    """Each kind of load ends right: many files, a re-emission, late files, rejects."""
    with a_soak(application, database_server) as soak:
        for load in soak.run(SMALL):
            record_property("load", str(load))
