"""The gazetteer: places from files, without a network."""

import csv
import random
import time
import tracemalloc
from itertools import product
from pathlib import Path

import pytest

from fleettickets.clients.geocoders.gazetteer import PACKAGED_FILES, Gazetteer, read_places
from fleettickets.core.candidates import choose
from fleettickets.core.locations import clean_location_name, cluster_query, location_query
from fleettickets.core.points import Point, distance_metres
from fleettickets.errors import SettingError
from fleettickets.samples.location_names import location_name
from fleettickets.samples.places import PLACES
from tests.unit.clients.geocoders.queries import a_cluster, a_location, all_day

HEADER = "name,latitude,longitude,admin1,population,feature_code,alternate_names\n"
PLACES_CSV = (
    "# a comment\n"
    + HEADER
    + "Rongai,-0.17344,35.86313,39,30471,PPL,\n"
    + "Ongata Rongai,-1.3953,36.764,19,172569,PPL,Langata Rongai\n"
    + "Makutano,0.3,37.0,1,100,PPL,\n"
    + "Makutano,-0.9,37.1,2,900,PPL,\n"
    + 'Murang\u2019a,-0.721,37.15,29,11775,PPLA,"Fort Hall,Murang\'a Municipality"\n'
    + "Umoja,-1.282,36.897,05,,PPLX,\n"
    + "Section 58,-0.289,36.093,,,,\n"
    + "Kiambu,-1.1,36.8,32,,ADM1,\n"
)
WORDS = ["".join(parts) + "ni" for parts in product(("ka", "mu", "na", "ru", "to"), repeat=4)]
NEAR_RONGAI = Point(36.743, -1.396)
NEAR_THIKA = Point(37.069, -1.033)


@pytest.fixture
def gazetteer(tmp_path: Path) -> Gazetteer:
    """A gazetteer of a few places."""
    file = tmp_path / "places.csv"
    file.write_text(PLACES_CSV, encoding="utf-8")
    return Gazetteer([file])


def names_near(gazetteer: Gazetteer, name: str, near: Point) -> list[tuple[float, float | None]]:
    """Return what is found for a location: latitude and sureness, in its order."""
    found = gazetteer.search(a_location(name, near=near), all_day)
    return [(c.point.latitude, c.confidence) for c in found if c.point is not None]


def test_namesake_does_not_hide_the_place_nearby(gazetteer: Gazetteer) -> None:
    """Rongai in Nakuru has the very name and is 169 km off; Ongata Rongai is meant."""
    query = a_location("Rongai", "Ongata Rongai", NEAR_RONGAI)

    candidates = gazetteer.search(query, all_day)

    assert [c.confidence for c in candidates] == [1.0, 0.6]
    assert choose(query, candidates).point == Point(36.764, -1.3953)


def test_nearest_of_namesakes_comes_first(gazetteer: Gazetteer) -> None:
    """For a location the distance decides."""
    assert names_near(gazetteer, "Makutano", NEAR_THIKA) == [(-0.9, 1.0), (0.3, 1.0)]


def test_largest_of_namesakes_comes_first_for_a_cluster(gazetteer: Gazetteer) -> None:
    """For a cluster there is no distance to go by."""
    found = gazetteer.search(a_cluster("Makutano"), all_day)

    assert [c.point for c in found] == [Point(37.1, -0.9), Point(37.0, 0.3)]


@pytest.mark.parametrize(
    ("name", "sureness"),
    [
        ("Murang'a", 1.0),
        ("MURANGA", 1.0),
        ("Fort Hall", 0.9),
        ("Murang'a Town", 0.8),
        ("Umoja", 1.0),
        ("Umoja 2", 0.8),
        ("Umoja Phase 1 Block B", 0.8),
        ("Section 58", 1.0),
    ],
)
def test_spelling_and_detail_do_not_hide_a_place(
    gazetteer: Gazetteer, name: str, sureness: float
) -> None:
    """The less of the name was compared, the less sure it is."""
    assert [found for _, found in names_near(gazetteer, name, NEAR_THIKA)] == [sureness]


@pytest.mark.parametrize(
    "name", ["Section 9", "Section", "CBD", "Town Centre", "Umoja West", "Rongai Hall", "Estate"]
)
def test_other_place_is_not_taken_for_it(gazetteer: Gazetteer, name: str) -> None:
    """Section 9 is not Section 58, and a word more makes another place."""
    assert names_near(gazetteer, name, NEAR_THIKA) == []


def test_part_of_a_name_is_not_enough_for_a_cluster(gazetteer: Gazetteer) -> None:
    """No distance would tell that it is the wrong one."""
    assert len(gazetteer.search(a_cluster("Ongata"), all_day)) == 0
    assert len(gazetteer.search(a_location("Ongata"), all_day)) == 1


