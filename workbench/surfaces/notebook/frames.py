"""DataFrames in and out: columns become arrays, never a Python object per number."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidPointId, InvalidRequest, InvalidVector
from workbench.models.ids import parse_point_id
from workbench.models.numbers import floats_of
from workbench.models.points import IdArray

if TYPE_CHECKING:
    import pandas as pd

FloatArray = npt.NDArray[np.float32]


def read_frame(source: Any) -> pd.DataFrame:
    """Return a DataFrame from a DataFrame, a list of records, a mapping of columns, or a file's path.

    Raises
    ------
    InvalidRequest
        When it is none of these, or a file of an unknown kind.
    """
    import pandas as pd

    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, pd.Series):
        return source.to_frame()
    if isinstance(source, str | os.PathLike):
        return _read_file(Path(source))
    if isinstance(source, Mapping):
        return pd.DataFrame(source)
    if isinstance(source, Sequence) and all(isinstance(r, Mapping) for r in source):
        # As they are: a record without a whole number must not turn the others into floats.
        return pd.DataFrame(source, dtype=object)
    if hasattr(source, "to_pandas"):  # polars, pyarrow
        frame: pd.DataFrame = source.to_pandas()
        return frame
    raise InvalidRequest(
        "expected a DataFrame, a list of dicts, a dict of columns or the path of a file, "
        f"got {type(source).__name__}" + _advice(source)
    )


def _advice(source: Any) -> str:
    if isinstance(source, np.ndarray):
        return "; an array of vectors is given as vectors=array"
    if isinstance(source, list | tuple) and source and isinstance(source[0], str):
        return ' of strings; write {"text": strings}, and text="text" to embed them'
    return ""


def _read_file(path: Path) -> pd.DataFrame:
    import pandas as pd

    readers = {".parquet": pd.read_parquet, ".csv": pd.read_csv, ".json": pd.read_json}
    if not path.exists():
        raise InvalidRequest(f"no file {path}")
    if path.suffix in (".jsonl", ".ndjson"):
        return pd.read_json(path, lines=True)
    if path.suffix not in readers:
        raise InvalidRequest(f"expected a file ending in {', '.join(readers)} or .jsonl, got {path.name}")
    frame: pd.DataFrame = readers[path.suffix](path)
    return frame


def read_vectors(source: Any, frame: pd.DataFrame | None) -> FloatArray:
    """Return float32[n, d] from an array, a column's name, or the path of a ``.npy`` or ``.parquet`` file.

    Raises
    ------
    InvalidVector
        When rows differ in length or are not numbers; the text names the first such row.
    """
    if isinstance(source, str) and frame is not None and source in frame.columns:
        return stack(frame[source].to_numpy())
    if isinstance(source, str | os.PathLike):
        return _vectors_of_file(Path(source), frame)
    if isinstance(source, list | tuple) and source and all(isinstance(name, str) for name in source):
        raise InvalidVector(
            f"vectors: expected the name of one column that holds a list a row, got {len(source)} names; "
            f"columns of numbers are given as vectors=frame[[{source[0]!r}, ...]]"
        )
    if hasattr(source, "columns") and hasattr(source, "to_numpy"):
        return as_float32(source.to_numpy())
    if hasattr(source, "to_numpy"):
        return stack(source.to_numpy())
    return stack(source if isinstance(source, np.ndarray) else _array_of(source))


def _array_of(rows: Any) -> npt.NDArray[Any]:
    """Return rows as an array of numbers or, where they differ in length, of objects."""
    try:
        return np.asarray(rows) if len(rows) else np.empty(0, object)
    except ValueError:
        return np.asarray(rows, dtype=object)


def _vectors_of_file(path: Path, frame: pd.DataFrame | None) -> FloatArray:
    if not path.exists():
        columns = "" if frame is None else f"; the frame has the columns {', '.join(map(str, frame.columns))}"
        raise InvalidRequest(f"vectors: {str(path)!r} is neither a column nor a file{columns}")
    if path.suffix == ".npy":
        return as_float32(np.load(path, mmap_mode="r", allow_pickle=False))
    table = _read_file(path)
    return stack(table.iloc[:, 0].to_numpy()) if table.shape[1] == 1 else as_float32(table.to_numpy())


def as_float32(array: npt.NDArray[Any]) -> FloatArray:
    """Return a two-dimensional float32 array; float32 input is not copied."""
    if array.ndim != 2 or array.dtype.kind not in "fiub":
        raise InvalidVector(
            f"vectors: expected numbers of shape [n, d], got {array.dtype} of shape {array.shape}"
        )
    with np.errstate(over="ignore"):
        return np.asarray(array, dtype=np.float32)


def stack(rows: npt.NDArray[Any]) -> FloatArray:
    """Join one vector a row into one array."""
    if rows.dtype != object:
        return as_float32(rows)
    if len(rows) == 0:
        return np.empty((0, 0), np.float32)
    lengths = {len(r) if hasattr(r, "__len__") and not isinstance(r, str) else -1 for r in rows}
    if len(lengths) > 1 or -1 in lengths:
        texts = [i for i, r in enumerate(rows) if isinstance(r, str)]
        if texts:
            raise InvalidVector(
                f"vectors: expected a list of numbers in each row, row {texts[0]} is the text "
                f"{rows[texts[0]]!r:.60}; where a file holds lists as text: frame[column].map(json.loads)"
            )
        want = len(rows[0]) if hasattr(rows[0], "__len__") else -1
        at = next(
            (i for i, r in enumerate(rows) if not hasattr(r, "__len__") or len(r) != want or want < 0), 0
        )
        gap = rows[at] is None or isinstance(rows[at], float)  # NaN
        advice = "; leave out rows without a vector: frame[frame[column].notna()]" if gap else ""
        raise InvalidVector(f"vectors: expected rows of equal length, row {at} is {rows[at]!r:.60}{advice}")
    try:
        # What becomes infinite is reported with its point later.
        return np.stack([floats_of(r) for r in rows])
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidVector(f"vectors: expected rows of numbers ({error})") from error


def read_ids(source: Any, frame: pd.DataFrame | None, count: int, first: int) -> IdArray:
    """Return the ids of `count` points: of a column or a sequence, or the integers from `first` on.

    Raises
    ------
    InvalidPointId, InvalidRequest
        For a value that is no id, or for one that occurs twice.
    """
    if source is None:
        return _numbered(first, count)
    if isinstance(source, str):
        if frame is None or source not in frame.columns:
            columns = "no frame" if frame is None else f"the frame has {', '.join(map(str, frame.columns))}"
            raise InvalidRequest(f"id: no column {source!r}; {columns}")
        source = frame[source].to_numpy()
    # Through object: NumPy makes text of [1, "9fd…"], and floats of [5, 2**63].
    values = source if isinstance(source, np.ndarray) else _column(source)
    if values.dtype.kind == "u" or (values.dtype.kind == "i" and (len(values) == 0 or values.min() >= 0)):
        ids = IdArray(values.astype(np.uint64))
    else:
        ids = _parsed(values.tolist())
    if len(ids) != count:
        raise InvalidRequest(f"id: expected {count} ids, one a row, got {len(ids)}")
    _refuse_duplicates(ids)
    return ids


def _parsed(values: Sequence[Any]) -> IdArray:
    try:
        return IdArray.of(parse_point_id(value) for value in values)
    except InvalidPointId as error:
        if any(isinstance(value, str) for value in values):
            error.add_note(
                "Other texts can name points by a UUID made of them, and stay in the payload: "
                "id=[uuid.uuid5(uuid.NAMESPACE_URL, text) for text in frame[column]]"
            )
        raise


def _numbered(first: int, count: int) -> IdArray:
    if count and first + count > 1 << 64:
        raise InvalidRequest(
            f"id: rows without ids are numbered after the greatest id, and that is {first - 1}: no number is "
            "left; pass id="
        )
    return IdArray(np.arange(count, dtype=np.uint64) + np.uint64(first if count else 0))


def _column(source: Any) -> npt.NDArray[Any]:
    if hasattr(source, "to_numpy"):
        return np.asarray(source.to_numpy())
    if not isinstance(source, Iterable):
        raise InvalidRequest(f"id: expected the name of a column, or one id a row, got {source!r}")
    values = list(source)
    return np.fromiter(values, dtype=object, count=len(values))


def _refuse_duplicates(ids: IdArray) -> None:
    ordered = ids.take(ids.order()).tolist()
    twice = [a for a, b in pairwise(ordered) if a == b]
    if twice:
        raise InvalidRequest(
            f"id: {len(twice)} ids occur more than once, the first is {twice[0]}; "
            "drop them with frame.drop_duplicates(), or leave id= out to number the rows"
        )


def to_frame(
    ids: Sequence[Any], payloads: Sequence[Mapping[str, Any] | None], **columns: Sequence[Any]
) -> pd.DataFrame:
    """Return a DataFrame of ids, the named `columns`, and one column for each payload key."""
    import pandas as pd

    keys: dict[str, None] = {}
    for payload in payloads:
        keys.update(dict.fromkeys(payload or ()))
    data: dict[str, Any] = {"id": list(ids), **{n: list(v) for n, v in columns.items()}}
    for key in keys:
        data[key if key not in data else f"payload.{key}"] = _whole_numbers(
            [(p or {}).get(key) for p in payloads]
        )
    return pd.DataFrame(data)


def _whole_numbers(values: list[Any]) -> Any:
    """Return a column in which whole numbers stay whole beside missing ones, where pandas makes floats."""
    import pandas as pd

    given = [v for v in values if v is not None]
    whole = all(type(v) is int and -(1 << 63) <= v < 1 << 63 for v in given)
    return pd.array(values, dtype="Int64") if given and whole and len(given) < len(values) else values
