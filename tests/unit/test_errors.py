"""The errors: two families, a tree that is drawn as it is, and texts for people."""

import inspect
import re
from datetime import UTC, datetime

import pytest

from fleettickets import errors
from fleettickets.errors import (
    FileQuarantineError,
    FleetticketsError,
    GeocoderQuotaError,
    MigrationError,
    ObjectChangedError,
    ObjectGoneError,
    PermanentError,
    RetryableError,
    SettingError,
    SourceMismatchError,
)

CLASSES = {
    name: value
    for name, value in vars(errors).items()
    if inspect.isclass(value) and issubclass(value, FleetticketsError)
}


def _drawn_parents() -> dict[str, str]:
    """Read the tree of the module's docstring: each name with its parent's."""
    lines = re.findall(r"^( *)(?:[│├└─ ]*)(\w+Error)\b", str(errors.__doc__), re.MULTILINE)
    parents, branch = dict[str, str](), list[tuple[int, str]]()
    for _, name in lines:
        line = next(line for line in str(errors.__doc__).splitlines() if f"{name} " in f"{line} ")
        depth = line.index(name)
        while branch and branch[-1][0] >= depth:
            branch.pop()
        if branch:
            parents[name] = branch[-1][1]
        branch.append((depth, name))
    return parents


def test_drawn_tree_is_the_real_one() -> None:
    """The drawing in the docstring names every class under its base."""
    real = {name: cls.__bases__[0].__name__ for name, cls in CLASSES.items()}
    del real["FleetticketsError"]

    assert _drawn_parents() == real


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_error_says_what_the_caller_does(name: str) -> None:
    """It belongs to one of the two families, and its name ends in Error."""
    cls = CLASSES[name]

    families = [family for family in (RetryableError, PermanentError) if issubclass(cls, family)]
    assert name.endswith("Error")
    assert len(families) == 1 or cls is FleetticketsError


@pytest.mark.parametrize(
    ("error", "attributes"),
    [
        (ObjectChangedError("k"), {"key": "k"}),
        (ObjectGoneError("k"), {"key": "k"}),
        (SettingError("TICKETS_BUCKET", "not set"), {"setting": "TICKETS_BUCKET"}),
        (MigrationError("01_a.sql", "changed"), {"filename": "01_a.sql"}),
        (FileQuarantineError("no ticket_id"), {"reason": "no ticket_id"}),
        (SourceMismatchError("s3://new", "s3://old"), {"configured": "s3://new"}),
    ],
)
def test_text_names_what_it_is_about(error: FleetticketsError, attributes: dict[str, str]) -> None:
    """What a handler can ask for by name, a person can read in the text."""
    for name, value in attributes.items():
        assert getattr(error, name) == value
        assert value in str(error)


def test_quota_says_when_to_resume() -> None:
    """For the caller as a time, for people in the text."""
    error = GeocoderQuotaError("the day's calls are used", datetime(2026, 6, 16, tzinfo=UTC))

    assert error.resume_at == datetime(2026, 6, 16, tzinfo=UTC)
    assert "from 2026-06-16 00:00:00 UTC" in str(error)


def test_source_mismatch_says_what_to_do() -> None:
    """Both sources, and both ways out."""
    text = str(SourceMismatchError("s3://new", "s3://old"))

    assert "s3://old" in text
    assert "--reseed" in text
