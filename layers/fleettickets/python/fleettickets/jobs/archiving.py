"""Archiving: a settled file leaves `changes/`, once its ledger row is committed."""

import hashlib
import logging

from fleettickets.clients.buckets import ObjectSummary
from fleettickets.core.pending import PendingFile
from fleettickets.errors import BucketUnavailableError, ObjectChangedError, ObjectGoneError
from fleettickets.jobs.context import IngestContext
from fleettickets.store.connections import translated_errors
from fleettickets.store.ledger import LedgerEntry, mark_archived

log = logging.getLogger("fleettickets")


def archive(
    context: IngestContext, file: PendingFile, entry: LedgerEntry, version_id: str | None = None
) -> bool:
    """Copy the settled `file` to its archive folder, note it in the ledger, delete the source.

    Can be repeated at any point, by anybody: each step is left out if it is done. Returns false,
    and leaves the rest to whoever lists the file next, if the object is no longer the settled one
    or the store does not answer.
    """
    if not context.archive or file.key.startswith(context.prefix.processed):
        return True
    try:
        target, is_there = archive_place(context, file, entry)
        if not is_there:
            context.bucket.copy_object(file.key, target, etag=file.etag)
        with translated_errors():
            mark_archived(context.connection, entry, target)
        if target != file.key:
            context.bucket.delete_object(file.key, etag=file.etag, version_id=version_id)
    except (ObjectChangedError, ObjectGoneError, BucketUnavailableError) as error:
        log.warning(
            "archive step was left",
            extra={
                "key": file.key,
                "stamp": file.stamp,
                "error": type(error).__name__,
                "reason": str(error),
            },
        )
        return False
    return True


def archive_place(
    context: IngestContext, file: PendingFile, entry: LedgerEntry
) -> tuple[str, bool]:
    """Return the key for the settled content in the archive, and whether it lies there already.

    A later name is a later content of the stamp, so only the last name counts as "there already":
    contents A, B, A end in three names, and a reseed reads them in their order. A refused file that
    lies in the quarantine already stays under its name.
    """
    applied = entry.status == "applied"
    if not applied and file.key.startswith(context.prefix.quarantine):
        return file.key, True
    key_of = context.prefix.processed_key if applied else context.prefix.quarantine_key
    copy, last = 1, None
    while found := context.bucket.find_object(key_of(file.stamp, copy)):
        copy, last = copy + 1, found
    if last is not None and _holds(context, last, file, entry):
        return last.key, True
    return key_of(file.stamp, copy), False


def _holds(
    context: IngestContext, archived: ObjectSummary, file: PendingFile, entry: LedgerEntry
) -> bool:
    if archived.size_bytes != file.size_bytes:
        return False
    if archived.etag == file.etag:
        return True
    digest = hashlib.sha256()
    with context.bucket.open_object(archived.key, etag=archived.etag) as opened:
        for chunk in opened.chunks():
            digest.update(chunk)
    return digest.hexdigest() == entry.sha256
