"""Doorbells: the four forms of a message, and everything that is none of them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fleettickets.core.doorbells import Doorbell, is_test_event, parse_doorbells, write_doorbell
from fleettickets.core.keys import Prefix
from tests.support.feeds import a_doorbell

KEY = "automations/inc/changes/2026-06-15T17-00-00.csv"
PREFIX = Prefix()


def an_event(key: str) -> str:
    """Return an EventBridge event as the documentation shows it."""
    placed = {"key": key, "size": 5, "etag": "b1946ac92492d2347c6235b4d2611184", "sequencer": "00"}
    return json.dumps(
        {
            "version": "0",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "detail": {"version": "0", "bucket": {"name": "isptickets"}, "object": placed},
        }
    )


def a_record(key: str) -> dict[str, object]:
    """Return one record of a plain S3 notification."""
    placed = {"key": key, "size": 1024, "eTag": "d41d8cd98f00b204e9800998ecf8427e"}
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "isptickets"}, "object": {**placed, "sequencer": "00A1"}},
    }


def test_message_of_our_rule() -> None:
    """The transformed event carries what the four fields say."""
    body = a_doorbell(KEY, etag="abc", sequencer="01")

    doorbells = parse_doorbells(body, PREFIX)

    assert doorbells == (Doorbell("isptickets", KEY, "abc", "01"),)


def test_untransformed_event() -> None:
    """A rule without its transformer still rings."""
    body = an_event(KEY)

    doorbells = parse_doorbells(body, PREFIX)

    assert doorbells == (Doorbell("isptickets", KEY, "b1946ac92492d2347c6235b4d2611184", "00"),)


def test_plain_notification_rings_once_for_each_record() -> None:
    """Its keys are form-encoded, so a plus is a space."""
    body = json.dumps({"Records": [a_record("inc/a+b%2B.csv"), a_record(KEY)]})

    doorbells = parse_doorbells(body, PREFIX)

    etag = "d41d8cd98f00b204e9800998ecf8427e"
    assert doorbells == (
        Doorbell("isptickets", "inc/a b+.csv", etag, "00A1"),
        Doorbell("isptickets", KEY, etag, "00A1"),
    )


@pytest.mark.parametrize("ring", [a_doorbell, an_event])
def test_percent_encoded_key_of_the_stream_is_understood(ring: type) -> None:
    """LocalStack encodes keys that AWS sends as they are."""
    prefix = Prefix("field ops/inc")
    encoded = "field%20ops%2Finc/changes/2026-06-15T17-00-00.csv"

    doorbells = parse_doorbells(ring(encoded), prefix)

    assert [doorbell.key for doorbell in doorbells] == [prefix.change_key("2026-06-15T17-00-00")]


@pytest.mark.parametrize(
    "key",
    ["a+b%20.csv", "a%20b/changes/2026-06-15T17-00-00.csv"],
)
def test_key_with_a_percent_sign_is_not_decoded_without_need(key: str) -> None:
    """AWS sends keys as they are: a foreign one stays, and one that fits the prefix does too."""
    prefix = Prefix("a%20b")

    doorbells = parse_doorbells(a_doorbell(key), prefix)

    assert [doorbell.key for doorbell in doorbells] == [key]


@pytest.mark.parametrize(
    ("etag", "expected"), [('"abc"', "abc"), ("", None), (None, None), (7, None), ('""', None)]
)
def test_etag_comes_without_quotes_or_not_at_all(etag: object, expected: str | None) -> None:
    """What is no etag must not be compared with one."""
    (doorbell,) = parse_doorbells(a_doorbell(KEY, etag=etag, sequencer=None), PREFIX)

    assert (doorbell.etag, doorbell.sequencer) == (expected, None)


def test_test_event_is_told_from_what_is_not_understood() -> None:
    """S3 sends it once when a notification is configured; it names no object."""
    body = json.dumps({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "isptickets"})

    assert is_test_event(body)
    assert parse_doorbells(body, PREFIX) == ()
    assert not is_test_event(a_doorbell(KEY))


@pytest.mark.parametrize(
    "body",
    [
        "",
        "ring ring",
        "null",
        "[]",
        '"text"',
        "{}",
        "1" * 5000,
        "[" * 100_000,
        '{"detail": {}}',
        '{"detail": {"bucket": [], "object": {"key": "k"}}}',
        '{"Records": []}',
        '{"Records": [null, {"s3": 1}, {"s3": {"object": {"key": "k"}}}]}',
        '{"schema": 2, "bucket": "b", "key": "k"}',
        a_doorbell(KEY, bucket=None),
        a_doorbell(KEY, bucket=""),
        a_doorbell(KEY, key=5),
        a_doorbell(KEY, key="half of a pair \ud800"),
    ],
)
def test_what_is_not_understood_rings_nothing(body: str) -> None:
    """No body of a message raises: the queue would bring it again and again."""
    assert parse_doorbells(body, PREFIX) == ()
    assert not is_test_event(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.just(KEY),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Records", "detail", "s3", "bucket", "object", "key", "name", "schema"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON.map(json.dumps) | st.text())
def test_no_message_raises(body: str) -> None:
    """Neither random JSON with our names in it nor random text."""
    doorbells = parse_doorbells(body, PREFIX)

    assert all(doorbell.bucket and doorbell.key for doorbell in doorbells)
    assert not is_test_event(body)


def test_written_doorbell_is_understood() -> None:
    """The sweep rings in our rule's form; it knows no sequencer."""
    key = "automations/inc/changes/2026-06-15T17-00-00.csv"

    body = write_doorbell("isptickets", key, "0a1b")

    assert parse_doorbells(body, Prefix()) == (Doorbell("isptickets", key, "0a1b", None),)
