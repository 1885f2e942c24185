"""Doorbells: what a queue message says about an object.

`parse_doorbells(body, prefix)` understands four forms and never raises, whatever the body holds:

* our rule's body `{"schema": 1, "bucket": …, "key": …, "etag": …, "sequencer": …}`;
* an EventBridge event that no rule transformed (`detail.bucket.name`, `detail.object.key`);
* a plain S3 notification (`Records`, one doorbell for each), whose keys are form-encoded;
* `s3:TestEvent`, which names no object: `is_test_event` tells it from what is not understood.

EventBridge on AWS sends keys as they are; LocalStack percent-encodes them. So a key of the first
two forms is unquoted only where that makes it a key of the stream and it was none before.
"""

import json
from dataclasses import dataclass
from typing import cast
from urllib.parse import unquote, unquote_plus

from fleettickets.core.keys import Prefix


@dataclass(frozen=True, slots=True)
class Doorbell:
    """The object that was put, as far as the message says; None where it is silent.

    `etag` has no quotes around it. `sequencer` is the store's own order of events on one key.
    """

    bucket: str
    key: str
    etag: str | None
    sequencer: str | None


def parse_doorbells(body: str, prefix: Prefix) -> tuple[Doorbell, ...]:
    """Return the doorbells of a message in its order; none if it is not understood.

    The bucket and the key may be foreign: that is for the caller to judge.
    """
    message = _parse_json(body)
    records = _member(message, "Records")
    if isinstance(records, list):
        found = [_from_record(record) for record in cast("list[object]", records)]
    elif _member(message, "detail") is not None:
        found = [_from_event(message, prefix)]
    else:
        found = [_from_rule(message, prefix)]
    return tuple(doorbell for doorbell in found if doorbell is not None)


def write_doorbell(bucket: str, key: str, etag: str) -> str:
    """Return the body that our rule would send about an object; the sequencer is left open."""
    body = {"schema": 1, "bucket": bucket, "key": key, "etag": etag, "sequencer": None}
    return json.dumps(body)


def is_test_event(body: str) -> bool:
    """Whether the message is the one that S3 sends when a notification is configured."""
    return _member(_parse_json(body), "Event") == "s3:TestEvent"


def _from_rule(message: object, prefix: Prefix) -> Doorbell | None:
    if _member(message, "schema") != 1:
        return None
    key = _decoded_if_needed(_text(message, "key"), prefix)
    return _doorbell(_text(message, "bucket"), key, message, etag="etag")


def _from_event(message: object, prefix: Prefix) -> Doorbell | None:
    placed = _member(message, "detail", "object")
    key = _decoded_if_needed(_text(placed, "key"), prefix)
    return _doorbell(_text(message, "detail", "bucket", "name"), key, placed, etag="etag")


def _from_record(record: object) -> Doorbell | None:
    placed = _member(record, "s3", "object")
    key = unquote_plus(_text(placed, "key") or "")
    return _doorbell(_text(record, "s3", "bucket", "name"), key, placed, etag="eTag")


def _doorbell(bucket: str | None, key: str | None, placed: object, *, etag: str) -> Doorbell | None:
    if not bucket or not key:
        return None
    return Doorbell(
        bucket=bucket,
        key=key,
        etag=(_text(placed, etag) or "").strip('"') or None,
        sequencer=_text(placed, "sequencer"),
    )


def _decoded_if_needed(key: str | None, prefix: Prefix) -> str | None:
    decoded = unquote(key or "")
    return decoded if prefix.parse(decoded) else key


def _parse_json(body: str) -> object:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _member(value: object, *path: str) -> object:
    for name in path:
        if not isinstance(value, dict):
            return None
        value = cast("dict[str, object]", value).get(name)
    return value


def _text(value: object, *path: str) -> str | None:
    """Return the text at the path; None if it is missing, empty, or no text that has a UTF-8 form.

    JSON can spell half of a surrogate pair, which no store, log or database would take.
    """
    found = _member(value, *path)
    if not isinstance(found, str) or not found:
        return None
    return found if found == found.encode(errors="ignore").decode() else None
