"""Place names, compared without what does not tell places apart."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.place_names import folded, is_distinctive, without_detail


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Murang\u2019a Town", "muranga town"),
        ("Lang'ata", "langata"),
        ("Lunga-Lunga", "lunga lunga"),
        ("Ialá", "iala"),
        ("  Buru  Buru. ", "buru buru"),
        ("基利菲", ""),
    ],
)
def test_name_is_folded(name: str, expected: str) -> None:
    """Accents, apostrophes, case and punctuation do not tell places apart."""
    assert folded(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("muranga town", "muranga"),
        ("umoja 2", "umoja"),
        ("donholm phase 5", "donholm"),
        ("nyayo estate gate c", "nyayo"),
        ("kahawa sukari block b", "kahawa sukari"),
        ("karen c", "karen"),
        ("section 9", "section"),
        ("estate", "estate"),
        ("nairobi west", "nairobi west"),
        ("phase", "phase"),
        ("", ""),
    ],
)
def test_detail_is_left_off_the_end(name: str, expected: str) -> None:
    """But never all of a name, and never what makes it another place."""
    assert without_detail(name) == expected


@pytest.mark.parametrize("name", ["section", "town centre", "south", "b", "9", "", "old road 5b"])
def test_description_names_no_place(name: str) -> None:
    """Every town has a centre."""
    assert not is_distinctive(name)


@pytest.mark.parametrize("name", ["rongai", "nairobi west", "south horr"])
def test_one_word_is_enough_to_tell_a_place(name: str) -> None:
    """The rest may be description."""
    assert is_distinctive(name)


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(name: str) -> None:
    """Files and queries are folded alike."""
    once = folded(name)

    assert folded(once) == once
