"""Features by column are the same features."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fleettickets.preview.columns import Column, to_columns

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=3)
)
degrees = st.floats(min_value=-180, max_value=180)
features = st.fixed_dictionaries(
    {
        "properties": st.dictionaries(st.sampled_from("abc"), scalars),
        "geometry": st.fixed_dictionaries(
            {"coordinates": st.lists(degrees, min_size=2, max_size=2)}
        ),
    }
)


def values_of(column: Column) -> list[Any]:
    """What the page reads from a column."""
    return column["values"] if "values" in column else [column["words"][at] for at in column["at"]]


def typed(values: list[Any]) -> list[tuple[type, Any]]:
    """The values with their types: to Python 1 equals 1.0 and True."""
    return [(type(value), value) for value in values]


@given(st.lists(features, max_size=12))
def test_columns_hold_every_property_of_every_feature(given_features: list[Any]) -> None:
    """What was a property is in its column, a missing one is None, types and order are kept."""
    table = to_columns(given_features)

    assert table["count"] == len(given_features)
    properties = [feature["properties"] for feature in given_features]
    for name in {name for one in properties for name in one}:
        found = values_of(table["columns"][name])
        assert typed(found) == typed([one.get(name) for one in properties])
    longitudes = [feature["geometry"]["coordinates"][0] for feature in given_features]
    assert values_of(table["columns"]["longitude"]) == longitudes


def test_words_that_repeat_are_written_once() -> None:
    """A cluster's name is in the page once, not a thousand times."""
    point = {"coordinates": [36.8, -1.3]}
    many = [{"properties": {"cluster": "Kilimani"}, "geometry": point} for _ in range(1000)]

    assert to_columns(many)["columns"]["cluster"]["words"] == ["Kilimani"]