def test_county_is_coarse(gazetteer: Gazetteer) -> None:
    """Files made of a full dump have divisions too."""
    query = a_location("Kiambu", near=Point(36.8, -1.1))

    assert choose(query, gazetteer.search(query, all_day)).reason == "too_coarse"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("name,latitude\nA,1\n", "lacks the column longitude"),
        ("", "lacks the column latitude, longitude, name"),
        (HEADER + "A,1,36\nB,one,36\n", "place 2: no name, or no coordinate"),
        (HEADER + ",1,36\n", "place 1"),
        (HEADER + "A,0,0\n", "place 1"),
        (HEADER + "A,nan,36\n", "place 1"),
        (HEADER + "A\n", "place 1"),
    ],
)
def test_broken_file_is_a_wrong_setting(tmp_path: Path, content: str, message: str) -> None:
    """The message names file and line: half a gazetteer would look like many unknown places."""
    file = tmp_path / "places.csv"
    file.write_text(content, encoding="utf-8")

    with pytest.raises(SettingError, match=message) as raised:
        list(read_places(file))

    assert raised.value.setting == "GAZETTEER_FILE"
    assert str(file) in str(raised.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe\x00"])
def test_unreadable_file_is_a_wrong_setting(tmp_path: Path, content: bytes | None) -> None:
    """Missing, or of another encoding: the message says how to make one."""
    file = tmp_path / "places.csv"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(SettingError, match="fleettickets gazetteer"):
        Gazetteer([file]).search(a_location(), all_day)


def test_endless_cell_is_a_wrong_setting(tmp_path: Path) -> None:
    """The mark of a stray quote."""
    file = tmp_path / "places.csv"
    file.write_text('name,latitude,longitude\n"' + "a" * 100)
    limit = csv.field_size_limit(50)

    try:
        with pytest.raises(SettingError, match="fleettickets gazetteer"):
            list(read_places(file))
    finally:
        csv.field_size_limit(limit)


def test_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """As spreadsheets write it; the columns beyond the first three may be missing."""
    file = tmp_path / "places.csv"
    file.write_text("name,latitude,longitude\nYala,0.09438,34.53602\n", encoding="utf-8-sig")

    places = list(read_places(file))

    assert [(place.name, place.point) for place in places] == [("Yala", Point(34.53602, 0.09438))]


def test_packaged_files_know_the_sample_clusters() -> None:
    """All but Diani, so that the demo has tickets without a point too; to about 4 km."""
    gazetteer, unknown = Gazetteer(), list[str]()
    for place in PLACES:
        query = cluster_query(place.cluster)
        assert query is not None
        point = choose(query, gazetteer.search(query, all_day)).point
        if point is None:
            unknown.append(place.cluster)
        else:
            assert distance_metres(point, Point(place.longitude, place.latitude)) < 4_000

    assert unknown == ["Diani"]


def test_packaged_files_know_most_sample_areas() -> None:
    """Some are found, some not, some only far away: the demo shows each."""
    gazetteer, outcomes = Gazetteer(), list[str]()
    for place in PLACES:
        for area in place.areas:
            near = Point(place.longitude, place.latitude)
            query = a_location(clean_location_name(area), place.cluster, near)
            outcomes.append(choose(query, gazetteer.search(query, all_day)).outcome)

    assert outcomes.count("found") > len(outcomes) / 2
    assert outcomes.count("not_found") > 10
    assert outcomes.count("rejected") > 1


def test_packaged_file_names_its_source() -> None:
    """The licence of GeoNames asks for it."""
    text = PACKAGED_FILES[0].read_text(encoding="utf-8")

    assert text.startswith("# Contains data from GeoNames (geonames.org), CC BY 4.0.\n")


def a_large_file(folder: Path, dice: random.Random) -> Path:
    """Write as many places as GeoNames has for all of Kenya."""
    names = [f"{dice.choice(WORDS)} {dice.choice(WORDS)}" for _ in range(7_000)]
    rows = (f"{name},{dice.uniform(-4, 4)},{dice.uniform(34, 41)},,,," for name in names)
    file = folder / "large.csv"
    file.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return file


def look_up(gazetteer: Gazetteer, times: int, dice: random.Random) -> None:
    """Look noisy names up, half of them of places that there are."""
    for number in range(times):
        name = location_name(dice.choice(WORDS) if number % 2 else "Kileleshwa", dice)
        query = location_query(clean_location_name(name), "Kilimani", NEAR_RONGAI)
        if query is not None:
            choose(query, gazetteer.search(query, all_day))


def test_ten_thousand_lookups_are_quick(tmp_path: Path) -> None:
    """Within seconds of the processor, the reading of the file included."""
    dice = random.Random(4)
    gazetteer = Gazetteer([*PACKAGED_FILES, a_large_file(tmp_path, dice)])
    started = time.process_time()

    look_up(gazetteer, 10_000, dice)

    assert time.process_time() - started < 20


def test_places_take_little_memory(tmp_path: Path) -> None:
    """A function has 200 MB for all of it."""
    dice = random.Random(4)
    gazetteer = Gazetteer([*PACKAGED_FILES, a_large_file(tmp_path, dice)])
    tracemalloc.start()

    look_up(gazetteer, 100, dice)

    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 40e6
