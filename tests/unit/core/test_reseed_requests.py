"""Requests for a reseed: read strictly, since a mistake in one must not apply anything."""

import pytest

from fleettickets.core.reseed_requests import ReseedRequest, parse_reseed_request
from fleettickets.errors import InputError

PLAN = "0123456789abcdef" * 4


def test_nothing_said_is_a_plan() -> None:
    """P7: a dry run is the default."""
    assert parse_reseed_request({}) == ReseedRequest(
        apply=False, plan_sha256=None, allow_missing=False
    )


def test_all_that_can_be_said() -> None:
    """As the state machine hands it on."""
    request = parse_reseed_request({"apply": True, "plan_sha256": PLAN, "allow_missing": True})

    assert request == ReseedRequest(apply=True, plan_sha256=PLAN, allow_missing=True)
    assert request.plan == PLAN


@pytest.mark.parametrize(
    ("request_", "says"),
    [
        ({"aply": True}, "unknown in the input: aply"),
        ({"apply": "true"}, '"apply" must be true or false'),
        ({"apply": None}, '"apply" must be true or false'),
        ({"allow_missing": 1}, '"allow_missing" must be true or false'),
        ({"plan_sha256": PLAN[1:]}, "64 hexadecimal digits"),
        ({"plan_sha256": PLAN.upper()}, "64 hexadecimal digits"),
        ({"plan_sha256": 7}, "64 hexadecimal digits"),
    ],
)
def test_what_is_not_understood_is_refused(request_: dict[str, object], says: str) -> None:
    """With what is wrong about it."""
    with pytest.raises(InputError, match=says):
        parse_reseed_request(request_)


def test_apply_needs_a_plan() -> None:
    """There is no plan to fall back on."""
    with pytest.raises(InputError, match='give the "plan_sha256"'):
        _ = parse_reseed_request({"apply": True}).plan
