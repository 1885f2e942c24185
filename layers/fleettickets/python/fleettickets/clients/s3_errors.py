"""What an S3-compatible store's answer means, read from its error code and HTTP status only."""

from collections.abc import Generator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
)
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

from fleettickets.errors import (
    BucketUnavailableError,
    FleetticketsError,
    ObjectChangedError,
    ObjectGoneError,
    SettingError,
)

FORBIDDEN = 403
NOT_FOUND = 404
PRECONDITION_FAILED = 412
NOT_IMPLEMENTED = 501
SERVER_ERROR = 500

GONE_CODES = frozenset({"NoSuchKey", "NoSuchVersion"})
CHANGED_CODES = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})
CREDENTIAL_CODES = frozenset(
    {"ExpiredToken", "InvalidAccessKeyId", "InvalidToken", "SignatureDoesNotMatch"}
)
# Answers in the 4xx range that pass by themselves; every 5xx does.
PASSING_CODES = frozenset(
    {
        "OperationAborted",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "TooManyRequestsException",
    }
)
PASSING_STATUSES = frozenset({408, 409, 425, 429})

# Operations whose 404 cannot be about an object.
BUCKET_OPERATIONS = frozenset({"ListObjectVersions", "ListObjectsV2", "PutObject"})

# What a role needs for each operation, as IAM names it.
PERMISSIONS = {
    "CopyObject": "s3:GetObject and s3:PutObject",
    "DeleteObject": "s3:DeleteObject (and s3:DeleteObjectVersion in a versioned bucket)",
    "GetObject": "s3:GetObject",
    "HeadObject": "s3:GetObject and s3:ListBucket",
    "ListObjectVersions": "s3:ListBucketVersions",
    "ListObjectsV2": "s3:ListBucket",
    "PutObject": "s3:PutObject",
}


def error_code(error: ClientError) -> str:
    """Return the store's error code; an answer without a body has its HTTP status for one."""
    return str(error.response.get("Error", {}).get("Code", ""))


def http_status(error: ClientError) -> int:
    """Return the HTTP status of the answer, or 0 when it is not known."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def is_not_implemented(error: ClientError) -> bool:
    """Tell whether the store does not know this kind of request."""
    return error_code(error) == "NotImplemented" or http_status(error) == NOT_IMPLEMENTED


def is_forbidden(error: ClientError) -> bool:
    """Tell whether the store refuses this request to these credentials."""
    return http_status(error) == FORBIDDEN and error_code(error) not in PASSING_CODES


@contextmanager
def translated_errors(bucket: str, key: str) -> Generator[None]:
    """Raise what the S3 client raises as errors of this package.

    `key` is the object that a "gone" or "changed" answer is about. Neither the endpoint nor the
    credentials get into a message.

    Raises:
        ObjectGoneError: there is no such object.
        ObjectChangedError: a condition of the request does not hold (any more).
        SettingError: the bucket, the region, the credentials or a permission is wrong.
        BucketUnavailableError: no answer, 5xx, throttling, or a body that broke off.
    """
    try:
        yield
    except ClientError as error:
        raise _answer_error(error, bucket, key) from error
    except (NoCredentialsError, PartialCredentialsError, ProfileNotFound) as error:
        raise SettingError(
            "RUSTFS_ACCESS_KEY", "no complete credentials found; set it and RUSTFS_SECRET_KEY"
        ) from error
    except NoRegionError as error:
        raise SettingError("AWS_REGION", "not set; give the bucket's region") from error
    except ParamValidationError as error:
        raise SettingError(
            "TICKETS_BUCKET", f"{bucket!r} and {key!r} cannot be a bucket and a key; mend the name"
        ) from error
    except (BotoCoreError, HTTPError, ResponseParserError, KeyError) as error:
        # A key is missing when something that is no S3 store answered with status 200.
        raise BucketUnavailableError(
            f"bucket {bucket} did not answer as it should ({type(error).__name__}) for {key}"
        ) from error


def _answer_error(error: ClientError, bucket: str, key: str) -> FleetticketsError:
    code, status, operation = error_code(error), http_status(error), error.operation_name
    if code == "NoSuchBucket" or (status == NOT_FOUND and operation in BUCKET_OPERATIONS):
        return SettingError("TICKETS_BUCKET", f"there is no bucket {bucket}; mend the name")
    if code in GONE_CODES or status == NOT_FOUND:
        return ObjectGoneError(key)
    if code in CHANGED_CODES or status == PRECONDITION_FAILED:
        return ObjectChangedError(key)
    if code in PASSING_CODES or status in PASSING_STATUSES or status >= SERVER_ERROR:
        return BucketUnavailableError(f"bucket {bucket} answered {code} ({status}) for {key}")
    return _refusal(error, bucket)


def _refusal(error: ClientError, bucket: str) -> SettingError:
    code, status = error_code(error), http_status(error)
    operation = error.operation_name
    if code in CREDENTIAL_CODES:
        return SettingError(
            "RUSTFS_ACCESS_KEY", f"bucket {bucket} does not accept the credentials ({code})"
        )
    if status == FORBIDDEN:
        needed = PERMISSIONS.get(operation, operation)
        return SettingError(
            "TICKETS_BUCKET", f"bucket {bucket} refused {operation} ({code}); allow {needed} on it"
        )
    return SettingError("TICKETS_BUCKET", f"bucket {bucket} refused {operation} ({code}, {status})")
