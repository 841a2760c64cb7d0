from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import InvalidPayload, InvalidPointId, InvalidRequest, InvalidVector
from workbench.surfaces.notebook import frames
from workbench.surfaces.notebook.frame_payloads import payload_chunks

A = uuid.UUID("936da01f-9abd-4d9d-80c7-02af85c822a8")


def payloads(frame: pd.DataFrame, chunk: int = 100) -> list[Any]:
    return [orjson.loads(body) for part in payload_chunks(frame, chunk) for body in part]


def test_columns_become_payloads_and_missing_values_have_no_key() -> None:
    frame = pd.DataFrame({"n": [1, 2], "x": [0.5, np.nan], "s": ["a", None], "b": [True, False],
                          "at": pd.to_datetime(["2024-02-29", None]), "l": [[1], None]})  # fmt: skip
    assert payloads(frame, chunk=1) == [
        {"n": 1, "x": 0.5, "s": "a", "b": True, "at": "2024-02-29T00:00:00", "l": [1]},
        {"n": 2, "b": False},
    ]


def test_pandas_own_types_become_plain_values() -> None:
    kinds = {"i": ("Int64", 1), "c": ("category", "x"), "b": ("boolean", True), "s": ("string", "t")}
    frame = pd.DataFrame(
        {name: pd.Series([value, None], dtype=kind) for name, (kind, value) in kinds.items()}
    )
    assert payloads(frame) == [{"i": 1, "c": "x", "b": True, "s": "t"}, {}]


def test_payload_texts_keep_every_character() -> None:
    odd = ['"', 'a",', "\x7f", "\\u007f", "", "é\u2028", "100 %d"]
    frame = pd.DataFrame({'a %s "key"': odd, "b": odd[::-1]})
    assert payloads(frame) == [{'a %s "key"': a, "b": b} for a, b in zip(odd, odd[::-1], strict=True)]


def test_a_row_may_lack_its_first_field_or_all_fields() -> None:
    frame = pd.DataFrame({"a": [None, 1, None], "b": [2, None, None]}, dtype="Int64")
    assert payloads(frame) == [{"b": 2}, {"a": 1}, {}]


def test_of_two_columns_of_one_name_the_last_counts() -> None:
    assert payloads(pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a"])) == [{"a": 3, "b": 2}]


def test_numbers_are_written_as_python_would() -> None:
    columns = {"f": np.float32([0.1, -0.0]), "u": np.uint64([2**64 - 1, 0]), "n": [1e300, 5e-324]}
    assert payloads(pd.DataFrame(columns)) == [
        {"f": float(np.float32(0.1)), "u": 2**64 - 1, "n": 1e300},
        {"f": -0.0, "u": 0, "n": 5e-324},
    ]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "row 1, column 'v': expected a value that JSON can hold, got object"),
        ({1, 2}, "row 1, column 'v': .* got set"),
        (2**64, "row 1, column 'v': .* got int"),
        ("\ud800", "row 1, column 'v': .* got str"),
    ],
)
def test_what_json_cannot_hold_is_named_by_row_and_column(value: Any, text: str) -> None:
    with pytest.raises(InvalidPayload, match=text):
        payloads(pd.DataFrame({"v": pd.Series(["fine", value], dtype=object)}))


def test_an_infinite_payload_number_is_refused_and_not_stored_as_null() -> None:
    with pytest.raises(InvalidPayload, match="column 'x' holds an infinite number"):
        payloads(pd.DataFrame({"x": [1.0, float("-inf")]}))
    with pytest.raises(InvalidPayload, match="column 'x' holds an infinite number"):
        payloads(frames.read_frame([{"x": 1}, {"x": float("inf")}]))


def test_records_of_a_frame_keep_their_times() -> None:
    times = pd.to_datetime(["2024-02-29", None])
    records = pd.DataFrame({"at": times, "also": [[pd.NaT], [times[0]]]}).to_dict("records")
    assert payloads(frames.read_frame(records)) == [
        {"at": "2024-02-29T00:00:00", "also": [None]},
        {"also": ["2024-02-29T00:00:00"]},
    ]


def test_a_payload_nested_too_deep_is_named() -> None:
    deep: list[Any] = []
    for _ in range(2000):
        deep = [deep]
    with pytest.raises(InvalidPayload, match=r"row 0, column 'x': .*Recursion limit"):
        payloads(frames.read_frame([{"x": deep}]))


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (None, [5, 6]),
        ([3, 1], [3, 1]),
        ("key", [7, 8]),
        (np.uint64([2**63, 2**64 - 1]), [2**63, 2**64 - 1]),
        ([2**63, 5], [2**63, 5]),
        ([2**53 + 1, 2**64 - 1], [2**53 + 1, 2**64 - 1]),
        ([5, str(A)], [5, A]),
        ([A, A.hex.upper()[:-1] + "9"], [A, uuid.UUID("936da01f9abd4d9d80c702af85c822a9")]),
        ([f"urn:uuid:{A}", 0], [A, 0]),
        (pd.Series([4, 2]), [4, 2]),
        (iter([4, 2]), [4, 2]),
    ],
)
def test_ids_are_read_exactly(ids: Any, expected: list[Any]) -> None:
    frame = pd.DataFrame({"key": [7, 8]})
    assert frames.read_ids(ids, frame, 2, first=5).tolist() == expected


