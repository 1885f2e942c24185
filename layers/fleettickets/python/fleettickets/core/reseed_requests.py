"""Reseed requests: what a person asks of the state machine, read strictly."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from fleettickets.errors import InputError

NAMES = ("apply", "plan_sha256", "allow_missing")
_PLAN = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ReseedRequest:
    """What is asked: to plan, or with `apply` to apply the plan of this hash.

    `plan_sha256` is None in a request for a plan only. `allow_missing` accepts that files which
    were applied are no longer there.
    """

    apply: bool
    plan_sha256: str | None
    allow_missing: bool

    @property
    def plan(self) -> str:
        """The plan to apply.

        Raises:
            InputError: the request names none.
        """
        if self.plan_sha256 is None:
            raise InputError('to apply, give the "plan_sha256" that a plan has reported')
        return self.plan_sha256


def parse_reseed_request(request: Mapping[str, object]) -> ReseedRequest:
    """Read a request; what it leaves out is a plan, no hash, nothing missing.

    Raises:
        InputError: a name that there is not, or a value of the wrong kind.
    """
    if unknown := sorted(request.keys() - set(NAMES)):
        raise InputError(
            f"unknown in the input: {', '.join(unknown)}; there are {', '.join(NAMES)}"
        )
    apply, allow_missing = _flag(request, "apply"), _flag(request, "allow_missing")
    return ReseedRequest(apply, _plan_sha256(request), allow_missing)


def _flag(request: Mapping[str, object], name: str) -> bool:
    value = request.get(name, False)
    if not isinstance(value, bool):
        raise InputError(f'"{name}" must be true or false, not {value!r}')
    return value


def _plan_sha256(request: Mapping[str, object]) -> str | None:
    value = request.get("plan_sha256")
    if value is None or (isinstance(value, str) and _PLAN.fullmatch(value)):
        return value
    raise InputError('"plan_sha256" must be the 64 hexadecimal digits that a plan has reported')
