"""What must hold when all trouble is over: content, one place for each file, a whole ledger."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tests.faults.plans import HELD, Plan
from tests.support.applications import Application
from tests.support.digests import CleanIngest, Content

LEDGER = """
select generation, stamp, revision, status, sha256,
    rows_read = rows_dropped + rows_rejected + rows_duplicate + rows_inserted + rows_updated
        + rows_unchanged + rows_stale as adds_up
from tickets.import_files order by generation, stamp, revision
"""


@dataclass(frozen=True, slots=True)
class Settled:
    """A row of the ledger."""

    generation: int
    stamp: str
    revision: int
    status: str
    sha256: str | None
    adds_up: bool | None


@dataclass(frozen=True, slots=True)
class End:
    """The end of a round: what was put, what the ledger says, and what lies where."""

    puts: Sequence[Content]
    replayed: frozenset[str]
    ledger: Sequence[Settled]
    objects: Mapping[str, Mapping[str, bytes]]  # folder -> name -> bytes

    @classmethod
    def of(cls, plan: Plan, application: Application, replayed: set[str]) -> "End":
        """Look at the application."""
        rows = application.connection.execute(LEDGER.encode()).fetchall()
        objects = {
            folder: {name: application.content(folder, name) for name in application.names(folder)}
            for folder in ("changes", "processed", "quarantine")
        }
        return cls(plan.puts, frozenset(replayed), [Settled(*row) for row in rows], objects)

    def losses(self) -> list[str]:
        """Return what is wrong, in words; nothing if no promise was broken."""
        return [
            *self._wrong_places(),
            *self._wrong_archive(),
            *self._wrong_ledger(),
            *self._unsettled(),
        ]

    def generations(self) -> list[list[Content]]:
        """Return the contents that each generation applied, in the order of their versions."""
        contents = {sha256(content): content for _, content in self.puts}
        found = defaultdict[int, list[Content]](list)
        for row in self._applied():
            found[row.generation].append((row.stamp, contents[str(row.sha256)]))
        return [found[generation] for generation in range(self._last_generation + 1)]

    @property
    def _last_generation(self) -> int:
        return max((row.generation for row in self.ledger), default=0)

    def _applied(self) -> Iterator[Settled]:
        yield from (row for row in self.ledger if row.status == "applied")

    def _wrong_places(self) -> Iterator[str]:
        """Whatever is left in `changes/` but the held file was forgotten."""
        for name in self.objects["changes"].keys() - {f"{HELD}.csv"}:
            yield f"{name} is left in changes/"
        applied = {(row.stamp, row.sha256) for row in self._applied()}
        for name, content in self.objects["quarantine"].items():
            stamp = name.partition(".")[0]
            if (stamp, sha256(content)) in applied:
                yield f"{name} is in quarantine/ although its content was applied"

    def _wrong_archive(self) -> Iterator[str]:
        """`processed/` holds what the present generation applied, in that order, nothing else."""
        applied = defaultdict[str, list[str]](list)
        for row in self._applied():
            if row.generation == self._last_generation:
                applied[row.stamp].append(str(row.sha256))
        archived = defaultdict[str, list[str]](list)
        for name in sorted(self.objects["processed"], key=_copy_of):
            archived[name.partition(".")[0]].append(sha256(self.objects["processed"][name]))
        for stamp in sorted(applied.keys() | archived.keys()):
            found, wanted = _short(archived[stamp]), _short(applied[stamp])
            if found != wanted:
                yield f"{stamp}: {wanted} were applied, {found} lie in processed/"

    def _wrong_ledger(self) -> Iterator[str]:
        revisions = defaultdict[tuple[int, str], list[int]](list)
        known = {(stamp, sha256(content)) for stamp, content in self.puts}
        for row in self.ledger:
            revisions[row.generation, row.stamp].append(row.revision)
            if row.sha256 is not None and (row.stamp, row.sha256) not in known:
                yield f"{row} is of a content that was never put"
            if row.status == "applied" and not row.adds_up:
                yield f"{row}: its counts do not add up"
        for (generation, stamp), found in revisions.items():
            if found != list(range(1, len(found) + 1)):
                yield f"{stamp} in generation {generation} has the revisions {found}"

    def _unsettled(self) -> Iterator[str]:
        """Yield the stamps whose last content was not the last settled: lost, or overtaken.

        A file that a person replayed was settled last, whatever came in between.
        """
        last_put = {stamp: content for stamp, content in self.puts if stamp != HELD}
        for stamp, content in last_put.items():
            rows = [row for row in self.ledger if row.stamp == stamp]
            is_bad = b"never closed" in content
            wanted, status = sha256(content), "quarantined" if is_bad else "applied"
            good = [row for row in rows if row.status == status and row.sha256 == wanted]
            if not good:
                yield f"{stamp}: its last content was never {status}: {rows}"
            elif not is_bad and stamp not in self.replayed and rows[-1] not in good:
                yield f"{stamp}: its last content was overtaken: {rows}"


def assert_nothing_lost(end: End, application: Application, clean: CleanIngest) -> None:
    """Check all of it; the content last, since whatever else is wrong explains it."""
    losses = end.losses()
    assert not losses, "\n".join(losses)
    clean.assert_equals(application.connection, *end.generations())


def sha256(content: bytes) -> str:
    """Return the hash as the ledger has it."""
    return hashlib.sha256(content).hexdigest()


def _copy_of(name: str) -> tuple[str, int]:
    stamp, _, copy = name.removesuffix(".csv").partition(".r")
    return stamp, int(copy or "1")


def _short(digests: Sequence[str]) -> list[str]:
    return [digest[:8] for digest in digests]
