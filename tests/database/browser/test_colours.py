"""The states' colours stand out from their grounds, and from each other in anybody's eyes."""

import math
from collections.abc import Iterator, Mapping
from itertools import combinations

import pytest
from playwright.sync_api import Browser

from tests.support.browsers import a_tab
from tests.support.previews import Written

type Colour = tuple[float, float, float]
"""Red, green and blue, linear, from 0 to 1."""

STATES = ("breached", "at-risk", "within", "unknown", "closed")
GROUNDS = ("card", "map-home", "map-land", "map-water", "map-lake")
TEXTS = ("ink", "soft", "accent", "breached")
LEAST_FOR_TEXT = 4.5
LEAST_FOR_SHAPES = 3.0
LEAST_APART = 18.0  # CIE 1976; 2.3 can just be noticed

# Machado, Oliveira and Fernandes (2009), severity 1.0; they apply to linear colours.
VISIONS: Mapping[str, tuple[Colour, Colour, Colour]] = {
    "usual": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}

# Linear sRGB to CIE XYZ under D65, and its white (IEC 61966-2-1).
TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)

PIXEL = """
name => {
  const paint = document.createElement("canvas").getContext("2d");
  paint.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`);
  paint.fillRect(0, 0, 1, 1);
  return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
}
"""


@pytest.fixture(scope="module", params=["light", "dark"])
def colours(
    request: pytest.FixtureRequest, browser: Browser, written: Written
) -> Iterator[Mapping[str, Colour]]:
    """The page's colours in one of its themes, by name."""
    with a_tab(browser, color_scheme=request.param) as tab:
        tab.open(written.page)
        names = {*STATES, *GROUNDS, *TEXTS, "mark"}
        yield {name: linear(tab.page.evaluate(PIXEL, name)) for name in names}


def linear(pixel: list[int]) -> Colour:
    """Take sRGB's curve away."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (byte / 255 for byte in pixel)
    )
    return red, green, blue


def times(matrix: tuple[Colour, Colour, Colour], colour: Colour) -> Colour:
    """The matrix times the colour."""
    x, y, z = (math.sumprod(row, colour) for row in matrix)
    return x, y, z


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours, as WCAG 2.2 defines it."""
    dark, light = sorted(times(TO_XYZ, colour)[1] for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


def seen(colour: Colour, vision: str) -> Colour:
    """The CIE Lab coordinates of a colour as somebody with that vision sees it."""
    red, green, blue = (min(1.0, max(0.0, part)) for part in times(VISIONS[vision], colour))
    xyz = times(TO_XYZ, (red, green, blue))
    x, y, z = (_lightness(part / white) for part, white in zip(xyz, WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _lightness(part: float) -> float:
    return math.cbrt(part) if part > 216 / 24389 else (24389 / 27 * part + 16) / 116


@pytest.mark.parametrize("vision", VISIONS)
def test_states_are_told_apart_with_any_vision(colours: Mapping[str, Colour], vision: str) -> None:
    """Each pair of them is a plain distance apart, by colour alone."""
    apart = {
        pair: math.dist(*(seen(colours[state], vision) for state in pair))
        for pair in combinations(STATES, 2)
    }

    assert {pair: round(far, 1) for pair, far in apart.items() if far < LEAST_APART} == {}


def test_states_stand_out_from_every_ground(colours: Mapping[str, Colour]) -> None:
    """Each state on cards and on the map, and the mark inside of its shape (WCAG 1.4.11)."""
    pairs = [(state, ground) for state in STATES for ground in (*GROUNDS, "mark")]

    ratios = {pair: contrast(*(colours[name] for name in pair)) for pair in pairs}

    assert {pair: ratio for pair, ratio in ratios.items() if ratio < LEAST_FOR_SHAPES} == {}


def test_text_stands_out_from_its_ground(colours: Mapping[str, Colour]) -> None:
    """What is read on cards, words of trouble included (WCAG 1.4.3)."""
    ratios = {name: contrast(colours[name], colours["card"]) for name in TEXTS}

    assert {name: ratio for name, ratio in ratios.items() if ratio < LEAST_FOR_TEXT} == {}
