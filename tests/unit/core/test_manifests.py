"""The hash of a plan: what it stands for, what it leaves out, and the names of what changed."""

from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.manifests import (
    Changes,
    Identity,
    compare_listings,
    covered_files,
    plan_digest,
)

KNOWN = "41288205cfc7b81156ce9c441656814959d3233acc96831dbd3a3736d8715d9c"
IDENTITY = Identity(generation=1, source="s3://tickets/automations/inc", cleaning_version=1)


@dataclass(frozen=True, slots=True)
class File:
    """A content as a listing shows it."""

    stamp: str
    etag: str
    object_key: str = "key"


def _files(text: str) -> list[File]:
    """Return a file for each word, `stamp` and `etag` a letter each, under its stamp's key."""
    return [File(word[0], word[1:], f"{word[0]}.csv") for word in text.split()]


contents = st.lists(
    st.builds(File, st.sampled_from("abcd"), st.sampled_from("123")), max_size=8
).map(lambda files: sorted(files, key=lambda file: file.stamp))


@given(contents, contents)
def test_equal_hash_means_equal_contents(one: list[File], other: list[File]) -> None:
    """Two listings share it only if they are the same, repeated contents of a stamp left out."""
    is_same = plan_digest(IDENTITY, one) == plan_digest(IDENTITY, other)

    assert is_same == (_distinct(one) == _distinct(other))


def _distinct(files: list[File]) -> list[tuple[str, str]]:
    pairs = [(file.stamp, file.etag) for file in files]
    return [pair for place, pair in enumerate(pairs) if place == 0 or pairs[place - 1] != pair]


@given(contents, contents)
def test_later_stamps_never_void_a_plan(files: list[File], later: list[File]) -> None:
    """All of the plan's files are covered, and none of the later ones."""
    above = [replace(file, stamp=f"z{file.stamp}") for file in later]

    covered = covered_files(IDENTITY, [*files, *above], plan_digest(IDENTITY, files))

    assert covered == len(files)


@pytest.mark.parametrize(
    "other",
    [
        replace(IDENTITY, generation=2),
        replace(IDENTITY, source="s3://other/automations/inc"),
        replace(IDENTITY, cleaning_version=2),
    ],
)
def test_hash_is_of_one_generation_source_and_set_of_rules(other: Identity) -> None:
    """A plan says what it does to these tickets, from this place, by these rules."""
    files = _files("a1 b1")

    assert covered_files(other, files, plan_digest(IDENTITY, files)) is None


@pytest.mark.parametrize("listed", ["a1", "a2 b1", "a1 b1 b2", "a1 a2 b1", "b1", ""])
def test_anything_else_up_to_the_last_stamp_voids_it(listed: str) -> None:
    """A missing, a changed and a further content, at the last stamp too."""
    plan_sha256 = plan_digest(IDENTITY, _files("a1 b1"))

    assert covered_files(IDENTITY, _files(listed), plan_sha256) is None


def test_content_that_lies_in_two_places_counts_once() -> None:
    """As between the copy and the deletion of an archive step."""
    assert plan_digest(IDENTITY, _files("a1 a1")) == plan_digest(IDENTITY, _files("a1"))
    assert plan_digest(IDENTITY, _files("a1 a2 a1")) != plan_digest(IDENTITY, _files("a1 a2"))


def test_empty_plan_covers_nothing_of_any_listing() -> None:
    """Everything that comes later is added."""
    assert covered_files(IDENTITY, _files("a1"), plan_digest(IDENTITY, [])) == 0


def test_what_changed_is_named_by_kind() -> None:
    """Up to the plan's last stamp; what lies above it is no change."""
    changes = compare_listings(_files("a1 b1 d1"), _files("b2 c1 d1 d1 e1"))

    assert changes == Changes(new=("c.csv",), missing=("a.csv",), changed=("b.csv",))


def test_hash_is_known() -> None:
    """It stands in ledgers and reports: a change of its making voids every open plan."""
    assert plan_digest(IDENTITY, _files("a1 b2")) == KNOWN
