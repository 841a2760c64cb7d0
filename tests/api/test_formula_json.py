"""Every expression of a formula, on one point whose score is 0.5; and what is no expression."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.calls import Api

PAYLOAD = {
    "n": 4, "half": 0.5, "list": [2, 3], "one": [7], "text": "x", "flag": True, "none": None, "empty": [],
    "at": "2020-01-01T00:00:10Z", "place": {"lon": 0.0, "lat": 0.0}, "far": {"lon": 200.0, "lat": 0.0},
    "a": {"b": [{"c": 6}]},
}  # fmt: skip


@pytest.fixture
def point(api: Api) -> Api:
    api("create_collection", "c", {"vectors": {"size": 2, "distance": "Dot"}})
    api("upsert_points", "c", {"points": [{"id": 1, "vector": [0.5, 0], "payload": PAYLOAD}]})
    return api


def body(formula: Any, **defaults: Any) -> dict[str, Any]:
    query = {"formula": formula, "defaults": defaults}
    return {"query": query, "prefetch": [{"query": [1.0, 0.0]}, {"query": [3.0, 0.0]}]}


def value(api: Api, formula: Any, **defaults: Any) -> float:
    (found,) = api("query_points", "c", body(formula, **defaults))
    return float(found.score)


VALUES = [
    (2.5, 2.5),
    ("$score", 0.5),
    ("$score[1]", 1.5),
    ("$score[2]", 0.0),
    ("n", 4.0),
    ("one", 7.0),
    ("one[0]", 7.0),
    ("list[1]", 3.0),
    ("a.b[].c", 6.0),
    ({"key": "n", "match": {"value": 4}}, 1.0),
    ({"key": "n", "range": {"gt": 4}}, 0.0),
    ({"has_id": [1]}, 1.0),
    ({"must_not": {"key": "n", "match": {"value": 4}}}, 0.0),
    ({"geo_distance": {"origin": {"lon": 0, "lat": 1}, "to": "place"}}, 111195.08),
    ({"datetime": "1970-01-02"}, 86400.0),
    ({"sum": [{"datetime_key": "at"}, {"neg": {"datetime": "2020-01-01"}}]}, 10.0),
    ({"mult": ["n", 2, "half"]}, 4.0),
    ({"mult": []}, 1.0),
    ({"mult": [0, "missing"]}, 0.0),
    ({"sum": ["n", 2, "half"]}, 6.5),
    ({"sum": []}, 0.0),
    ({"max": ["n", 2]}, 4.0),
    ({"min": ["n", 2]}, 2.0),
    ({"neg": "n"}, -4.0),
    ({"abs": {"neg": "n"}}, 4.0),
    ({"div": {"left": "n", "right": 8}}, 0.5),
    ({"div": {"left": "n", "right": 0, "by_zero_default": 9}}, 9.0),
    ({"div": {"left": 0, "right": "missing"}}, 0.0),
    ({"sqrt": "n"}, 2.0),
    ({"pow": {"base": "n", "exponent": "half"}}, 2.0),
    ({"exp": 0}, 1.0),
    ({"log10": 1000}, 3.0),
    ({"ln": 1}, 0.0),
    ({"acosh": 1}, 0.0),
    ({"lin_decay": {"x": "half"}}, 0.75),
    ({"lin_decay": {"x": "n"}}, 0.0),
    ({"exp_decay": {"x": "n", "target": 2, "scale": 2, "midpoint": 0.25}}, 0.25),
    ({"exp_decay": {"x": 2}}, 0.25),
    ({"gauss_decay": {"x": 2}}, 0.0625),
]


@pytest.mark.parametrize(("formula", "expected"), VALUES, ids=str)
def test_an_expression_has_its_value(point: Api, formula: Any, expected: float) -> None:
    assert value(point, formula) == pytest.approx(expected, rel=1e-5)


def test_a_default_is_for_what_a_path_does_not_select(point: Api) -> None:
    assert value(point, "missing", missing=3) == 3.0
    assert value(point, "empty", empty=3) == 3.0
    assert value(point, "n", n=3) == 4.0
    assert value(point, "$score[2]", **{"$score[2]": 3}) == 3.0
    assert value(point, {"datetime_key": "missing"}, missing="1970-01-01T00:01:00Z") == 60.0
    assert (
        value(point, {"geo_distance": {"origin": {"lon": 0, "lat": 0}, "to": "x"}}, x=PAYLOAD["place"]) == 0.0
    )


FAILING = [
    ("missing", "number value for missing", "No value found in a payload nor defaults"),
    ("text", "number value for text", "Value is not a number"),
    ("flag", "number value for flag", "Value is not a number"),
    ("none", "number value for none", "Value is not a number"),
    ("list", "number value for list", "Value is not a number"),
    ({"datetime_key": "n"}, "datetime value for n", "Value is not a string"),
    ({"datetime_key": "text"}, "datetime value for text", "input contains invalid characters"),
    ({"geo_distance": {"origin": {"lon": 0, "lat": 0}, "to": "n"}}, "geo point value for n", "lon and lat"),
    ({"geo_distance": {"origin": {"lon": 0, "lat": 0}, "to": "far"}}, "geo point value for far", "lon: 200"),
]


@pytest.mark.parametrize(("formula", "what", "why"), FAILING, ids=str)
def test_a_value_of_another_type_is_named(point: Api, formula: Any, what: str, why: str) -> None:
    status, text = point.fails("query_points", "c", body(formula, text=1, flag=1, none=1, list=1))
    assert status == 400
    assert text.startswith(
        f"Wrong input: Expected {what} in the payload and/or in the formula defaults. Error:"
    )
    assert why in text


NOT_FINITE = [
    ({"div": {"left": 1, "right": 0}}, "1/0 = inf"),
    ({"div": {"left": {"neg": "half"}, "right": 0}}, "-0.5/0 = -inf"),
    ({"sqrt": -3}, "√-3 = NaN"),
    ({"ln": 0}, "ln(0) = -inf"),
    ({"log10": -1}, "log10(-1) = NaN"),
    ({"exp": 1000}, "exp(1000) = inf"),
    ({"pow": {"base": -1, "exponent": 0.5}}, "-1^0.5 = NaN"),
    ({"acosh": 0.5}, "acosh(0.5) = NaN"),
    ({"mult": [1e38, 1e38]}, " as f32 = inf"),
]


@pytest.mark.parametrize(("formula", "shown"), NOT_FINITE, ids=str)
def test_a_result_that_is_not_finite_is_shown(point: Api, formula: Any, shown: str) -> None:
    status, text = point.fails("query_points", "c", body(formula))
    assert status == 400
    assert text.startswith("Wrong input: The expression ")
    assert text.endswith(f"{shown} produced a non-finite number")


INVALID = [
    ("$scores", "failed to parse variable ID $scores: Invalid reserved word: $scores"),
    ("$score[x]", "failed to parse variable ID $score[x]: Invalid reserved variable: $score[x]"),
    ("$score[1", "failed to parse variable ID $score[1: Invalid reserved variable: $score[1"),
    ("a..b", "failed to parse variable ID a..b: Invalid payload variable: a..b"),
    ({"max": []}, "`max` needs at least one operand"),
    ({"datetime": "soon"}, "failed to parse date-time soon: input contains invalid characters"),
    ({"exp_decay": {"x": 1, "scale": 0}}, "Decay scale should be non-zero positive, got 0."),
    (
        {"lin_decay": {"x": 1, "midpoint": 1.5}},
        "Linear decay midpoint should be in the range [0.0, 1.0], got 1.5.",
    ),
    ({"gauss_decay": {"x": 1, "midpoint": 0}}, "Decay midpoint should be in the range (0.0, 1.0), got 0."),
]


@pytest.mark.parametrize(("formula", "text"), INVALID, ids=str)
def test_a_parameter_that_is_not_valid_is_named(point: Api, formula: Any, text: str) -> None:
    failed = point.fails("query_points", "c", body(formula))
    assert failed == (400, f"Wrong input: Validation failed: {text}")


MALFORMED = [
    [], {}, True, None, {"sum": "n"}, {"sum": [None]}, {"neg": []}, {"div": {"left": 1}}, {"pow": 2},
    {"unknown": 1}, {"geo_distance": {"origin": {"lon": 1}, "to": "place"}}, {"datetime": 5}, 1e300,
    {"geo_distance": {"origin": {"lon": 200, "lat": 0}, "to": "place"}}, {"lin_decay": {}},
    {"datetime_key": 1},
]  # fmt: skip


@pytest.mark.parametrize("formula", MALFORMED, ids=str)
def test_what_is_no_expression_is_refused(point: Api, formula: Any) -> None:
    assert point.fails("query_points", "c", body(formula))[0] == 400


def test_expressions_are_nested_128_deep_and_no_deeper(point: Api) -> None:
    formula: Any = 1
    for _ in range(127):
        formula = {"neg": formula}
    assert value(point, formula) == -1.0
    failed = point.fails("query_points", "c", body({"neg": formula}))
    assert failed == (400, "Format error in JSON body: recursion limit exceeded")
