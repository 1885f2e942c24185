"""What an S3-compatible store's answers mean, and how S3 differs from a directory."""

from collections.abc import Generator

import pytest

from fleettickets.clients import s3_connections
from fleettickets.clients.s3 import S3Bucket
from fleettickets.errors import (
    BucketUnavailableError,
    FleetticketsError,
    ObjectChangedError,
    ObjectGoneError,
    SettingError,
)
from tests.support.s3 import running_s3_store
from tests.support.scripted_stores import Answer, ScriptedStore, running_scripted_store

PREFIX = "automations/inc"
KEY = f"{PREFIX}/changes/2026-06-15T17-00-00.csv"
TARGET = f"{PREFIX}/processed/2026-06-15T17-00-00.csv"
ETAG = "9a0364b9e99bb480dd25e1f0284c8555"
OTHER_ETAG = "0" * 32
HEAD_OF = Answer.found(b"content", ETAG)
HEAD_OF_OTHER = Answer.found(b"other", OTHER_ETAG)
DELETED = Answer(204)


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Generator[ScriptedStore]:
    """Run a scripted store, which is asked once and not waited for long."""
    monkeypatch.setattr(s3_connections, "ATTEMPTS", 1)
    monkeypatch.setattr(s3_connections, "READ_TIMEOUT_SECONDS", 0.3)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with running_scripted_store() as running:
        yield running


@pytest.fixture
def bucket(store: ScriptedStore) -> Generator[S3Bucket]:
    """Open a bucket of a store that is not AWS."""
    opened = S3Bucket(
        "tickets", PREFIX, endpoint_url=store.endpoint_url, access_key="a", secret_key="s"
    )
    yield opened
    opened.client.close()


@pytest.fixture
def aws_bucket(store: ScriptedStore, monkeypatch: pytest.MonkeyPatch) -> Generator[S3Bucket]:
    """Open a bucket of AWS, which the scripted store plays."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", store.endpoint_url)
    opened = S3Bucket("tickets", PREFIX)
    yield opened
    opened.client.close()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchKey", ObjectGoneError),
        (404, "NoSuchVersion", ObjectGoneError),
        (404, "", ObjectGoneError),
        (404, "NoSuchBucket", SettingError),
        (412, "PreconditionFailed", ObjectChangedError),
        (409, "ConditionalRequestConflict", ObjectChangedError),
        (409, "OperationAborted", BucketUnavailableError),
        (403, "AccessDenied", SettingError),
        (403, "SignatureDoesNotMatch", SettingError),
        (403, "RequestTimeTooSkewed", BucketUnavailableError),
        (400, "ExpiredToken", SettingError),
        (400, "InvalidRequest", SettingError),
        (400, "RequestTimeout", BucketUnavailableError),
        (429, "TooManyRequests", BucketUnavailableError),
        (500, "InternalError", BucketUnavailableError),
        (502, "", BucketUnavailableError),
        (503, "SlowDown", BucketUnavailableError),
        (501, "NotImplemented", BucketUnavailableError),
    ],
)
def test_answers_are_told_apart(
    store: ScriptedStore,
    bucket: S3Bucket,
    status: int,
    code: str,
    expected: type[FleetticketsError],
) -> None:
    """The code and the status decide whether to retry, to list again or to ask a person."""
    store.script(Answer.error(status, code))

    with pytest.raises(FleetticketsError) as raised:
        bucket.open_object(KEY)

    assert type(raised.value) is expected


@pytest.mark.parametrize(
    ("status", "code", "words"),
    [
        (403, "AccessDenied", ["TICKETS_BUCKET", "tickets", "s3:ListBucket"]),
        (404, "NoSuchBucket", ["TICKETS_BUCKET", "no bucket tickets"]),
        (403, "InvalidAccessKeyId", ["RUSTFS_ACCESS_KEY", "tickets"]),
    ],
)
def test_refusals_say_what_to_change(
    store: ScriptedStore, bucket: S3Bucket, status: int, code: str, words: list[str]
) -> None:
    """Trouble that stays names the setting, the bucket and the permission."""
    store.script(Answer.error(status, code))

    with pytest.raises(SettingError) as raised:
        list(bucket.list_objects(f"{PREFIX}/changes/"))

    assert all(word in str(raised.value) for word in words)


@pytest.mark.parametrize("page", [b"<html>maintenance", b"<html>maintenance</html>", b""])
def test_an_answer_that_is_no_s3(store: ScriptedStore, bucket: S3Bucket, page: bytes) -> None:
    """A proxy's page is trouble of the store: never an empty listing, an object or a copy."""
    store.script(Answer(200, page, {"Content-Type": "text/html"}))

    for ask in (
        lambda: list(bucket.list_objects(f"{PREFIX}/changes/")),
        lambda: bucket.open_object(KEY),
        lambda: bucket.find_object(KEY),
        lambda: bucket.put_object(KEY, [b"x"]),
        lambda: bucket.copy_object(KEY, TARGET, etag=ETAG),
    ):
        with pytest.raises(BucketUnavailableError):
            ask()


