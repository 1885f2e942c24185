"""Answers to CloudFormation, which waits for them while it handles a custom resource."""

import json
import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

from fleettickets.errors import RetryableError

if TYPE_CHECKING:
    import httpx

ATTEMPTS = 3
TIMEOUT_SECONDS = 10.0
LONGEST_REASON = 600  # characters of up to 4 bytes; the whole answer may have 4,096

# At INFO it logs whole URLs, and the one answered to carries a signature.
logging.getLogger("httpx").setLevel(logging.WARNING)


class ResourceEvent(TypedDict):
    """What CloudFormation sends, as far as it is used here."""

    RequestType: Literal["Create", "Update", "Delete"]
    ResponseURL: str
    StackId: str
    RequestId: str
    LogicalResourceId: str
    PhysicalResourceId: NotRequired[str]


def answer_stack(
    event: ResourceEvent,
    *,
    failure: str | None,
    resource_id: str,
    data: Mapping[str, str] | None = None,
    transport: "httpx.BaseTransport | None" = None,
) -> None:
    """Say how it went: `failure` is what people read in the stack's events, None for success.

    `resource_id` names the resource; as long as it stays, an update does not delete the former one.
    `data` are the attributes that the template can ask for.

    Raises:
        RetryableError: CloudFormation did not take the answer; its text does not show where.
    """
    import httpx  # noqa: PLC0415 - a sixth of the start, which runs on demand are spared

    answer = {
        "Status": "SUCCESS" if failure is None else "FAILED",
        "Reason": (failure or "see the function's log")[:LONGEST_REASON],
        "PhysicalResourceId": event.get("PhysicalResourceId", resource_id),
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": dict(data or {}),
    }
    # As bytes, so that no content type is sent: the URL is signed for none.
    body = json.dumps(answer, ensure_ascii=False).encode()
    with httpx.Client(transport=transport, timeout=TIMEOUT_SECONDS) as client:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                client.put(event["ResponseURL"], content=body).raise_for_status()
            except httpx.HTTPError as error:
                if attempt == ATTEMPTS:
                    kind = type(error).__name__
                    raise RetryableError(f"CloudFormation was not answered: {kind}") from None
            else:
                return
