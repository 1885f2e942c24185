"""Reading JSON documents that came from outside: what is not as promised is None."""

from collections.abc import Mapping, Sequence
from typing import cast


def mapping(value: object) -> Mapping[str, object] | None:
    """Return a JSON object; None for anything else."""
    return cast("Mapping[str, object]", value) if isinstance(value, dict) else None


def sequence(value: object) -> Sequence[object] | None:
    """Return a JSON array; None for anything else."""
    return cast("Sequence[object]", value) if isinstance(value, list) else None


def number(value: object) -> float | None:
    """Return a number, written as one or as text; it may be NaN. None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def text(value: object) -> str | None:
    """Return a text; None for anything else."""
    return value if isinstance(value, str) else None
