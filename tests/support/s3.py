"""An S3 store for tests: moto in this process, at an endpoint of its own, and buckets in it."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import boto3
from moto import mock_aws

from fleettickets.clients.s3 import S3Bucket

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ENDPOINT_URL = "http://store.test:9000"
# moto reads this when its S3 part is first used.
os.environ.setdefault("MOTO_S3_CUSTOM_ENDPOINTS", ENDPOINT_URL)

PREFIX = "automations/inc"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class S3Store:
    """A running store; its content is lost with the process."""

    endpoint_url: str

    def client(self) -> "S3Client":
        """Return a client of its own for what a producer or an operator does."""
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            aws_access_key_id="testing",
            aws_secret_access_key="testing",
            region_name="us-east-1",
        )

    def new_bucket(self, *, versioned: bool = False) -> str:
        """Create an empty bucket and return its name, a new one at each call."""
        name = f"tickets-{next(_numbers)}"
        client = self.client()
        client.create_bucket(Bucket=name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        return name

    def open_bucket(self, name: str, prefix: str = PREFIX) -> S3Bucket:
        """Open the bucket as the settings `RUSTFS_*` would."""
        return S3Bucket(
            name,
            prefix,
            endpoint_url=self.endpoint_url,
            access_key="testing",
            secret_key="testing",
        )

    def open_aws_bucket(self, name: str, prefix: str = PREFIX) -> S3Bucket:
        """Open the bucket as a function on AWS would: no endpoint, credentials from the role."""
        return S3Bucket(name, prefix)


@contextmanager
def running_s3_store() -> Generator[S3Store]:
    """Answer for the endpoint, and for AWS, in this process; other addresses are left alone."""
    with mock_aws():
        yield S3Store(ENDPOINT_URL)
