"""Manifests: the hash that names what a reseed would apply, and what has changed since."""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol


class Content(Protocol):
    """One content of a stamp, as a full listing shows it."""

    @property
    def stamp(self) -> str:
        """The stamp, which orders the contents."""
        ...

    @property
    def etag(self) -> str:
        """The etag, without quotes."""
        ...

    @property
    def object_key(self) -> str:
        """Where it lies."""
        ...


@dataclass(frozen=True, slots=True)
class Identity:
    """What a plan was made for, besides its files: the generation that it opens, and from where."""

    generation: int
    source: str
    cleaning_version: int


@dataclass(frozen=True, slots=True)
class Changes:
    """How a listing differs from a plan's, up to the plan's last stamp: the keys concerned."""

    new: tuple[str, ...]
    missing: tuple[str, ...]
    changed: tuple[str, ...]


def plan_digest(identity: Identity, files: Sequence[Content]) -> str:
    """Return the sha256, in hexadecimal, over the identity and the (stamp, etag) of `files`.

    `files` are in the order of application. Where a content lies makes no difference, nor whether
    it lies in `processed/` and still in `changes/` too, so archiving changes no hash.
    """
    *_, (digest, _) = _digests(identity, files)
    return digest


def covered_files(identity: Identity, files: Sequence[Content], plan_sha256: str) -> int | None:
    """Return how many of the first `files` the hash stands for; None if it stands for others.

    Later stamps do not matter to a plan, so every whole stamp is tried as its last.
    """
    for digest, count in _digests(identity, files):
        if digest == plan_sha256:
            return count
    return None


def _digests(identity: Identity, files: Sequence[Content]) -> Iterator[tuple[str, int]]:
    """Yield the hash, and the number of files that it covers, of none and up to each stamp."""
    head = [1, identity.generation, identity.source, identity.cleaning_version]
    digest, count = hashlib.sha256(json.dumps(head).encode()), 0
    yield digest.hexdigest(), 0
    for stamp, contents in groupby(files, lambda file: file.stamp):
        listed = list(contents)
        count += len(listed)
        for etag in _etags(listed):
            digest.update(f"\n{stamp} {etag}".encode())
        yield digest.hexdigest(), count


def _etags(contents: Sequence[Content]) -> list[str]:
    """Return the etags of one stamp in order, repetitions left out."""
    return [etag for etag, _ in groupby(file.etag for file in contents)]


def compare_listings(planned: Sequence[Content], listed: Sequence[Content]) -> Changes:
    """Name what is new, missing or changed in `listed` up to the last stamp of `planned`."""
    before, last = _by_stamp(planned), planned[-1].stamp if planned else ""
    now = {stamp: found for stamp, found in _by_stamp(listed).items() if stamp <= last}
    return Changes(
        new=tuple(now[stamp][-1].object_key for stamp in sorted(now.keys() - before.keys())),
        missing=tuple(before[stamp][-1].object_key for stamp in sorted(before.keys() - now.keys())),
        changed=tuple(
            now[stamp][-1].object_key
            for stamp in sorted(now.keys() & before.keys())
            if _etags(now[stamp]) != _etags(before[stamp])
        ),
    )


def _by_stamp(files: Sequence[Content]) -> dict[str, list[Content]]:
    return {stamp: list(found) for stamp, found in groupby(files, lambda file: file.stamp)}
