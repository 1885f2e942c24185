"""A bucket that fails, is killed, or lets somebody else act, exactly where a test says."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self

from fleettickets.clients.buckets import Bucket, ObjectSummary, OpenObject

type Method = Literal[
    "list_objects",  # once a listing
    "listed",  # once an object that a listing yields
    "open_object",
    "chunks",  # once an object read
    "chunk",  # once a chunk that a reading yields
    "find_object",
    "copy_object",
    "put_object",
    "delete_object",
]


class Killed(BaseException):
    """The process was killed here; no handler of `Exception` sees it."""


@dataclass(slots=True)
class Steps:
    """The steps that a piece of work takes, numbered from 1; the work dies at step `kill_at`.

    Run the work once without `kill_at` to learn from `taken` how many there are.
    """

    kill_at: int | None = None
    taken: list[str] = field(default_factory=list[str])

    def step(self, name: str) -> None:
        """Take the next step, or die at it."""
        self.taken.append(name)
        if len(self.taken) == self.kill_at:
            raise Killed(name)


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens at the `nth` call of `method`, counted from 1, or at every call (`nth` None).

    `before` runs and `error` is raised before the call has any effect; `after` runs and
    `error_after` is raised when it has had its effect (an answer that was lost).
    """

    method: Method
    nth: int | None = 1
    before: Callable[[], object] | None = None
    error: BaseException | None = None
    after: Callable[[], object] | None = None
    error_after: BaseException | None = None


class FaultyBucket:
    """`inner`, with the faults of `plan`; each call is a step before and a step after its effect.

    `calls` lists "method key" in order, for diagnosis.
    """

    def __init__(
        self, inner: Bucket, plan: Iterable[Fault] = (), *, steps: Steps | None = None
    ) -> None:
        """Wrap `inner`; several wrappers may share one `steps`."""
        self._inner = inner
        self._plan = tuple(plan)
        self._counts: dict[Method, int] = {}
        self.steps = steps or Steps()
        self.calls: list[str] = []

    @property
    def source(self) -> str:
        """The source of `inner`."""
        return self._inner.source

    @property
    def checks_source(self) -> bool:
        """As `inner` has it."""
        return self._inner.checks_source

    def list_objects(self, folder: str) -> Iterator[ObjectSummary]:
        """See `Bucket`."""
        with self.around("list_objects", folder):
            found = self._inner.list_objects(folder)
        for summary in found:
            with self.around("listed", summary.key):
                pass
            yield summary

    def open_object(self, key: str, *, etag: str | None = None) -> OpenObject:
        """See `Bucket`."""
        opened: OpenObject | None = None
        try:
            with self.around("open_object", key):
                opened = self._inner.open_object(key, etag=etag)
        except BaseException:  # the system closes what a killed process had open
            if opened is not None:
                opened.__exit__(None, None, None)
            raise
        return _FaultyObject(self, opened)

    def find_object(self, key: str) -> ObjectSummary | None:
        """See `Bucket`."""
        with self.around("find_object", key):
            return self._inner.find_object(key)

    def copy_object(self, source_key: str, target_key: str, *, etag: str) -> None:
        """See `Bucket`."""
        with self.around("copy_object", source_key):
            self._inner.copy_object(source_key, target_key, etag=etag)

    def put_object(
        self, key: str, chunks: Iterable[bytes], *, size_bytes: int | None = None
    ) -> ObjectSummary:
        """See `Bucket`."""
        with self.around("put_object", key):
            return self._inner.put_object(key, chunks, size_bytes=size_bytes)

    def delete_object(self, key: str, *, etag: str, version_id: str | None) -> bool:
        """See `Bucket`."""
        with self.around("delete_object", key):
            return self._inner.delete_object(key, etag=etag, version_id=version_id)

    def around(self, method: Method, key: str) -> "_Call":
        """Count the call and apply its faults before and after the block."""
        nth = self._counts[method] = self._counts.get(method, 0) + 1
        self.calls.append(f"{method} {key}")
        faults = [f for f in self._plan if f.method == method and f.nth in {None, nth}]
        return _Call(f"{method} {key}", faults, self.steps)


@dataclass(frozen=True, slots=True)
class _Call:
    name: str
    faults: list[Fault]
    steps: Steps

    def __enter__(self) -> None:
        self.steps.step(f"before {self.name}")
        for fault in self.faults:
            if fault.before is not None:
                fault.before()
            if fault.error is not None:
                raise fault.error

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            return
        self.steps.step(f"after {self.name}")
        for fault in self.faults:
            if fault.after is not None:
                fault.after()
            if fault.error_after is not None:
                raise fault.error_after


class _FaultyObject:
    """The open object of a `FaultyBucket`."""

    def __init__(self, bucket: FaultyBucket, inner: OpenObject) -> None:
        self._bucket = bucket
        self._inner = inner
        self.key = inner.key
        self.etag = inner.etag
        self.version_id = inner.version_id
        self.size_bytes = inner.size_bytes

    def chunks(self) -> Iterator[bytes]:
        with self._bucket.around("chunks", self.key):
            chunks = self._inner.chunks()
        for chunk in chunks:
            with self._bucket.around("chunk", self.key):
                pass
            yield chunk

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._inner.__exit__(kind, error, trace)
