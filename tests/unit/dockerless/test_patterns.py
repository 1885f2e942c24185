"""Filter patterns of CloudWatch Logs, as the stand-in for the log service understands them."""

import json

import pytest

from tests.stack.localstack.dockerless.patterns import PatternError, compile_pattern

LINE = 'ERROR file "2026-06-15" was quarantined'
EVENT = json.dumps(
    {
        "level": "ERROR",
        "key": "automations/inc/changes/a.csv",
        "n": 2,
        "late": True,
        "reason": None,
        "error": {"type": "LockTimeoutError", "codes": [55, 57]},
    }
)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "  ",
        "ERROR",
        "ERROR quarantined",
        '"was quarantined"',
        '"\\"2026-06-15\\""',
        "-applied",
        "ERROR -applied",
        "?applied ?quarantined",
        "%quarant.n%",
        "ERROR ?applied",  # as on AWS: beside other terms an optional one says nothing
    ],
)
def test_terms_find_lines(pattern: str) -> None:
    """All terms must be in the line, none of the excluded ones, or one of the optional ones."""
    assert compile_pattern(pattern)(LINE)


@pytest.mark.parametrize(
    "pattern",
    [
        "applied",
        "error",
        "ERROR applied",
        '"quarantined was"',
        "-ERROR",
        "?applied ?skipped",
        "%^file%",
    ],
)
def test_terms_pass_lines_over(pattern: str) -> None:
    """A missing term, an excluded one that is there, another case of a letter."""
    assert not compile_pattern(pattern)(LINE)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.level = "ERROR" }',
        "{ $.level = ERROR }",
        '{ $.level = "ERR*" }',
        '{ $.level != "INFO" }',
        '{$.key="*/changes/*.csv"}',
        "{ $.level = %^ERR% }",
        "{ $.n = 2 }",
        "{ $.n >= 2 && $.n < 2.5 }",
        "{ $.n > 1e0 }",
        "{ $.late IS TRUE }",
        "{ $.reason IS NULL }",
        "{ $.missing NOT EXISTS }",
        '{ $.error.type = "LockTimeoutError" }',
        "{ $.error.codes[1] = 57 }",
        '{ $.level = "INFO" || $.n = 2 }',
        '{ ($.level = "INFO" || $.n = 2) && ($.late IS TRUE) }',
    ],
)
def test_conditions_find_events(pattern: str) -> None:
    """Text with wildcards, numbers, states and paths, joined by && before ||."""
    assert compile_pattern(pattern)(EVENT)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.level = "INFO" }',
        '{ $.level = "ERR?R" }',  # only * is a wildcard
        '{ $.missing = "x" }',
        '{ $.missing != "x" }',
        "{ $.missing IS NULL }",
        "{ $.level > 1 }",
        "{ $.late = 1 }",
        "{ $.n IS NULL }",
        "{ $.level NOT EXISTS }",
        "{ $.error.codes[2] = 57 }",
        '{ $.level = "INFO" || $.n = 3 }',
        '{ $.n = 2 && $.level = "INFO" }',
    ],
)
def test_conditions_pass_events_over(pattern: str) -> None:
    """A value that differs, is missing, or is of another kind."""
    assert not compile_pattern(pattern)(EVENT)


def test_condition_passes_lines_over_that_are_not_json() -> None:
    """The lines that Lambda itself writes stand between the events."""
    assert not compile_pattern('{ $.level != "INFO" }')("START RequestId: 1 Version: $LATEST")


@pytest.mark.parametrize(
    "pattern",
    [
        "[ip, user]",
        "{ $.level }",
        "{ level = 1 }",
        "{ $.n = 1",
        "{ $.n > x }",
        "{ ($.n = 1 }",
        "{ $.n = 1 ) }",
    ],
)
def test_pattern_that_is_not_understood_is_an_error(pattern: str) -> None:
    """A pattern must not match everything, or nothing, for want of a parser."""
    with pytest.raises(PatternError):
        compile_pattern(pattern)
