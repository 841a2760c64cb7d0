"""JSON paths: how a filter names a field."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import InvalidRequest
from workbench.models.json_path import EACH, parse_path, quote_key


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a", ("a",)),
        ("a.b-c_1", ("a", "b-c_1")),
        ("a[].b", ("a", EACH, "b")),
        ("a[0][]", ("a", 0, EACH)),
        ('a."b. c"', ("a", "b. c")),
        ('""', ("",)),
        ("1", ("1",)),
        ("ключ.日本.हि", ("ключ", "日本", "हि")),
    ],
)
def test_a_path_is_keys_positions_and_each(text: str, parts: tuple[Any, ...]) -> None:
    assert parse_path(text).parts == parts
    assert str(parse_path(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a[",
        "a]",
        "a..b",
        "a.",
        ".a",
        "a[]b",
        "a[-1]",
        "a[1.5]",
        '"a',
        '"a"b',
        "a b",
        " a",
        "a[ 0 ]",
        "[]",
        "[0]",
        "[].a",
        "a[].",
        "a$",
        "a/b",
        '"a""b"',
        "a[99999999999999999999]",
        "a\n",
        "a'b",
    ],
)
def test_what_the_engine_refuses_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="invalid JSON path"):
        parse_path(text)


@pytest.mark.parametrize(
    ("path", "payload", "selected"),
    [
        ("a.b", {"a": {"b": 1}}, [1]),
        ("a.b", {"a": [{"b": 1}]}, []),
        ("a[].b", {"a": [{"b": 1}, 5, {"b": [2, 3]}]}, [1, [2, 3]]),
        ("a", {"a": None}, [None]),
        ("a", {}, []),
        ("a[1]", {"a": [7, 8]}, [8]),
        ("a[2]", {"a": [7, 8]}, []),
        ("a[][]", {"a": [[1], [2, 3], 4]}, [1, 2, 3]),
        ('"a.b"', {"a.b": 1, "a": {"b": 2}}, [1]),
    ],
)
def test_a_path_selects_values(path: str, payload: dict[str, Any], selected: list[Any]) -> None:
    assert parse_path(path).select(payload) == selected


def test_a_key_is_quoted_where_it_must_be() -> None:
    assert [quote_key(key) for key in ("year", "release year", "a.b", "")] == [
        "year",
        '"release year"',
        '"a.b"',
        '""',
    ]
    with pytest.raises(InvalidRequest, match="double quote"):
        quote_key('a"b')
