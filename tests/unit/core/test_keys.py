"""Keys: the grammar of the stream, and which stamps are held."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.keys import EAT, ParsedKey, Prefix, is_held, stamp_time
from fleettickets.errors import SettingError

STAMP = "2026-06-15T17-00-00"
NOW = datetime(2026, 6, 15, 14, 0, tzinfo=UTC)  # 17:00 EAT


def test_folders_and_keys_lie_below_the_prefix() -> None:
    """The default prefix is the producer's; every folder ends in a slash."""
    prefix = Prefix()

    folders = (prefix.changes, prefix.processed, prefix.quarantine, prefix.reports)

    assert folders == (
        "automations/inc/changes/",
        "automations/inc/processed/",
        "automations/inc/quarantine/",
        "automations/inc/reports/",
    )
    assert prefix.change_key(STAMP) == f"automations/inc/changes/{STAMP}.csv"


def test_a_further_content_of_a_stamp_gets_a_number() -> None:
    """The first copy has the plain name, the n-th has `.r<n>`."""
    prefix = Prefix("feed")

    keys = (prefix.processed_key(STAMP, 1), prefix.quarantine_key(STAMP, 2))

    assert keys == (f"feed/processed/{STAMP}.csv", f"feed/quarantine/{STAMP}.r2.csv")


def test_empty_prefix_is_the_root_of_the_bucket() -> None:
    """With no prefix the folders stand at the root, without a slash before them."""
    prefix = Prefix("")

    parsed = prefix.parse(f"changes/{STAMP}.csv")

    assert prefix.changes == "changes/"
    assert parsed == ParsedKey("changes", STAMP, 1)


@pytest.mark.parametrize("text", ["/inc", "inc/", "a//b", "/", ".", "a/../b", "a/.", "a\nb", "\0"])
def test_prefix_that_no_listing_could_serve_is_refused(text: str) -> None:
    """A wrong prefix would list nothing and look like a quiet day."""
    with pytest.raises(SettingError, match="TICKETS_PREFIX"):
        Prefix(text)


@given(
    st.sampled_from(["automations/inc", "", "a b/ü"]),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}-[0-9]{2}-[0-9]{2}", fullmatch=True).filter(
        str.isascii
    ),
    st.integers(1, 99_999),
)
def test_every_key_that_is_made_is_parsed_back(text: str, stamp: str, copy: int) -> None:
    """Making and parsing keys are each other's inverse."""
    prefix = Prefix(text)

    parsed = (
        prefix.parse(prefix.change_key(stamp)),
        prefix.parse(prefix.processed_key(stamp, copy)),
        prefix.parse(prefix.quarantine_key(stamp, copy)),
    )

    assert parsed == (
        ParsedKey("changes", stamp, 1),
        ParsedKey("processed", stamp, copy),
        ParsedKey("quarantine", stamp, copy),
    )


@pytest.mark.parametrize(
    "key",
    [
        "automations/inc/changes/2018-8-9T00-00-00.csv",
        "automations/inc/changes/2026-06-15T17:00:00.csv",
        "automations/inc/changes/2026-06-15 17-00-00.csv",
        f"automations/inc/changes/{STAMP}.CSV",
        f"automations/inc/changes/{STAMP}.csv.gz",
        f"automations/inc/changes/{STAMP}.csv\n",
        f"automations/inc/changes/{STAMP}-2.csv",
        f"automations/inc/changes/{STAMP}.r2.csv",
        f"automations/inc/changes/old/{STAMP}.csv",
        f"automations/inc/changes//{STAMP}.csv",
        f"automations/inc/reports/{STAMP}.csv",
        f"automations/inc/{STAMP}.csv",
        f"automations/crq/changes/{STAMP}.csv",
        f"x/automations/inc/changes/{STAMP}.csv",
        f"automations/inc/processed/{STAMP}.r0.csv",
        f"automations/inc/processed/{STAMP}.r1.csv",
        f"automations/inc/processed/{STAMP}.r02.csv",
        f"automations/inc/processed/{STAMP}.r{'9' * 5000}.csv",
        "automations/inc/changes/٢٠٢٦-06-15T17-00-00.csv",
        "automations/inc/changes/",
        "",
    ],
)
def test_other_names_are_foreign(key: str) -> None:
    """Unpadded, suffixed, nested and unknown names are never guessed at."""
    parsed = Prefix().parse(key)

    assert parsed is None


def test_stamp_names_a_time_in_east_africa() -> None:
    """17:00 EAT is 14:00 UTC, on any day of the year."""
    named = stamp_time(STAMP)

    assert named == datetime(2026, 6, 15, 14, 0, tzinfo=UTC)
    assert named is not None
    assert named.tzinfo is EAT


@pytest.mark.parametrize(
    "stamp",
    [
        "2026-02-30T10-00-00",
        "2025-02-29T10-00-00",
        "2026-13-01T10-00-00",
        "2026-06-15T24-00-00",
        "2026-06-15T10-60-00",
        "2026-06-15T10-00-60",
        "0000-01-01T00-00-00",
        "2026-6-15T10-00-00",
        "now",
        "",
    ],
)
def test_stamp_that_is_no_real_time_is_held(stamp: str) -> None:
    """Neither the calendar's gaps nor the clock's are bent into a time."""
    assert stamp_time(stamp) is None
    assert is_held(stamp, NOW)


@pytest.mark.parametrize(
    ("stamp", "held"),
    [
        ("2026-06-15T17-15-00", False),
        ("2026-06-15T17-15-01", True),
        ("2062-06-15T17-00-00", True),
        ("9999-12-31T23-59-59", True),
        ("2026-06-15T16-00-00", False),
        ("0001-01-01T00-00-00", False),
    ],
)
def test_stamp_too_far_ahead_is_held(*, stamp: str, held: bool) -> None:
    """Fifteen minutes ahead are the clocks' difference; a second more is not."""
    assert is_held(stamp, NOW) is held


def test_held_file_is_released_when_its_time_comes() -> None:
    """Held depends on now alone, so nothing has to remember it."""
    stamp = "2026-06-15T18-00-00"

    held = [is_held(stamp, NOW + timedelta(minutes=minutes)) for minutes in (0, 44, 45, 600)]

    assert held == [True, True, False, False]
