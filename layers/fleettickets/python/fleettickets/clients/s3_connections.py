"""The boto3 client of an S3-compatible store."""

from collections.abc import Callable
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from fleettickets.errors import SettingError

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

ATTEMPTS = 4
CONNECT_TIMEOUT_SECONDS = 5
# Between two reads of one socket, not for a whole body; a store may copy 2 GiB in silence.
READ_TIMEOUT_SECONDS = 60
# A store that does not look at the region still wants one in the signature.
ANY_REGION = "us-east-1"


def check_endpoint(endpoint_url: str) -> None:
    """Refuse an endpoint that is not a plain URL.

    Raises:
        SettingError: it is none, or it carries credentials, which would get into messages.
    """
    if not _is_plain_url(endpoint_url):
        raise SettingError(
            "RUSTFS_ENDPOINT_URL", "must be http(s)://host[:port], without a user or password"
        )


def _is_plain_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port  # may be out of range
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc


def connect_s3(
    endpoint_url: str | None, access_key: str | None, secret_key: str | None
) -> "S3Client":
    """Make a client; with an `endpoint_url` it speaks path-style, as other stores expect.

    Without keys boto3 finds the credentials in its usual places.
    """
    import boto3  # noqa: PLC0415 - a third of a second that commands without a bucket are spared
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=READ_TIMEOUT_SECONDS,
        retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
    )
    # The stubs of the services that are not used are not installed.
    create = cast("Callable[..., S3Client]", boto3.client)  # pyright: ignore[reportUnknownMemberType]
    if endpoint_url is None:
        return create("s3", config=config)
    other_stores = Config(
        s3={"addressing_style": "path"},
        # Many stores refuse the checksum trailers that AWS asks for by default.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return create(
        "s3",
        endpoint_url=endpoint_url,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        region_name=boto3.Session().region_name or ANY_REGION,
        config=config.merge(other_stores),
    )
