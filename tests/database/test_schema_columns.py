"""What the typed columns of `tickets.inc` make of the feed's text: the right value, or null."""

import datetime as dt
import random
import re
from zoneinfo import ZoneInfo

import psycopg
import pytest

from tests.support.tickets import insert_ticket, places, value

EAT = ZoneInfo("Africa/Nairobi")
LONG = "9" * 65536

HOSTILE = {
    "empty": "",
    "null": "null",
    "space": " ",
    "emoji": "🎫🔥",
    "right to left": "\u202eمكتب نيروبي\u202c",
    "combining": "e\u0301" * 50,
    "other digits": "2026-06-15 17:00:00".translate({48 + n: 0x660 + n for n in range(10)}),
    "long": LONG,
    "long letters": "ü" * 32768,
    "now": "now",
    "today": "today 10:00:00",
    "infinity": "infinity",
    "epoch": "epoch",
    "month name": "July-04-05",
    "day first": "31/12/2026",
    "30 February": "2026-02-30 10:00:00",
    "29 February of no leap year": "2100-02-29",
    "month 13": "2026-13-01 00:00:00",
    "day 0": "2026-06-00 00:00:00",
    "year 0": "0000-01-01 00:00:00",
    "BC": "2026-06-15 10:00:00 BC",
    "hour 24": "2026-06-15 24:00:00",
    "24:00:00": "24:00:00",
    "32:61": "32:61",
    "second 60": "2026-06-15 23:59:60",
    "offset 15": "2026-06-15 10:00:00+15:00",
    "offset without colon": "2026-06-15 10:00:00+0300",
    "named zone": "2026-06-15 10:00:00 EAT",
    "line break": "2026-06-15 10:00:00\n",
    "1e400": "1e400",
    "1e-400": "1e-400",
    "-1e400": "-1e400",
    "NaN": "NaN",
    "Infinity": "-Infinity",
    "hexadecimal": "0x1F",
    "underscores": "1_000",
    "comma": "1,5",
    "currency": "$5",
    "quotes": "'; drop table tickets.inc; --",
    "backslash": "\\x00\\",
    "json": '{"a": [1]}',
}

TYPED = (
    "is_actionable",
    "mttr",
    "created_at_service",
    "scheduled_at",
    "closed_at",
    "first_seen_at",
    "last_seen_at",
    "source_created_at",
    "source_updated_at",
    "latitude",
    "longitude",
)
TEXT = (
    "normalized_status",
    "raw_status",
    "bucket",
    "cluster",
    "region",
    "location_name",
    "assigned_team",
    "owner",
    "sla_status",
)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_cell_is_null_where_it_is_typed_and_itself_where_it_is_text(
    module_connection: psycopg.Connection, text: str
) -> None:
    """No insert fails, no value is wrong, whatever text comes in every column at once."""
    module_connection.execute("delete from tickets.inc")

    insert_ticket(module_connection, **dict.fromkeys(TYPED + TEXT, text))

    row = module_connection.execute(
        "select to_jsonb(inc) - 'raw' from tickets.inc as inc"
    ).fetchone()
    assert row is not None
    assert {name: row[0][name] for name in TYPED} == dict.fromkeys(TYPED)
    assert {name: row[0][name] for name in TEXT} == dict.fromkeys(TEXT, text)


