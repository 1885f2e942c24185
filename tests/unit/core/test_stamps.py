"""The stamp that a person names: by a key, by a file name, or alone."""

import pytest

from fleettickets.core.keys import Prefix

STAMP = "2026-06-15T17-00-00"


@pytest.mark.parametrize(
    "text",
    [
        f"automations/inc/changes/{STAMP}.csv",
        f"automations/inc/quarantine/{STAMP}.r2.csv",
        f"changes/{STAMP}.csv",
        f"{STAMP}.csv",
        STAMP,
        f"s3://isptickets/automations/inc/changes/{STAMP}.csv",
        f"2026-01-01T00-00-00/changes/{STAMP}.csv",
    ],
)
def test_stamp_is_found_in_a_key_a_name_or_alone(text: str) -> None:
    """Whatever a person copies from a message, a listing or the ledger names the file."""
    assert Prefix().stamp_of(text) == STAMP


@pytest.mark.parametrize(
    "text",
    [
        "",
        "automations/inc/changes/",
        "automations/inc/changes/latest.csv",
        "2026-6-15T17-0-0.csv",
        f"x{STAMP}.csv",
        f"{STAMP}.csv.gz",
        "٢٠٢٦-06-15T17-00-00.csv",
    ],
)
def test_anything_else_names_no_stamp(text: str) -> None:
    """Nothing is guessed at."""
    assert Prefix().stamp_of(text) is None
