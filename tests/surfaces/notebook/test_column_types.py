"""What columns hold, guessed from their values."""

from __future__ import annotations

import uuid

import numpy as np
import pandas as pd
import pytest

from workbench.surfaces.notebook.column_types import columns_of, id_column, preview, text_column

LONG = "a sentence that goes on for longer than any keyword would, number"


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([1, 2, None], "integer"),
        ([1.5, 2.0, 3.0], "float"),
        ([True, False, None], "bool"),
        (["a", "b", "a"], "keyword"),
        ([["a", "b"], ["c"], []], "keyword"),
        ([f"{LONG} {i}" for i in range(3)], "text"),
        (["2024-01-02", "2024-01-03T10:00:00Z", "1999-12-31 23:59"], "datetime"),
        (pd.to_datetime(["2024-01-02", "2024-01-03", None]), "datetime"),
        ([str(uuid.UUID(int=i)) for i in range(3)], "uuid"),
        ([{"lat": 1.0, "lon": 2.0}] * 3, "geo"),
        ([{"a": 1}, {"b": [2]}, None], "json"),
        ([None, None, None], "json"),
        (list(np.zeros((3, 4), np.float32)), "vector"),
        ([[0.5, 1, 2], [3, 4, 5], [6, 7, 8]], "vector"),
    ],
)
def test_the_kind_of_a_column(values: object, kind: str) -> None:
    (column,) = columns_of(pd.DataFrame({"it": values}))
    assert column.kind == kind


def test_few_values_and_ordered_ones_are_worth_an_index() -> None:
    frame = pd.DataFrame({"few": ["a", "b"] * 4, "all": list("abcdefgh"), "n": range(8), "t": [LONG] * 8})
    assert [c.name for c in columns_of(frame) if c.worth_indexing] == ["few", "n"]


def test_ids_are_unique_and_called_so_and_texts_are_the_longest_kind() -> None:
    columns = columns_of(pd.DataFrame({"n": range(4), "id": range(4), "tag": list("aabb"), "t": [LONG] * 4}))
    assert (id_column(columns), text_column(columns)) == ("id", "t")
    assert id_column(columns_of(pd.DataFrame({"id": [1, 1]}))) == ""


def test_the_first_rows_are_short_texts() -> None:
    frame = pd.DataFrame({"v": [np.arange(6, dtype=np.float32)], "n": [None], "s": ["x" * 100], "i": [7]})
    assert preview(frame, length=10) == [["0.000, 1.000, 2.000, 3.000, … (6)", "–", "xxxxxxxxx…", "7"]]
