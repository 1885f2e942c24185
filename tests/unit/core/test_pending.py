"""What is still to do: the listing, less the ledger, in order."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.keys import Prefix
from fleettickets.core.pending import PendingFile, Sorting, count_through, sort_listing

PREFIX = Prefix()
NOW = datetime(2026, 6, 30, 12, tzinfo=UTC)
FIRST, SECOND, THIRD = (f"2026-06-{day:02}T17-00-00" for day in (1, 2, 3))


@dataclass(frozen=True, slots=True)
class Item:
    """An object of a listing."""

    key: str
    etag: str = "etag"
    size_bytes: int = 10
    modified_at: datetime | None = None


def a_listing(*stamps: str, etag: str = "etag") -> list[Item]:
    """List the change files of these stamps."""
    return [Item(PREFIX.change_key(stamp), etag) for stamp in stamps]


def a_manifest(*stamps: str) -> list[PendingFile]:
    """Return a manifest of archived files, in this order."""
    return [
        PendingFile(PREFIX.processed_key(stamp, 1), stamp, "archived", 10, position)
        for position, stamp in enumerate(stamps, start=1)
    ]


def sort(
    listing: list[Item],
    settled: dict[str, str] | None = None,
    manifest: list[PendingFile] | None = None,
) -> Sorting:
    """Sort a listing at a fixed time."""
    return sort_listing(
        listing, prefix=PREFIX, now=NOW, settled_etags=settled or {}, manifest=manifest or []
    )


def through(sorting: Sorting, key: str) -> tuple[PendingFile, ...]:
    """Return the pending files up to a doorbell's key."""
    return sorting.pending[: count_through(sorting.pending, key)]


def stamps_of(files: tuple[PendingFile, ...]) -> list[str]:
    """Return the stamps of files, in order."""
    return [file.stamp for file in files]


def test_pending_files_are_in_stamp_order() -> None:
    """However the store lists them."""
    sorting = sort(a_listing(THIRD, FIRST, SECOND))

    assert stamps_of(sorting.pending) == [FIRST, SECOND, THIRD]


@given(
    stamps=st.permutations(
        [
            f"2026-06-{day:02}T{hour:02}-00-00"
            for day, hour in [(1, 0), (1, 23), (2, 5), (10, 5), (11, 4)]
        ]
    )
)
def test_order_does_not_depend_on_the_listing(stamps: list[str]) -> None:
    """Bytewise by stamp."""
    assert stamps_of(sort(a_listing(*stamps)).pending) == sorted(stamps)


def test_file_carries_what_the_listing_says() -> None:
    """Key, etag and size come from the listing; outside a manifest there is no position."""
    sorting = sort([Item(PREFIX.change_key(FIRST), "e1", 42)])

    assert sorting.pending == (PendingFile(PREFIX.change_key(FIRST), FIRST, "e1", 42, None),)


def test_settled_content_waits_for_its_archive_step() -> None:
    """The ledger's latest etag of the stamp is the listed one: not pending."""
    sorting = sort(a_listing(FIRST, SECOND), {FIRST: "etag"})

    assert stamps_of(sorting.pending) == [SECOND]
    assert stamps_of(sorting.settled) == [FIRST]


def test_other_content_of_a_settled_stamp_is_pending() -> None:
    """It was overwritten since."""
    sorting = sort(a_listing(FIRST, etag="new"), {FIRST: "old"})

    assert stamps_of(sorting.pending) == [FIRST]
    assert sorting.settled == ()


@pytest.mark.parametrize("stamp", ["2062-06-15T17-00-00", "2026-02-30T17-00-00"])
def test_held_key_is_neither_pending_nor_foreign(stamp: str) -> None:
    """It is named, so that somebody can be told."""
    sorting = sort(a_listing(stamp, FIRST))

    assert sorting.held == (PREFIX.change_key(stamp),)
    assert stamps_of(sorting.pending) == [FIRST]
    assert sorting.foreign == ()


def test_settled_key_with_a_held_stamp_is_settled() -> None:
    """A person skipped it: it still has to leave changes/."""
    stamp = "2062-06-15T17-00-00"

    sorting = sort(a_listing(stamp), {stamp: "etag"})

    assert stamps_of(sorting.settled) == [stamp]
    assert sorting.held == ()


@pytest.mark.parametrize(
    "key",
    [
        "automations/inc/changes/notes.txt",
        f"automations/inc/changes/old/{FIRST}.csv",
        f"automations/inc/changes/{FIRST}.r2.csv",
        f"automations/inc/processed/{FIRST}.csv",
        f"elsewhere/changes/{FIRST}.csv",
    ],
)
def test_foreign_key_is_left_where_it_is(key: str) -> None:
    """It is named and nothing else."""
    sorting = sort([Item(key)])

    assert sorting == Sorting(pending=(), settled=(), held=(), foreign=(key,))


def test_manifest_comes_first_in_its_own_order() -> None:
    """Newer arrivals with older stamps wait for it."""
    sorting = sort(a_listing(FIRST), manifest=a_manifest(SECOND, THIRD))

    assert stamps_of(sorting.pending) == [SECOND, THIRD, FIRST]
    assert [file.position for file in sorting.pending] == [1, 2, None]


def test_stamp_that_the_manifest_still_names_is_left_to_it() -> None:
    """The content in changes/ comes after the archived ones of its stamp."""
    sorting = sort(a_listing(FIRST, SECOND), manifest=a_manifest(FIRST))

    assert [file.key for file in sorting.pending] == [
        PREFIX.processed_key(FIRST, 1),
        PREFIX.change_key(SECOND),
    ]


def test_settled_file_of_an_awaited_stamp_is_not_archived_yet() -> None:
    """Its manifest file may still settle another content of the stamp after it."""
    sorting = sort(a_listing(FIRST), {FIRST: "etag"}, manifest=a_manifest(FIRST))

    assert sorting.settled == ()


def test_through_a_key_takes_what_comes_before_it_and_itself() -> None:
    """The doorbell's key ends the work."""
    sorting = sort(a_listing(FIRST, SECOND, THIRD))

    assert stamps_of(through(sorting, PREFIX.change_key(SECOND))) == [FIRST, SECOND]


def test_through_a_key_that_is_not_listed_takes_what_would_come_before_it() -> None:
    """It is settled or gone; the older files are still to do."""
    sorting = sort(a_listing(FIRST, THIRD))

    assert stamps_of(through(sorting, PREFIX.change_key(SECOND))) == [FIRST]


def test_through_a_key_of_the_manifest_takes_its_forerunners_there() -> None:
    """The order is the manifest's."""
    sorting = sort(a_listing(FIRST), manifest=a_manifest(SECOND, THIRD))

    assert stamps_of(through(sorting, PREFIX.processed_key(SECOND, 1))) == [SECOND]


def test_through_a_new_key_takes_the_whole_manifest_first() -> None:
    """Even files with stamps above the doorbell's."""
    sorting = sort(a_listing(FIRST, SECOND), manifest=a_manifest(THIRD))

    assert stamps_of(through(sorting, PREFIX.change_key(FIRST))) == [THIRD, FIRST]


def test_through_an_unlisted_key_takes_the_whole_manifest_too() -> None:
    """A doorbell for a key that is gone still drives what comes before it."""
    sorting = sort(a_listing(FIRST), manifest=a_manifest(THIRD))

    assert stamps_of(through(sorting, PREFIX.change_key(SECOND))) == [THIRD, FIRST]
