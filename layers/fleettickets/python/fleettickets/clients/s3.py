"""A bucket of any S3-compatible store, through boto3."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from fleettickets.clients.buckets import CHUNK_BYTES, ObjectSummary
from fleettickets.clients.s3_connections import check_endpoint, connect_s3
from fleettickets.clients.s3_errors import is_forbidden, is_not_implemented, translated_errors
from fleettickets.clients.s3_objects import S3Object
from fleettickets.errors import (
    ObjectChangedError,
    ObjectGoneError,
)

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

SPOOL_BYTES = 8 * CHUNK_BYTES
# What a bucket without versioning, or with suspended versioning, calls its only version.
NULL_VERSION = "null"


class _Condition(TypedDict, total=False):
    IfMatch: str


class S3Bucket:
    """One bucket; the client is made on first use and kept.

    With an `endpoint_url` (any S3-compatible store, path-style) a condition of a request is never
    trusted alone, since stores exist that ignore those they do not know. Without one the store is
    AWS, and its conditions hold. Without keys boto3 finds the credentials in its usual places.
    """

    checks_source = True

    def __init__(
        self,
        bucket: str,
        prefix: str,
        *,
        endpoint_url: str | None = None,
        access_key: str | None = None,
        secret_key: str | None = None,
    ) -> None:
        """Name the bucket and the prefix of the stream; nothing is connected to yet.

        Raises:
            SettingError: the endpoint is not a plain URL, or carries credentials.
        """
        if endpoint_url is not None:
            check_endpoint(endpoint_url)
        self.source = "/".join(part for part in (f"s3://{bucket}", prefix.strip("/")) if part)
        self._bucket = bucket
        self._endpoint_url = endpoint_url
        self._keys = (access_key, secret_key)
        self._connecting = Lock()
        self._deletes_conditionally = True
        self._deletes_versions = True

    def __repr__(self) -> str:
        """Show the place, without endpoint and keys."""
        return f"S3Bucket({self.source!r})"

    @property
    def client(self) -> "S3Client":
        """The boto3 client behind the bucket, the same one for all threads."""
        with self._connecting:  # boto3 may make only one client at a time
            return self._client

    @cached_property
    def _client(self) -> "S3Client":
        with translated_errors(self._bucket, ""):
            return connect_s3(self._endpoint_url, *self._keys)

    def list_objects(self, folder: str) -> Iterator[ObjectSummary]:
        """See `Bucket`; the marker that consoles put in for an empty folder is not an object."""
        for page in self._pages(folder):
            for item in page.get("Contents", []):
                key = item.get("Key", "")
                if key != folder:
                    etag, size_bytes = _bare(item.get("ETag", "")), item.get("Size", 0)
                    yield ObjectSummary(key, etag, size_bytes, item.get("LastModified"))

    def open_object(self, key: str, *, etag: str | None = None) -> S3Object:
        """See `Bucket`; the condition goes with the request, and the answer is compared too."""
        condition: _Condition = {} if etag is None else {"IfMatch": _quoted(etag)}
        with translated_errors(self._bucket, key):
            answer = self.client.get_object(Bucket=self._bucket, Key=key, **condition)
            try:
                summary = ObjectSummary(key, _bare(answer["ETag"]), answer["ContentLength"])
            except KeyError:
                answer["Body"].close()
                raise
        found = S3Object(self._bucket, summary, answer.get("VersionId"), answer["Body"])
        if etag is not None and found.etag != etag:
            found.close()
            raise ObjectChangedError(key)
        return found

    def find_object(self, key: str) -> ObjectSummary | None:
        """See `Bucket`."""
        try:
            with translated_errors(self._bucket, key):
                answer = self.client.head_object(Bucket=self._bucket, Key=key)
                return ObjectSummary(key, _bare(answer["ETag"]), answer["ContentLength"])
        except ObjectGoneError:
            return None

    def copy_object(self, source_key: str, target_key: str, *, etag: str) -> None:
        """See `Bucket`; a single request, so up to 5 GB.

        An equal etag proves the copy. It differs for a source uploaded in parts or encrypted with
        KMS; there AWS's condition is proof enough, and elsewhere a source that is still the same
        afterwards: only one that was overwritten twice meanwhile, back to its old bytes, would
        pass unseen. Metadata is copied, tags are not (they would need a permission more).
        """
        with translated_errors(self._bucket, source_key):
            answer = self.client.copy_object(
                Bucket=self._bucket,
                Key=target_key,
                CopySource={"Bucket": self._bucket, "Key": source_key},
                CopySourceIfMatch=_quoted(etag),
                TaggingDirective="REPLACE",
            )
            copied = _bare(answer["CopyObjectResult"].get("ETag", ""))
        if copied == etag or self._honours_conditions or self._is_still(source_key, etag):
            return
        self.delete_object(target_key, etag=copied, version_id=answer.get("VersionId"))
        raise ObjectChangedError(source_key)

    def put_object(
        self, key: str, chunks: Iterable[bytes], *, size_bytes: int | None = None
    ) -> ObjectSummary:
        """See `Bucket`; the content is spooled first, so that a failed request can be repeated."""
        with SpooledTemporaryFile(max_size=SPOOL_BYTES) as spool:
            for chunk in chunks:
                spool.write(chunk)
            written = spool.tell()
            if size_bytes not in (None, written):
                raise ObjectChangedError(key)
            spool.seek(0)
            with translated_errors(self._bucket, key):
                kind = "application/json" if key.endswith(".json") else "text/csv"
                answer = self.client.put_object(
                    Bucket=self._bucket, Key=key, Body=spool, ContentType=kind
                )
                return ObjectSummary(key, _bare(answer["ETag"]), written)

    def delete_object(self, key: str, *, etag: str, version_id: str | None) -> bool:
        """See `Bucket`.

        The exact version goes, whatever lies above it; then True also says nothing of a newer
        object. If an older version lies below, which would come to light as if it were new, or if
        versions may not be deleted, a delete marker is put above instead, on the condition that
        the object is still this one. Without versions the same condition guards the deletion.
        A store without conditional deletion leaves a gap of one request between the comparison and
        the deletion; with versions even then no bytes are lost.
        """
        with suppress(ObjectChangedError, ObjectGoneError), translated_errors(self._bucket, key):
            if version_id is not None and version_id != NULL_VERSION and self._deletes_versions:
                removed = self._delete_version(key, version_id)
                if removed is not None:
                    return removed
            return self._delete_if_unchanged(key, etag)
        return False

    def _pages(self, folder: str) -> Iterator["ListObjectsV2OutputTypeDef"]:
        paginator = self.client.get_paginator("list_objects_v2")
        pages = iter(paginator.paginate(Bucket=self._bucket, Prefix=folder))
        while True:
            with translated_errors(self._bucket, folder):
                page = next(pages, None)
                if page is None:
                    return
                # Without this any well-formed page of a proxy would pass for an empty listing.
                _ = page["IsTruncated"]
            yield page

    def _delete_version(self, key: str, version_id: str) -> bool | None:
        """Delete one version; None when it has to be hidden by a delete marker instead."""
        try:
            versions = self._versions(key)
            if version_id not in versions:
                return False
            if versions[-1] != version_id:
                return None
            self.client.delete_object(Bucket=self._bucket, Key=key, VersionId=version_id)
        except ClientError as error:
            if not (is_forbidden(error) or is_not_implemented(error)):
                raise
            self._deletes_versions = False
            return None
        return True

    def _versions(self, key: str) -> list[str]:
        """Return the ids of the object's versions, newest first, delete markers left out."""
        pages = self.client.get_paginator("list_object_versions").paginate(
            Bucket=self._bucket, Prefix=key
        )
        found: list[str] = []
        for page in pages:
            versions = page.get("Versions", [])
            found += [item.get("VersionId", "") for item in versions if item.get("Key") == key]
            if any(item.get("Key") != key for item in versions):
                break
        return found

    def _delete_if_unchanged(self, key: str, etag: str) -> bool:
        conditional = self._deletes_conditionally
        if not (conditional and self._honours_conditions) and not self._is_still(key, etag):
            return False
        condition: _Condition = {"IfMatch": _quoted(etag)} if conditional else {}
        try:
            self.client.delete_object(Bucket=self._bucket, Key=key, **condition)
        except ClientError as error:
            if not (conditional and is_not_implemented(error)):
                raise
            self._deletes_conditionally = False
            return self._delete_if_unchanged(key, etag)
        return True

    def _is_still(self, key: str, etag: str) -> bool:
        found = self.find_object(key)
        return found is not None and found.etag == etag

    @property
    def _honours_conditions(self) -> bool:
        return self._endpoint_url is None


def _bare(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')


def _quoted(etag: str) -> str:
    return f'"{etag}"'
