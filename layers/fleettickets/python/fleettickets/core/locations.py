"""Locations: the place inside of a location name, and what to ask a geocoder about it.

Location names are typed by field staff and carry network codes, site codes, port numbers and
copy-paste residue around the place. What a token is decides whether it stays:

- a network code (`NW`, `FDT12`, `SDUS`) goes, and so does a number right after one;
- a word that is a code only with a number (`PORT 3`, but not `Port Reitz`) likewise;
- a split ratio (1:8), a slot (0/1/3) and a site code (NRB0123) go;
- a number stays right after a word of the place (`Umoja 2`), and goes anywhere else.

Codes are whole tokens: nothing is ever cut out of a word.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from fleettickets.core.points import Box, Point

MAX_NAME_CHARACTERS: Final = 100
"""More is a story, not a name; what geocoders refuse as too long begins far above."""

_APOSTROPHES = str.maketrans(dict.fromkeys("\u2018\u2019\u201b\u02bb\u02bc\u00b4`", "'"))
_TOKEN = re.compile(r"\d+(?:/\d+){2,}(?::\d+)?|\d+:\d+|(?:[^\W_]|')+")
_SLOT_OR_RATIO = re.compile(r"\d+[/:].*")
_SITE_CODE = re.compile(r"[A-Za-z]{2,4}\d{3,}")
_NUMBER = re.compile(r"\d+[A-Za-z]?")
_CODE = re.compile(
    r"(?:NW|ADR|MNTC?|[GE]PON|XGS?PON|FTT[HBX]|OLT|ONT|ONU|OD[FBPC]|FD[TBHC]|FAT|FAC|NAP|LCP|CTO"
    r"|SPL|[SM]DU|MXU|CPE|BTS|RTR|AGG)S?(\d+[A-Z]?)?",
    re.IGNORECASE,
)
_CODE_WITH_NUMBER = re.compile(
    r"(PON|PORT|SLOT|RING|CORE|POLE|SITE|POP|HH|DP|MH|JB|SPLITTER|CAB|CABINET|SW)S?(\d+[A-Z]?)?",
    re.IGNORECASE,
)
# Words grown together: KilimaniEstate. Three letters before, for names such as MacMillan.
_SEAM = re.compile(r"(?<=[a-z]{3})(?=[A-Z][a-z]{2})")
_ABBREVIATION = re.compile(r"[B-DF-HJ-NP-TV-XZ]{3,}", re.IGNORECASE)
_LONGEST_INITIAL = 1

Tier = Literal["cluster", "location"]


@dataclass(frozen=True, slots=True)
class Country:
    """Where places are looked for: its ISO 3166 code in lower case, its name, a box around it."""

    code: str
    name: str
    box: Box


KENYA: Final = Country("ke", "Kenya", Box(south=-4.9, north=5.5, west=33.8, east=42.0))


@dataclass(frozen=True, slots=True)
class Query:
    """What a geocoder is asked: the `text` for those online, the `name` for a gazetteer.

    `near` is the cluster's point, which a location must lie close to; None in a query for a
    cluster itself.
    """

    tier: Tier
    name: str
    text: str
    near: Point | None
    country: Country = KENYA


def clean_location_name(text: str) -> str:
    """Return the place that a location name is about; empty if it holds none.

    Cleaning what is clean changes nothing. Upper and lower case become `Buru Buru`, abbreviations
    such as `CBD` and names in mixed case stay.
    """
    # Apostrophes first: NFKC would take an acute accent for an accent on a space.
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).translate(_APOSTROPHES)
    visible = "".join(mark for mark in plain if unicodedata.category(mark) != "Cf")
    tokens = (token.strip("'") for token in _TOKEN.findall(_SEAM.sub(" ", visible)))
    words = _without_stray_numbers(_without_codes([token for token in tokens if token]))
    name = _cut([_capitalised(word) for word in words])
    return name if any(_is_word(word) for word in name.split()) else ""


def _without_codes(tokens: Sequence[str]) -> Iterator[str | None]:
    """Yield what is no code; None stands for each code, with the number after it."""
    position = 0
    while position < len(tokens):
        length = _code_length(tokens, position)
        yield None if length else tokens[position]
        position += length or 1


def _code_length(tokens: Sequence[str], position: int) -> int:
    """Return how many tokens, from `position` on, are one code: 0, 1, or 2 with its number."""
    token = tokens[position]
    has_number = position + 1 < len(tokens) and _NUMBER.fullmatch(tokens[position + 1]) is not None
    if _SLOT_OR_RATIO.fullmatch(token) or _SITE_CODE.fullmatch(token):
        return 1
    if code := _CODE.fullmatch(token):
        return 2 if has_number and not code[1] else 1
    if code := _CODE_WITH_NUMBER.fullmatch(token):
        return 1 if code[2] else 2 * has_number
    return 0


def _without_stray_numbers(tokens: Iterable[str | None]) -> Iterator[str]:
    """Yield words, and the numbers that stand right after one."""
    after_word = False
    for token in tokens:
        is_number = token is not None and _NUMBER.fullmatch(token) is not None
        if token is not None and (after_word or not is_number):
            yield token
        after_word = token is not None and not is_number


def _capitalised(word: str) -> str:
    if _NUMBER.fullmatch(word) or _ABBREVIATION.fullmatch(word):
        return word.upper() if word.islower() or _NUMBER.fullmatch(word) else word
    capitalised = word.capitalize()
    is_same = capitalised.lower() == word.lower()  # not so for ß, which would become Ss
    return capitalised if is_same and (word.isupper() or word.islower()) else word


def _cut(words: Sequence[str]) -> str:
    kept, length = list[str](), 0
    for word in words:
        length += len(word) + bool(kept)
        if length > MAX_NAME_CHARACTERS:
            break
        kept.append(word)
    return " ".join(kept)


def _is_word(token: str) -> bool:
    """Tell words from initials and numbers, which name no place on their own."""
    return sum(map(str.isalpha, token)) > _LONGEST_INITIAL


def location_query(name: str, cluster: str, near: Point, country: Country = KENYA) -> Query | None:
    """Return the query for a cleaned `name` in a cluster whose point is `near`.

    The cluster is left out of the text where the name says it already. None if the name is empty:
    there is nothing to ask for, the cluster's point has to do.
    """
    if not name:
        return None
    area = clean_location_name(cluster)
    parts = [name, country.name] if not area or _holds(name, area) else [name, area, country.name]
    return Query("location", name, ", ".join(parts), near, country)


def cluster_query(cluster: str, country: Country = KENYA) -> Query | None:
    """Return the query for a cluster itself; None if its name holds no place."""
    name = clean_location_name(cluster)
    return Query("cluster", name, f"{name}, {country.name}", None, country) if name else None


def _holds(name: str, area: str) -> bool:
    words, wanted = name.casefold().split(), area.casefold().split()
    starts = range(len(words) - len(wanted) + 1)
    return any(words[start : start + len(wanted)] == wanted for start in starts)
