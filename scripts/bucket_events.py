#!/usr/bin/env python3
"""Switches a bucket's EventBridge notifications on, and leaves its other notifications as they are.

S3 knows only "replace all", so what is there is read first and written back with the switch. There
is no condition for that: do not run it while somebody else changes the same bucket's notifications.
Without --apply it only says what it would do.
"""

import argparse
import sys
from typing import Any

import boto3

SWITCH = "EventBridgeConfiguration"


def main(arguments: list[str] | None = None) -> str:
    """Do what the command line says, and return what to tell the person."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bucket")
    parser.add_argument("--apply", action="store_true", help="write it")
    given = parser.parse_args(arguments)
    client: Any = boto3.client("s3")
    found = client.get_bucket_notification_configuration(Bucket=given.bucket)
    found.pop("ResponseMetadata")
    others = sum(len(entries) for kind, entries in found.items() if kind != SWITCH)
    if SWITCH in found:
        return f"{given.bucket}: EventBridge notifications are on; nothing to do"
    if not given.apply:
        return f"{given.bucket}: would switch them on, and keep {others} others; --apply does it"
    client.put_bucket_notification_configuration(
        Bucket=given.bucket,
        NotificationConfiguration={**found, SWITCH: {}},
        SkipDestinationValidation=True,  # of the others, whose owners may have moved on
    )
    return f"{given.bucket}: switched them on, and kept {others} others; it takes about 5 minutes"


if __name__ == "__main__":
    sys.stdout.write(main() + "\n")
