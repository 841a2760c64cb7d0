"""Every value of a field, as one kind."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.indexes.payload import PayloadTable

PAYLOADS: list[dict[str, Any] | None] = [
    {"f": ["b", 1]},
    {"f": "936DA01F9ABD4D9D80C702AF85C822A8"},
    {},
    {"f": [2.0, 2.5, True, 2**53 + 1]},
    {"f": "2020-01-01"},
    {"f": [{"lon": 1, "lat": 2}, {"lon": 3, "lat": 4.5}]},
]
CANONICAL = "936da01f-9abd-4d9d-80c7-02af85c822a8"


@pytest.mark.parametrize(
    ("kind", "rows", "values"),
    [
        ("keyword", [0, 1, 4], ["b", "936DA01F9ABD4D9D80C702AF85C822A8", "2020-01-01"]),
        ("uuid", [1], [CANONICAL]),
        ("integer", [0, 3, 3], [1, 2, 2**53 + 1]),
        ("float", [0, 3, 3, 3], [1.0, 2.0, 2.5, 2.0**53]),
        ("bool", [3], [True]),
        ("datetime", [4], [1_577_836_800_000_000]),
        ("geo", [5, 5], [[1.0, 2.0], [3.0, 4.5]]),
    ],
)
def test_a_field_gives_the_values_of_a_kind_and_their_rows(
    kind: str, rows: list[int], values: list[Any]
) -> None:
    table = PayloadTable(lambda start, stop: PAYLOADS[start:stop])
    found = table.values("f", kind, 6)
    assert (found[0].tolist(), found[1].tolist()) == (rows, values)
    assert [part.size for part in table.values("missing", kind, 6)] == [0, 0]


def test_rows_that_changed_give_their_new_values_in_place() -> None:
    table = PayloadTable(lambda start, stop: PAYLOADS[start:stop])
    rows, values = table.values("f", "keyword", 5, {0: {}, 2: {"f": ["x", "y"]}, 5: {"f": "later"}})
    assert rows.tolist() == [1, 2, 2, 4]
    assert values.tolist() == ["936DA01F9ABD4D9D80C702AF85C822A8", "x", "y", "2020-01-01"]
    rows, places = table.values("f", "geo", 6, {5: {"f": {"lon": 9, "lat": 8}}})
    assert (rows.tolist(), places.tolist()) == ([5], [[9.0, 8.0]])


def test_values_grow_with_the_rows() -> None:
    table = PayloadTable(lambda start, stop: PAYLOADS[start:stop])
    assert table.values("f", "keyword", 1)[1].tolist() == ["b"]
    assert len(table.values("f", "keyword", 6)[1]) == 3
    assert table.values("f", "keyword", 2)[0].tolist() == [0, 1]


def test_an_unknown_kind_is_an_error_of_the_programmer() -> None:
    with pytest.raises(ValueError, match="no kind of value: 'number'"):
        PayloadTable(lambda start, stop: PAYLOADS[start:stop]).values("f", "number", 6)