@pytest.mark.parametrize(
    "raw",
    ["[]", "7", '"text"', "null", "{}", '{"closed_at": {"a": 1}, "mttr": [1], "latitude": 1}'],
)
def test_raw_of_any_json_shape_is_taken(module_connection: psycopg.Connection, raw: str) -> None:
    """A person's or an older system's row need not be an object of texts."""
    module_connection.execute("delete from tickets.inc")

    module_connection.execute("insert into tickets.inc (ticket_id, raw) values ('T', %s)", [raw])

    assert places(module_connection) == {"T": ("none", None, None)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-15 17:00:00", "2026-06-15T14:00:00+00:00"),
        ("2026-06-15T17:00:00", "2026-06-15T14:00:00+00:00"),
        ("2026-06-15 17:00", "2026-06-15T14:00:00+00:00"),
        ("2026-06-15", "2026-06-14T21:00:00+00:00"),
        ("2026-06-15 17:00:00.25", "2026-06-15T14:00:00.250000+00:00"),
        ("2026-06-15 17:00:00Z", "2026-06-15T17:00:00+00:00"),
        ("2026-06-15T17:00+05:30", "2026-06-15T11:30:00+00:00"),
        ("2026-06-15 17:00:00.5-02:00", "2026-06-15T19:00:00.500000+00:00"),
        ("2024-02-29 00:00:00", "2024-02-28T21:00:00+00:00"),
        ("2026-12-31 23:59:59", "2026-12-31T20:59:59+00:00"),
    ],
)
def test_times_are_eat_unless_they_say_otherwise(
    module_connection: psycopg.Connection, text: str, expected: str
) -> None:
    """Each form that the feed may use, in sessions of any time zone and date style."""
    with module_connection.transaction(force_rollback=True):
        module_connection.execute("set local datestyle = 'SQL, DMY'")
        module_connection.execute("set local timezone = 'America/New_York'")
        is_expected = value(
            module_connection, "select tickets.eat_ts(%s) = %s::timestamptz", text, expected
        )

    assert is_expected


@pytest.mark.parametrize("seed", range(3))
def test_times_are_read_as_a_plain_reading_of_the_rules_would(
    module_connection: psycopg.Connection, seed: int
) -> None:
    """Thousands of right, wrong and nearly right texts, against a model in Python."""
    generator = random.Random(seed)
    texts = [_a_time_text(generator) for _ in range(4000)]

    rows = module_connection.execute(
        "select text, extract(epoch from tickets.eat_ts(text)) from unnest(%s::text[]) as text",
        [texts],
    ).fetchall()

    wrong = [
        (text, seconds)
        for text, seconds in rows
        if (None if seconds is None else round(float(seconds), 4)) != _model_of_eat_ts(text)
    ]
    assert wrong == []
    assert sum(seconds is not None for _, seconds in rows) > 1000


_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[ T]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})?)?"
)


def _a_time_text(generator: random.Random) -> str:
    year = generator.choice(["0000", "0001", "1900", "2000", "2023", "2024", "2026", "9999"])
    text = f"{year}-{generator.randint(0, 13):02}-{generator.randint(0, 32):02}"
    if generator.random() < 0.9:
        text += generator.choice("   T") + generator.choice(["00", "09", "17", "23", "24"])
        text += f":{generator.randint(0, 60):02}"
        text += generator.choice(["", ":00", ":59", ":60", ":30.5", ":07.123456", ".5"])
        text += generator.choice(
            ["", "", "", "", "Z", "+03:00", "-14:59", "+15:00", "+02:60", " Z"]
        )
    if generator.random() < 0.2:
        place = generator.randrange(len(text))
        text = text[:place] + generator.choice("0123456789:- TZ+٣x") + text[place + 1 :]
    return text


def _model_of_eat_ts(text: str) -> float | None:
    parts = _TIME.fullmatch(text)
    if parts is None or (parts[4] and not parts[3]):
        return None
    day, clock, seconds, fraction, zone = parts.groups()
    try:
        moment = dt.datetime.fromisoformat(f"{day} {clock or '00:00'}{seconds or ''}")
    except ValueError:
        return None
    if zone and zone != "Z" and (int(zone[1:3]) > 14 or int(zone[4:]) > 59):
        return None
    aware = moment.replace(tzinfo=_zone(zone))
    since = aware - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    return round(since.total_seconds() + float(fraction or 0), 4)