def test_listing_that_is_not_found(store: ScriptedStore, bucket: S3Bucket) -> None:
    """A listing cannot be gone: its 404 is about the bucket, whatever the body says."""
    store.script(Answer.error(404, ""))

    with pytest.raises(SettingError, match="no bucket tickets"):
        list(bucket.list_objects(f"{PREFIX}/changes/"))


def test_store_that_ignores_the_condition_of_a_read(store: ScriptedStore, bucket: S3Bucket) -> None:
    """Another object than the one asked for is not handed out, even if the store does."""
    store.script(HEAD_OF_OTHER)

    with pytest.raises(ObjectChangedError):
        bucket.open_object(KEY, etag=ETAG)


@pytest.mark.parametrize("then", ["close", "reset", "silence"])
@pytest.mark.parametrize("cut_after", [0, 5000])
def test_a_body_that_breaks_off_is_no_short_file(
    store: ScriptedStore, bucket: S3Bucket, cut_after: int, then: str
) -> None:
    """A body that was cut, reset or fell silent ends in an error, not in the end of the file."""
    store.script(Answer.found(b"x" * 10_000, ETAG, cut_after=cut_after, then=then))

    with bucket.open_object(KEY) as found, pytest.raises(BucketUnavailableError) as raised:
        list(found.chunks())

    assert KEY in str(raised.value)


def test_store_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A port that nobody listens on is trouble that passes, and the message has no endpoint."""
    monkeypatch.setattr(s3_connections, "ATTEMPTS", 1)
    bucket = S3Bucket(
        "tickets", PREFIX, endpoint_url="http://127.0.0.1:1", access_key="a", secret_key="s3cret"
    )

    with pytest.raises(BucketUnavailableError) as raised:
        bucket.find_object(KEY)

    assert "127.0.0.1" not in str(raised.value)


def test_nothing_shows_the_credentials(store: ScriptedStore) -> None:
    """Neither the bucket's own text nor an error's holds a key."""
    bucket = S3Bucket(
        "tickets", PREFIX, endpoint_url=store.endpoint_url, access_key="AKEY", secret_key="s3cret"
    )
    store.script(Answer.error(403, "SignatureDoesNotMatch"))

    with pytest.raises(SettingError) as raised:
        bucket.find_object(KEY)
    bucket.client.close()

    texts = f"{bucket!r} {bucket.source} {raised.value} {raised.value.__cause__}"
    assert "AKEY" not in texts
    assert "s3cret" not in texts


@pytest.mark.parametrize(
    "endpoint_url",
    ["store:9000", "ftp://store", "http://", "http://me:s3cret@store", "http://store:99999"],
)
def test_endpoint_that_is_no_plain_url(endpoint_url: str) -> None:
    """A wrong endpoint is refused by its setting's name, and not repeated: it may hold a key."""
    with pytest.raises(SettingError) as raised:
        S3Bucket("tickets", PREFIX, endpoint_url=endpoint_url)

    assert raised.value.setting == "RUSTFS_ENDPOINT_URL"
    assert "s3cret" not in str(raised.value)


def test_half_of_the_credentials(store: ScriptedStore) -> None:
    """An access key without its secret is a setting to mend."""
    bucket = S3Bucket("tickets", PREFIX, endpoint_url=store.endpoint_url, access_key="a")

    with pytest.raises(SettingError, match="RUSTFS_SECRET_KEY"):
        bucket.find_object(KEY)


def test_name_that_no_bucket_can_have(store: ScriptedStore) -> None:
    """A malformed bucket name is a setting to mend, before anything is asked."""
    bucket = S3Bucket(
        "no bucket", PREFIX, endpoint_url=store.endpoint_url, access_key="a", secret_key="s"
    )

    with pytest.raises(SettingError, match="TICKETS_BUCKET"):
        bucket.find_object(KEY)
    bucket.client.close()


def test_delete_on_aws_is_one_conditional_request(
    store: ScriptedStore, aws_bucket: S3Bucket
) -> None:
    """AWS compares and deletes at once."""
    store.script(DELETED)

    removed = aws_bucket.delete_object(KEY, etag=ETAG, version_id=None)

    assert removed
    assert [request.split()[0] for request in store.requests] == ["DELETE"]
    assert store.conditions == [f'"{ETAG}"']


@pytest.mark.parametrize(
    "answer", [Answer.error(412, "PreconditionFailed"), Answer.error(404, "NoSuchKey")]
)
def test_conditional_delete_that_is_refused(
    store: ScriptedStore, aws_bucket: S3Bucket, answer: Answer
) -> None:
    """An object that changed or is gone is not this call's to remove."""
    store.script(answer)

    assert aws_bucket.delete_object(KEY, etag=ETAG, version_id=None) is False


