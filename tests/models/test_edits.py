"""Payloads are cut down and changed as Qdrant's core does it."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.models.edits import assign, remove, select

ROWS = {"a": [{"x": 1, "y": 2}, {"y": 3}, 7]}


@pytest.mark.parametrize(
    ("payload", "include", "kept"),
    [
        (ROWS, ["a[].x"], {"a": [{"x": 1}, {}, 7]}),
        (ROWS, ["a[].x", "a[].y"], ROWS),
        (ROWS, ["a.x"], {"a": []}),
        (ROWS, ["a[0]"], {"a": []}),
        (ROWS, ["b"], {}),
        ({"a": 5}, ["a.x"], {"a": 5}),
        ({"a": {"x": 1, "y": {"z": 2}}}, ["a.y.z"], {"a": {"y": {"z": 2}}}),
    ],
)
def test_a_path_says_which_keys_may_stay(payload: Any, include: list[str], kept: Any) -> None:
    assert select(payload, include) == kept


def test_an_element_by_its_number_is_never_excluded() -> None:
    assert select(ROWS, None, ["a[0]"]) == ROWS
    assert select(ROWS, None, ["a[].y"]) == {"a": [{"x": 1}, {}, 7]}


def test_a_key_set_to_null_is_removed_but_a_null_within_its_value_is_kept() -> None:
    assert assign({"a": 1, "b": 2}, {"a": None, "c": None}) == {"b": 2}
    assert assign({"b": {"c": 1}}, {"c": None, "d": {"e": None}}, "b") == {"b": {"d": {"e": None}}}
    assert assign({}, {"c": None}, "new") == {"new": {}}


def test_an_element_of_an_array_is_never_removed_but_keys_within_it_are() -> None:
    assert remove(ROWS, "a[0]") == ROWS
    assert remove(ROWS, "a[0].x") == {"a": [{"y": 2}, {"y": 3}, 7]}
    assert remove(ROWS, "a[]") == {"a": []}
