"""Place names, as a gazetteer compares them: without accents, case, punctuation and detail."""

import re
import unicodedata

_APOSTROPHE = re.compile("['\u2018\u2019\u201b\u02bb\u02bc\u00b4`]")
_NO_LETTER = re.compile(r"[^0-9a-z]+")
_DETAIL = re.compile(
    r" (?:(?:area|block|centre|center|court|estate|gate|phase|section|stage|town|village)"
    r"(?: (?:\d+[a-z]?|[a-z]))?|\d+[a-z]?|[a-z])$"
)
_DESCRIPTION = re.compile(
    r"area|avenue|block|cbd|central|centre|center|city|court|drive|east|estate|gate|house|junction|lane"
    r"|lower|mall|market|new|north|old|park|phase|plaza|road|school|section|shopping|south|stage"
    r"|station|street|town|upper|view|village|west|\d+[a-z]?|[a-z]"
)


def folded(name: str) -> str:
    """Return the name as plain lower-case words: `Murang'a Town` is `muranga town`."""
    decomposed = unicodedata.normalize("NFKD", _APOSTROPHE.sub("", name)).lower()
    base = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return _NO_LETTER.sub(" ", base).strip()


def without_detail(folded_name: str) -> str:
    """Return a folded name without the detail at its end: `umoja phase 2` is `umoja`.

    Something always stays: of `section 9` it is `section`, which is not distinctive.
    """
    shorter = _DETAIL.sub("", folded_name)
    return folded_name if shorter == folded_name else without_detail(shorter)


def is_distinctive(folded_name: str) -> bool:
    """Tell whether a name has a word that tells places apart; `town centre` has none."""
    return any(_DESCRIPTION.fullmatch(word) is None for word in folded_name.split())