def _zone(zone: str | None) -> dt.tzinfo:
    if zone is None:
        return EAT
    if zone == "Z":
        return dt.UTC
    offset = dt.timedelta(hours=int(zone[1:3]), minutes=int(zone[4:]))
    return dt.timezone(offset if zone[0] == "+" else -offset)


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("158.50", 9510),
        ("0", 0),
        ("1.5", 90),
        (".25", 15),
        ("5.", 300),
        ("1e1", 600),
        ("-0.5", -30),
        ("0.008333", 0),
        ("0.00834", 1),
        ("35791394.11", 2147483647),
        ("35791394.2", None),
        ("-35791394.2", None),
        ("1e99", None),
        ("1e-99", 0),
        ("2 h", None),
        ("2:30", None),
    ],
)
def test_mttr_is_decimal_hours_in_whole_minutes(
    module_connection: psycopg.Connection, text: str, minutes: int | None
) -> None:
    """Rounded once; null outside of integer."""
    assert value(module_connection, "select tickets.to_minutes(%s)", text) == minutes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((text, True) for text in ("true", "T", "Yes", "y", "1", "TRUE")),
        *((text, False) for text in ("false", "F", "No", "n", "0", "FALSE")),
        *((text, None) for text in ("", "on", "ja", "01", "truee", "none")),
    ],
)
def test_booleans_are_read_in_any_case(
    module_connection: psycopg.Connection, text: str, expected: bool | None
) -> None:
    """An unknown word is no statement about the ticket."""
    assert value(module_connection, "select tickets.to_boolean(%s)", text) is expected


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [
        ("0", "0"),
        ("-0.0", "0.000"),
        ("180.1", "0"),
        ("36", "90.0001"),
        ("-181", "-1"),
        ("36", ""),
        ("", "-1"),
        ("NaN", "-1"),
        ("36", "1e400"),
        ("36,8", "-1,3"),
    ],
)
def test_what_is_no_coordinate_places_no_ticket(
    module_connection: psycopg.Connection, longitude: str, latitude: str
) -> None:
    """One function decides; half a pair is no pair, and never mixes with another source."""
    module_connection.execute("delete from tickets.inc")

    insert_ticket(module_connection, longitude=longitude, latitude=latitude, cluster=None)

    row = module_connection.execute(
        "select geo_source, geom, geog, latitude, longitude from tickets.inc"
    ).fetchone()
    assert row == ("none", None, None, None, None)


@pytest.mark.parametrize(
    ("longitude", "latitude"),
    [("180", "90"), ("-180", "-90"), ("0", "1"), ("36.817223", "-1.2863890"), ("3.68e1", "-1e-7")],
)
def test_a_feed_pair_places_its_ticket(
    module_connection: psycopg.Connection, longitude: str, latitude: str
) -> None:
    """The point, the two columns and the geography agree."""
    module_connection.execute("delete from tickets.inc")

    insert_ticket(module_connection, longitude=longitude, latitude=latitude)

    pair = (float(longitude), float(latitude))
    row = module_connection.execute(
        "select longitude, latitude, st_x(geog::geometry), st_y(geog::geometry) from tickets.inc"
    ).fetchone()
    assert places(module_connection) == {"T1": ("feed", *pair)}
    assert row == (*pair, *pair)


def test_the_functions_of_the_columns_may_run_in_parallel(
    module_connection: psycopg.Connection,
) -> None:
    """A subtransaction in one of them would fail only under a parallel plan."""
    module_connection.execute("delete from tickets.inc")
    for number, text in enumerate(HOSTILE.values()):
        insert_ticket(module_connection, f"T{number}", **dict.fromkeys(TYPED, text))

    with module_connection.transaction(force_rollback=True):
        module_connection.execute("set local force_parallel_mode = on")
        module_connection.execute("set local parallel_setup_cost = 0")
        counted = value(
            module_connection,
            "select count(tickets.eat_ts(raw ->> 'closed_at')) + count(tickets.feed_point(raw))"
            " + count(tickets.to_minutes(raw ->> 'mttr')) from tickets.inc",
        )

    assert counted == 0
