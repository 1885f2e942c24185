"""Plans of trouble: the same for the same seed, and with everything in them."""

from typing import get_args

from tests.faults.plans import DISTURBANCES, PutKind, make_plan
from tests.faults.proxies import STORE_FAULTS
from tests.faults.servers import SERVER_FAULTS


def test_seed_gives_the_same_plan_again() -> None:
    """So that a round that failed can be played again."""
    assert make_plan(7, 60) == make_plan(7, 60)
    assert make_plan(7, 60) != make_plan(8, 60)


def test_round_of_a_minute_has_trouble_of_every_kind() -> None:
    """Each put, each fault of server and store, each disturbance; in the order of their times."""
    plan = make_plan(1, 60)

    kinds = {*get_args(PutKind.__value__), *DISTURBANCES, *SERVER_FAULTS, *STORE_FAULTS}
    assert plan.counts.keys() == kinds
    times = [action.at for action in plan.actions]
    assert times == sorted(times)
    assert max(times) <= plan.seconds
