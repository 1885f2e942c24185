"""CloudWatch Logs filter patterns: terms, and conditions on JSON lines."""

import fnmatch
import functools
import json
import operator
import re
from collections.abc import Callable

type Predicate = Callable[[str], bool]
type Condition = Callable[[object], bool]


class PatternError(ValueError):
    """The pattern is not one of the forms that are understood here."""


@functools.cache
def compile_pattern(pattern: str) -> Predicate:
    """Return the test that the pattern makes of a log line; an empty pattern matches every line.

    Terms (`word "two words" -not ?either ?or %regex%`) and JSON conditions
    (`{ $.level = "ERROR" && ($.n > 1 || $.key IS NULL) }`) are understood, as described in the
    CloudWatch Logs user guide, "Filter pattern syntax".

    Raises:
        PatternError: for space-delimited patterns (`[ip, user]`) and for what does not parse.
    """
    text = pattern.strip()
    if text.startswith("["):
        raise PatternError(f"space-delimited patterns are not understood here: {text}")
    return _json_predicate(text) if text.startswith("{") else _terms_predicate(text)


# --- terms --------------------------------------------------------------------------------------

_TERM = re.compile(r'\s*([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]*)%|([^\s"]+))')


def _terms_predicate(text: str) -> Predicate:
    required: list[Predicate] = []
    optional: list[Predicate] = []
    for sign, quoted, expression, bare in _TERM.findall(text):
        found = _finds(expression) if expression else _contains(quoted.replace('\\"', '"') or bare)
        if sign == "?":
            optional.append(found)
        else:
            required.append(_negated(found) if sign == "-" else found)
    # As on AWS, optional terms count only where no other term stands beside them.
    if required or not optional:
        return lambda line: all(found(line) for found in required)
    return lambda line: any(found(line) for found in optional)


def _contains(term: str) -> Predicate:
    return lambda line: term in line


def _finds(expression: str) -> Predicate:
    compiled = re.compile(expression)
    return lambda line: compiled.search(line) is not None


def _negated(predicate: Predicate) -> Predicate:
    return lambda line: not predicate(line)


# --- conditions on JSON -------------------------------------------------------------------------

_TOKEN = re.compile(
    r"\s*(&&|\|\||\(|\)|>=|<=|!=|=|>|<"
    r"|\$(?:\.[\w-]+|\[\d+\])+|\"(?:[^\"\\]|\\.)*\"|%[^%]*%|[^\s()&|=<>!]+)"
)
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]")
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
_STATES: dict[str, Condition] = {
    "IS TRUE": lambda value: value is True,
    "IS FALSE": lambda value: value is False,
    "IS NULL": lambda value: value is None,
    "NOT EXISTS": lambda value: value is _MISSING,
    "IS EXISTS": lambda value: value is not _MISSING,
}
_MISSING = object()


def _json_predicate(text: str) -> Predicate:
    if not text.endswith("}"):
        raise PatternError(f"a closing brace is missing: {text}")
    condition = _Conditions(text[1:-1]).parse()

    def holds(line: str) -> bool:
        try:
            return condition(json.loads(line))
        except ValueError:
            return False

    return holds


class _Conditions:
    """A recursive-descent parser: or-ed choices of and-ed parts, which may be in parentheses."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        if _TOKEN.sub("", text).strip():
            raise self._error()

    def parse(self) -> Condition:
        condition = self._any()
        if self._tokens:
            raise self._error()
        return condition

    def _any(self) -> Condition:
        choices = [self._all()]
        while self._accept("||"):
            choices.append(self._all())
        return lambda document: any(choice(document) for choice in choices)

    def _all(self) -> Condition:
        parts = [self._part()]
        while self._accept("&&"):
            parts.append(self._part())
        return lambda document: all(part(document) for part in parts)

    def _part(self) -> Condition:
        if not self._accept("("):
            return self._comparison()
        inner = self._any()
        if not self._accept(")"):
            raise self._error()
        return inner

    def _comparison(self) -> Condition:
        path, relation, operand = self._take(), self._take(), self._take()
        if not path.startswith("$"):
            raise self._error()
        holds = _STATES.get(f"{relation} {operand}".upper()) or self._compared(relation, operand)
        return lambda document: holds(_value_at(document, path))

    def _compared(self, relation: str, operand: str) -> Condition:
        if relation not in _COMPARISONS:
            raise self._error()
        if (number := _number(operand)) is not None:
            return _compares_number(_COMPARISONS[relation], number)
        if relation not in {"=", "!="}:
            raise self._error()
        return _compares_text(_text_test(operand), equal=relation == "=")

    def _accept(self, token: str) -> bool:
        if self._tokens[:1] != [token]:
            return False
        self._tokens.pop(0)
        return True

    def _take(self) -> str:
        if not self._tokens:
            raise self._error()
        return self._tokens.pop(0)

    def _error(self) -> PatternError:
        return PatternError(f"not a condition that is understood here: {self._text.strip()}")


def _value_at(document: object, path: str) -> object:
    value = document
    for name, index in _STEP.findall(path):
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and index and int(index) < len(value):
            value = value[int(index)]
        else:
            return _MISSING
    return value


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _compares_number(compare: Callable[[float, float], bool], number: float) -> Condition:
    def holds(value: object) -> bool:
        return (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and compare(float(value), number)
        )

    return holds


def _text_test(operand: str) -> Predicate:
    if operand.startswith("%"):
        return _finds(operand.strip("%"))
    text = json.loads(operand) if operand.startswith('"') else operand
    expression = re.compile(fnmatch.translate(text.replace("[", "[[]").replace("?", "[?]")))
    return lambda value: expression.match(value) is not None


def _compares_text(matches: Predicate, *, equal: bool) -> Condition:
    def holds(value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return False
        return matches(str(value)) == equal

    return holds
