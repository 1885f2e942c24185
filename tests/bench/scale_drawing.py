"""Draws the curves: both axes logarithmic, each line named at its end."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, NullLocator

from tests.bench.scale_points import Curve, Point

COLOURS = ("#1b6ca8", "#c2571a", "#2c7a3f", "#7a3f9d", "#8a6d00")
QUIET = "#6b6b6b"
THOUSANDS = ((1_000_000, "M"), (1_000, "k"))


def draw(curve: Curve, points: Sequence[Point], path: Path) -> None:
    """Draw a curve's series into a PNG at `path`: medians, and a band from least to most."""
    series = {point.series: [p for p in points if p.series == point.series] for point in points}
    with mpl.rc_context({"font.family": "DejaVu Sans", "font.size": 10}):
        figure = Figure(figsize=(8, 4.8), dpi=120, layout="constrained")
        axes = figure.subplots()
        _prepare(axes, curve, sorted({point.size for point in points}))
        for colour, line in zip(COLOURS, series.values(), strict=False):
            _draw_line(axes, line, colour)
        _widen(axes)
        _draw_proportion(axes, points)
        _name_lines(axes, series)
        figure.savefig(path)


def _prepare(axes: Axes, curve: Curve, sizes: Sequence[int]) -> None:
    axes.set_title(curve.title, loc="left", fontweight="bold")
    axes.set_xlabel(curve.work)
    axes.set_ylabel(curve.unit)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xticks(sizes, [_short(size) for size in sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(visible=True, axis="y", color="#e4e4e4", linewidth=0.8)
    axes.spines[["top", "right"]].set_visible(False)


def _short(size: int) -> str:
    for unit, name in THOUSANDS:
        if size >= unit:
            return f"{size / unit:g} {name}"
    return str(size)


def _rounded(value: float) -> str:
    """Return a number with three digits that say something."""
    return f"{float(f'{value:.3g}'):,.10g}"


def _draw_line(axes: Axes, line: Sequence[Point], colour: str) -> None:
    sizes, medians = [p.size for p in line], [p.median for p in line]
    least, most = [min(p.values) for p in line], [max(p.values) for p in line]
    axes.fill_between(sizes, least, most, color=colour, alpha=0.12, linewidth=0)
    axes.plot(sizes, medians, color=colour, marker="o", markersize=4, linewidth=1.8)


def _widen(axes: Axes) -> None:
    """Let the axis end at powers of ten, so that little ups and downs look little."""
    lowest, highest = axes.get_ylim()
    axes.set_ylim(10 ** math.floor(math.log10(lowest)), 10 ** math.ceil(math.log10(highest)))


def _draw_proportion(axes: Axes, points: Sequence[Point]) -> None:
    """Draw what a cost in proportion to the work looks like, from the lowest point on."""
    first, last = min(p.size for p in points), max(p.size for p in points)
    lowest, highest = axes.get_ylim()
    start = min(p.median for p in points if p.size == first)
    end = min(last, first * highest / start)
    axes.plot([first, end], [start, start * end / first], color=QUIET, linestyle=":", linewidth=1)
    axes.annotate(
        "in proportion",
        (end, start * end / first),
        (-4, -4),
        textcoords="offset points",
        ha="right",
        va="top",
        color=QUIET,
        fontsize=8,
    )
    axes.set_ylim(lowest, highest)


def _name_lines(axes: Axes, series: Mapping[str, Sequence[Point]]) -> None:
    """Write each line's name and last median at its end, the names apart from each other."""
    lowest, highest = axes.get_ylim()
    gap = (highest / lowest) ** 0.055
    at = 0.0
    ends = sorted(zip(series.values(), COLOURS, strict=False), key=lambda end: end[0][-1].median)
    for line, colour in ends:
        at = max(line[-1].median, at * gap)
        axes.annotate(
            f"{line[0].series}: {_rounded(line[-1].median)} {line[-1].unit}",
            (line[-1].size, at),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=colour,
            annotation_clip=False,
        )