@pytest.mark.parametrize(
    ("ids", "error", "text"),
    [
        ([1, 1], InvalidRequest, "1 ids occur more than once, the first is 1; drop them with"),
        ([A, str(A)], InvalidRequest, f"1 ids occur more than once, the first is {A}"),
        ([1], InvalidRequest, "expected 2 ids, one a row, got 1"),
        ([-1, 2], InvalidPointId, "invalid point id -1: expected an integer from 0 to 18446744073709551615"),
        ([2**64, 2], InvalidPointId, "invalid point id 18446744073709551616"),
        (np.array([1.0, 2.0]), InvalidPointId, r"invalid point id 1.0 \(float\)"),
        ([True, 2], InvalidPointId, r"invalid point id True \(a boolean\)"),
        (["1", "2"], InvalidPointId, "invalid point id '1': .*or a UUID as"),
        (["936da01f-9abd-4d9d-80c7-02af85c822a", 2], InvalidPointId, "invalid point id '936da01f"),
        ("nokey", InvalidRequest, "no column 'nokey'; the frame has key"),
    ],
)
def test_bad_ids_are_named(ids: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        frames.read_ids(ids, pd.DataFrame({"key": [7, 8]}), 2, first=0)


def test_vectors_are_read_from_arrays_columns_and_files(tmp_path: Path) -> None:
    rows = [[1.0, 2.0], [3.0, 4.0]]
    np.save(tmp_path / "v.npy", np.array(rows))
    pd.DataFrame({"v": rows}).to_parquet(tmp_path / "v.parquet")
    frame = pd.DataFrame({"own": rows})
    arrays: list[Any] = [rows, np.array(rows), np.array(rows, np.float16), [np.array(r) for r in rows]]
    sources = [
        *arrays,
        "own",
        frame["own"],
        pd.DataFrame(rows),
        tmp_path / "v.npy",
        str(tmp_path / "v.parquet"),
    ]
    for source in sources:
        found = frames.read_vectors(source, frame)
        assert (found.dtype, found.tolist()) == (np.float32, rows)


def test_an_array_of_float32_is_not_copied() -> None:
    array = np.ones((2, 2), np.float32)
    assert frames.read_vectors(array, None) is array


@pytest.mark.parametrize(
    ("source", "error", "text"),
    [
        ([[1, 2], [3]], InvalidVector, "expected rows of equal length, row 1 is"),
        ([[1, 2], None], InvalidVector, "expected rows of equal length, row 1 is None"),
        ([["1", "2"]], InvalidVector, r"expected numbers of shape \[n, d\], got <U1 of shape \(1, 2\)"),
        (pd.Series([["1", "2"]]), InvalidVector, r"expected rows of numbers \(got <U1\)"),
        ([[1, 2], [1, 10**400]], InvalidVector, "expected rows of numbers"),
        (np.ones(3), InvalidVector, r"expected numbers of shape \[n, d\], got float64 of shape \(3,\)"),
        (np.array([["a"]]), InvalidVector, "got <U1"),
        (
            "nowhere",
            InvalidRequest,
            "'nowhere' is neither a column nor a file; the frame has the columns key",
        ),
    ],
)
def test_bad_vectors_are_named(source: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        frames.read_vectors(source, pd.DataFrame({"key": [1]}))


def test_a_number_beyond_float32_becomes_infinite_for_the_engine_to_refuse() -> None:
    assert frames.read_vectors([[1e308]], None).tolist() == [[np.inf]]


def test_points_become_a_frame_with_a_column_for_each_key() -> None:
    frame = frames.to_frame([1, A], [{"a": 1}, {"b": 2, "id": "own"}], score=[0.5, 0.25])
    assert list(frame.columns) == ["id", "score", "a", "b", "payload.id"]
    assert frame["id"].tolist() == [1, A]
    assert frame["payload.id"].isna().tolist() == [True, False]


@pytest.mark.parametrize("source", [5, "no.csv", "frame.xls", [1, 2]])
def test_what_is_no_table_is_refused(source: Any, tmp_path: Path) -> None:
    (tmp_path / "frame.xls").touch()
    source = tmp_path / source if source == "frame.xls" else source
    with pytest.raises(InvalidRequest, match=r"expected a DataFrame|no file|expected a file ending in"):
        frames.read_frame(source)


def test_whole_numbers_stay_whole_beside_records_that_have_none() -> None:
    with wb.open() as db:
        made = db.create(
            "years", [{"n": "a", "year": 1994}, {"n": "b"}], vectors=[[1.0], [2.0]], progress=False
        )
        assert [r.payload for r in made.get([0, 1])] == [{"n": "a", "year": 1994}, {"n": "b"}]
        assert made.to_frame()["year"].tolist()[0] == 1994
        assert str(made.to_frame()["year"].dtype) == "Int64"