def test_store_without_conditional_delete_is_asked_once(
    store: ScriptedStore, aws_bucket: S3Bucket
) -> None:
    """Where the store does not implement it, objects are compared, then deleted, ever after."""
    not_implemented = Answer.error(501, "NotImplemented")
    store.script(not_implemented, HEAD_OF, DELETED, HEAD_OF, DELETED, HEAD_OF_OTHER)

    removed = [aws_bucket.delete_object(KEY, etag=ETAG, version_id=None) for _ in range(3)]

    assert removed == [True, True, False]
    methods = [request.split()[0] for request in store.requests]
    assert methods == ["DELETE", "HEAD", "DELETE", "HEAD", "DELETE", "HEAD"]
    assert store.conditions[2:] == [None] * 4


def test_store_that_ignores_the_condition_of_a_delete(
    store: ScriptedStore, bucket: S3Bucket
) -> None:
    """A store that is not AWS is never trusted with it alone: a changed object is not deleted."""
    store.script(HEAD_OF_OTHER, DELETED)

    removed = bucket.delete_object(KEY, etag=ETAG, version_id=None)

    assert removed is False
    assert [request.split()[0] for request in store.requests] == ["HEAD"]


def test_trouble_during_a_delete_is_not_swallowed(store: ScriptedStore, bucket: S3Bucket) -> None:
    """A store that fails has not said whether the object is gone."""
    store.script(HEAD_OF, Answer.error(503, "SlowDown"))

    with pytest.raises(BucketUnavailableError):
        bucket.delete_object(KEY, etag=ETAG, version_id=None)


@pytest.mark.parametrize(
    "refusal", [Answer.error(403, "AccessDenied"), Answer.error(501, "NotImplemented")]
)
def test_versions_that_may_not_be_deleted(
    store: ScriptedStore, aws_bucket: S3Bucket, refusal: Answer
) -> None:
    """Without the permission for versions the object is deleted by its etag, ever after."""
    store.script(refusal, DELETED)

    removed = [aws_bucket.delete_object(KEY, etag=ETAG, version_id="v1") for _ in range(2)]

    assert removed == [True, True]
    assert [request.split()[0] for request in store.requests] == ["GET", "DELETE", "DELETE"]
    assert store.conditions[1:] == [f'"{ETAG}"'] * 2


def _copied(etag: str) -> Answer:
    xml = f'<CopyObjectResult><ETag>"{etag}"</ETag></CopyObjectResult>'
    return Answer(200, xml.encode(), {"Content-Type": "application/xml"})


def test_copy_of_an_object_uploaded_in_parts(store: ScriptedStore, bucket: S3Bucket) -> None:
    """Its copy has another etag; it counts while the source still is the one that was meant."""
    store.script(_copied(ETAG), Answer.found(b"content", "abc-2"))

    bucket.copy_object(KEY, TARGET, etag="abc-2")

    assert [request.split()[0] for request in store.requests] == ["PUT", "HEAD"]


def test_copy_on_a_store_that_ignores_its_condition(store: ScriptedStore, bucket: S3Bucket) -> None:
    """The copy of an object that was overwritten is taken back."""
    overwritten = Answer.found(b"other", OTHER_ETAG)
    store.script(_copied(OTHER_ETAG), overwritten, overwritten, DELETED)

    with pytest.raises(ObjectChangedError):
        bucket.copy_object(KEY, TARGET, etag=ETAG)

    assert store.requests[-1].startswith(f"DELETE /tickets/{TARGET}")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer.error(412, "PreconditionFailed"), ObjectChangedError),
        (Answer.error(404, "NoSuchKey"), ObjectGoneError),
        (Answer(200, Answer.error(200, "InternalError").body), BucketUnavailableError),
    ],
)
def test_copy_that_fails_on_aws(
    store: ScriptedStore,
    aws_bucket: S3Bucket,
    answer: Answer,
    expected: type[FleetticketsError],
) -> None:
    """A refused copy says why, also where the refusal comes with status 200, as S3's may."""
    store.script(answer)

    with pytest.raises(expected):
        aws_bucket.copy_object(KEY, TARGET, etag=ETAG)


def test_exact_version_goes_and_nothing_else() -> None:
    """In a versioned bucket the settled version is removed for good; a newer one stays."""
    with running_s3_store() as running:
        name = running.new_bucket(versioned=True)
        bucket = running.open_bucket(name)
        settled = bucket.put_object(KEY, [b"old"])
        with bucket.open_object(KEY) as found:
            version = found.version_id
        newer = bucket.put_object(KEY, [b"new"])

        removed = bucket.delete_object(KEY, etag=settled.etag, version_id=version)
        left = running.client().list_object_versions(Bucket=name)

    assert removed
    assert [item.get("ETag") for item in left.get("Versions", [])] == [f'"{newer.etag}"']
    assert "DeleteMarkers" not in left


def test_folder_marker_is_no_object() -> None:
    """The empty object that a console makes for a new folder is not listed."""
    with running_s3_store() as running:
        bucket = running.open_bucket(running.new_bucket())
        bucket.put_object(f"{PREFIX}/changes/", [])

        assert list(bucket.list_objects(f"{PREFIX}/changes/")) == []
