"""What is still to do: a listing, the ledger and a manifest give the files in order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fleettickets.core.keys import Prefix, is_held


class Listed(Protocol):
    """An object of a listing."""

    @property
    def key(self) -> str:
        """The object's key."""
        ...

    @property
    def etag(self) -> str:
        """The etag of its content, without quotes."""
        ...

    @property
    def size_bytes(self) -> int:
        """Its size."""
        ...

    @property
    def modified_at(self) -> datetime | None:
        """When the store took it in; None where that is not known."""
        ...


@dataclass(frozen=True, slots=True)
class PendingFile:
    """A change file that is not settled; `position` is its place in a manifest, None outside.

    `modified_at` is when the store took it in, None where that is not known.
    """

    key: str
    stamp: str
    etag: str
    size_bytes: int
    position: int | None = None
    modified_at: datetime | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Sorting:
    """A listing of `changes/`, sorted by what has to be done with each object.

    `pending` is in the order of application; `settled` still waits for its archive step; `held`
    and `foreign` are keys that are left where they are.
    """

    pending: tuple[PendingFile, ...]
    settled: tuple[PendingFile, ...]
    held: tuple[str, ...]
    foreign: tuple[str, ...]


def count_through(pending: Iterable[PendingFile], key: str) -> int:
    """Return how many of the `pending` files, which are in order, come up to the doorbell's `key`.

    Of a key that is not among them: how many would come before it, a manifest's all. Looks no
    further than that.
    """
    before = 0
    for place, file in enumerate(pending, start=1):
        if file.key == key:
            return place
        if file.position is None and file.key > key:
            break
        before = place
    return before


def sort_listing(
    listing: Iterable[Listed],
    *,
    prefix: Prefix,
    now: datetime,
    settled_etags: Mapping[str, str],
    manifest: Sequence[PendingFile] = (),
) -> Sorting:
    """Sort the objects of `changes/` against the ledger and a reseed's unsettled manifest.

    `settled_etags` maps a stamp to the etag of its latest settled revision. The manifest's files
    come first, in its order; a stamp that it still names is left to it.
    """
    awaited = {file.stamp for file in manifest}
    pending, settled = list(manifest), list[PendingFile]()
    held, foreign = list[str](), list[str]()
    for listed in sorted(listing, key=lambda item: item.key.encode()):
        parsed = prefix.parse(listed.key)
        if parsed is None or parsed.folder != "changes":
            foreign.append(listed.key)
        elif settled_etags.get(parsed.stamp) == listed.etag and parsed.stamp not in awaited:
            settled.append(_file(listed, parsed.stamp))
        elif is_held(parsed.stamp, now):
            held.append(listed.key)
        elif parsed.stamp not in awaited:
            pending.append(_file(listed, parsed.stamp))
    return Sorting(tuple(pending), tuple(settled), tuple(held), tuple(foreign))


def _file(listed: Listed, stamp: str) -> PendingFile:
    return PendingFile(
        listed.key, stamp, listed.etag, listed.size_bytes, modified_at=listed.modified_at
    )
