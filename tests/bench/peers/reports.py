"""The report of the race: verdicts first, then a table a kind, with medians."""

from collections.abc import Iterable, Mapping, Sequence
from statistics import median

from tests.bench.clocks import Span
from tests.bench.peers.contestants import DLT_SETTINGS, PRODUCT
from tests.bench.peers.races import DELTA, FIRST_LOAD, RE_EMISSION, Race
from tests.bench.reports import Spans
from tests.bench.verdicts import Wanted

DLTS = tuple(f"dlt, {settings}" for settings in DLT_SETTINGS)
NAME_WIDTH = 26


def report(spans: Spans, race: Race, *, rounds: int) -> str:
    """Return the verdicts and the tables. `spans` are what the product and the limits took."""
    rows = race.workload.rows
    head = f"{rows:,} rows, {_counted(rounds, 'round')}"
    tables = (_verdicts(spans, race), _process_table(race), _in_process_table(spans, race))
    return "\n\n".join((head, *("\n".join(table) for table in tables)))


def _verdicts(spans: Spans, race: Race) -> Iterable[str]:
    """Each figure is how many times faster the product is than what stands behind the name."""
    label = f"{race.workload.rows:,} rows: "
    first, again = (_of(spans, name) for name in (FIRST_LOAD, RE_EMISSION))
    yield Wanted(f"{label}first load, against COPY of (ticket_id, raw)", 0.35, 0.5).judge(
        _ratio(_of(spans, "copy jsonb"), first)
    )
    yield from _against_peers(label, spans, race)
    yield Wanted(f"{label}re-emission, against COPY of the text", 0.15, 0.35).judge(
        _ratio(_of(spans, "copy text"), again)
    )
    if race.repeats:
        yield from _repeats(label, spans, race)


def _against_peers(label: str, spans: Spans, race: Race) -> Iterable[str]:
    ours = _of(race.processes, (PRODUCT.name, FIRST_LOAD))
    wanted = {
        "dlt": Wanted(f"{label}first load as a process, against the fastest dlt", 4, 6),
        "pgloader": Wanted(f"{label}first load as a process, against pgloader + upsert", 1.7, 2.5),
        "csvsql": Wanted(f"{label}first load as a process, against csvsql, no key", 1.2, 2),
    }
    for peer, limits in wanted.items():
        names = {name for name, _ in race.processes if name.startswith(peer)}
        yield limits.judge(_ratio(_fastest(race.processes, names, FIRST_LOAD), ours))
    if race.repeats:
        yield Wanted(f"{label}first load in process, against the fastest dlt", 4, 6).judge(
            _ratio(_fastest(race.in_process, DLTS, FIRST_LOAD), _of(spans, FIRST_LOAD))
        )


def _repeats(label: str, spans: Spans, race: Race) -> Iterable[str]:
    ours = _of(race.processes, (PRODUCT.name, RE_EMISSION))
    yield Wanted(f"{label}re-emission as a process, against the fastest dlt", 8, 20).judge(
        _ratio(_fastest(race.processes, DLTS, RE_EMISSION), ours)
    )
    yield Wanted(f"{label}re-emission in process, against the fastest dlt", 8, 20).judge(
        _ratio(_fastest(race.in_process, DLTS, RE_EMISSION), _of(spans, RE_EMISSION))
    )
    yield Wanted(f"{label}warm 200-row delta, against the fastest dlt in process", 8, 15).judge(
        _ratio(_fastest(race.in_process, DLTS, DELTA), _of(spans, DELTA))
    )
    for name, wanted in (
        (DELTA, Wanted(f"{label}warm 200-row delta, database time", 22, 15, "ms", at_most=True)),
        (
            "idle doorbell",
            Wanted("doorbell with nothing to do, database time", 5, 2, "ms", at_most=True),
        ),
    ):
        yield wanted.judge(_median([span.database_ms for span in spans[name]]))


def _process_table(race: Race) -> Iterable[str]:
    yield (
        f"{'whole processes':{NAME_WIDTH}} {'first s':>8} {'rows/s':>8} {'CPU s':>6} {'MB':>5} "
        f"{'WAL B':>6} {'again s':>8} {'WAL B':>6} {'delta ms':>9} {'deltas':>6}"
    )
    for contestant in race.contestants:
        first = race.processes.get((contestant.name, FIRST_LOAD), [])
        again = race.processes.get((contestant.name, RE_EMISSION), [])
        deltas = race.processes.get((contestant.name, DELTA), [])
        seconds = _median(span.wall_ms / 1000 for span in first)
        yield (
            f"{contestant.name:{NAME_WIDTH}} {_cell(seconds, 8, 2)} "
            f"{_cell(seconds and race.workload.rows / seconds, 8)} "
            f"{_cell(_median(span.client_cpu_ms / 1000 for span in first), 6, 2)} "
            f"{_cell(_median(span.peak_memory_mb or 0 for span in first), 5)} "
            f"{_cell(_wal(first, race), 6)} "
            f"{_cell(_median(span.wall_ms / 1000 for span in again), 8, 2)} "
            f"{_cell(_wal(again, race), 6)} "
            f"{_cell(_median(span.wall_ms for span in deltas), 9)} {len(deltas):6}"
        )


def _in_process_table(spans: Spans, race: Race) -> Iterable[str]:
    """Connected and imported before; dlt's first file makes its tables, too."""
    yield (
        f"{'in process':{NAME_WIDTH}} {'first s':>8} {'rows/s':>8} {'again s':>8} {'delta ms':>9} "
        f"{'deltas':>6}"
    )
    own = {("fleettickets", what): spans.get(what, ()) for what in (FIRST_LOAD, RE_EMISSION, DELTA)}
    for batch, name in (("batch worker", "batch worker"), ("batch worker*", "the same, no marks")):
        own[name, FIRST_LOAD] = spans.get(batch, ())
        own[name, DELTA] = spans.get(f"{batch} delta", ())
    times = {**own, **race.in_process}
    for name in dict.fromkeys(name for name, _ in times):
        first, again, delta = (
            _median(span.wall_ms for span in times.get((name, what), ()))
            for what in (FIRST_LOAD, RE_EMISSION, DELTA)
        )
        yield (
            f"{name:{NAME_WIDTH}} {_cell(first and first / 1000, 8, 2)} "
            f"{_cell(first and race.workload.rows / first * 1000, 8)} "
            f"{_cell(again and again / 1000, 8, 2)} {_cell(delta, 9, 1)} "
            f"{len(times.get((name, DELTA), ())):6}"
        )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _cell(figure: float | None, width: int, decimals: int = 0) -> str:
    return f"{'-':>{width}}" if figure is None else f"{figure:{width},.{decimals}f}"


def _median(figures: Iterable[float]) -> float | None:
    measured = list(figures)
    return median(measured) if measured else None


def _wal(spans: Sequence[Span], race: Race) -> float | None:
    """Return bytes a row; None where a checkpoint disturbed every round."""
    return _median(
        span.wal_bytes / race.workload.rows for span in spans if span.wal_bytes is not None
    )


def _of[Key](times: Mapping[Key, Sequence[Span]], key: Key) -> float | None:
    return _median(span.wall_ms for span in times.get(key, ()))


def _fastest(
    times: Mapping[tuple[str, str], Sequence[Span]], names: Iterable[str], what: str
) -> float | None:
    found = [ms for name in names if (ms := _of(times, (name, what))) is not None]
    return min(found, default=None)


def _ratio(theirs: float | None, ours: float | None) -> float | None:
    return theirs / ours if theirs is not None and ours else None
