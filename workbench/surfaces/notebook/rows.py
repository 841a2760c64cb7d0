"""Where rows can come from: a frame, a file, a set that comes along, arrays, or a variable of the notebook.

What was read knows the Python that reads it again, so that a screen can show it.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import datasets
from workbench.errors import InvalidRequest, WorkbenchError
from workbench.surfaces.notebook.frames import read_frame

if TYPE_CHECKING:
    import pandas as pd

Array = npt.NDArray[Any]

ENDINGS = (".parquet", ".csv", ".json", ".jsonl", ".ndjson", ".npy", ".npz")
# Files of the working folder that are offered; more can be typed.
_OFFERED = 200


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to make a collection of.

    Attributes
    ----------
    title : str
        What a person calls them.
    frame : DataFrame
        One row a point; without columns where there are vectors only.
    arrays : mapping of str to array
        Vectors beside the frame, by name, each [n, d].
    frame_code : str
        The Python that makes the frame; empty where there are vectors only.
    arrays_code : mapping of str to str
        The Python that makes each array.
    setup : tuple of str
        Lines that stand before, such as imports.
    """

    title: str
    frame: pd.DataFrame
    arrays: Mapping[str, Array] = field(default_factory=dict)
    frame_code: str = ""
    arrays_code: Mapping[str, str] = field(default_factory=dict)
    setup: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.frame)


def offered() -> dict[str, list[str]]:
    """Return what can be picked now, by kind: ``dataset``, ``file`` and ``variable``."""
    found = sorted(p.name for p in Path.cwd().iterdir() if p.suffix in ENDINGS and p.is_file())
    return {"dataset": datasets.names(), "file": found[:_OFFERED], "variable": sorted(variables())}


def variables() -> dict[str, Any]:
    """Return the notebook's variables that hold rows or vectors, by name; none outside of IPython."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None:
        return {}
    own = dict(shell.user_ns)
    hidden = getattr(shell, "user_ns_hidden", {})
    return {n: v for n, v in own.items() if not n.startswith("_") and n not in hidden and _holds_rows(v)}


def _holds_rows(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim == 2 and value.dtype.kind in "fiu" and len(value) > 0
    pandas = sys.modules.get("pandas")
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return len(value) > 0
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def open_rows(kind: str, name: str) -> Rows:
    """Read what was picked.

    Parameters
    ----------
    kind : {"dataset", "file", "variable"}
    name : str
        Of the set, the path, or the variable.

    Raises
    ------
    InvalidRequest, NotFound, Corrupted
        When it cannot be read; the text says why, and what can be.
    """
    if kind == "dataset":
        return Rows(name, datasets.load(name), frame_code=f"wb.datasets.load({name!r})")
    if kind == "file":
        return _of_file(Path(name).expanduser())
    known = variables()
    if name not in known:
        raise InvalidRequest(
            f"no variable {name!r} that holds rows; expected a DataFrame, a list of dicts or an array of two "
            f"dimensions, one of {', '.join(sorted(known)) or 'which this notebook has none'}"
        )
    return rows_of(known[name], name)


def where_from(source: Any) -> tuple[str, str]:
    """Return kind and name of a source given as text: a set, a variable, or else a file."""
    text = os.fspath(source)
    if text in datasets.names():
        return "dataset", text
    return ("variable" if text in variables() else "file"), text


def rows_of(source: Any, name: str = "") -> Rows:
    """Return the rows of a Python object: a frame, records, columns, an array, or arrays by name."""
    known = name or next((n for n, value in variables().items() if value is source), "")
    if isinstance(source, np.ndarray):
        return _of_arrays(known or "vectors", {"": source}, {"": known or "vectors"})
    if isinstance(source, Mapping) and any(
        isinstance(v, np.ndarray) and v.ndim == 2 for v in source.values()
    ):
        title = known or "arrays"
        return _of_arrays(title, dict(source), {str(key): f"{title}[{key!r}]" for key in source})
    return Rows(known or "rows", read_frame(source), frame_code=known or "frame")


def _of_file(path: Path) -> Rows:
    if path.suffix not in ENDINGS:
        raise InvalidRequest(
            f"expected a file ending in {', '.join(ENDINGS)}, got {path.name or str(path)!r}"
        )
    if not path.exists():
        raise InvalidRequest(f"no file {path}; the path is relative to {Path.cwd()}")
    try:
        if path.suffix == ".npy":
            array = np.load(path, mmap_mode="r", allow_pickle=False)
            return _of_arrays(path.stem, {"": array}, {"": repr(str(path))})
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as archive:
                arrays = dict(archive)
            code = {key: f"np.load({str(path)!r})[{key!r}]" for key in arrays}
            return _of_arrays(path.stem, arrays, code, ("import numpy as np",))
        return _with_vectors(path.stem, read_frame(path), _reader(path))
    except WorkbenchError:
        raise
    except Exception as error:  # a parser's own: of CSV, JSON, Parquet or NumPy
        said = " ".join(str(error).split())
        raise InvalidRequest(
            f"{path.name} cannot be read as {path.suffix[1:]}: {said:.200}. "
            "Expected a file that pandas or NumPy reads; open it there to see more"
        ) from error


def _reader(path: Path) -> str:
    """Return the Python that reads a file as :func:`read_frame` does."""
    if path.suffix in (".jsonl", ".ndjson"):
        return f"pd.read_json({str(path)!r}, lines=True)"
    return f"pd.read_{path.suffix[1:]}({str(path)!r})"


def _with_vectors(title: str, frame: pd.DataFrame, code: str) -> Rows:
    """Turn columns whose texts are lists of numbers, as in a CSV file, into vectors."""
    listed = [str(c) for c in frame.columns if _lists_as_text(frame[c])]
    if not listed:
        return Rows(title, frame, frame_code=code, setup=("import pandas as pd",))
    lines = ["import json", "import pandas as pd", f"frame = {code}"]
    for name in listed:
        frame[name] = frame[name].map(json.loads)
        lines.append(f"frame[{name!r}] = frame[{name!r}].map(json.loads)")
    return Rows(title, frame, frame_code="frame", setup=tuple(lines))


def _lists_as_text(column: pd.Series) -> bool:
    first = next((v for v in column.head(20) if isinstance(v, str)), "")
    if not first.lstrip().startswith("["):
        return False
    try:
        value = json.loads(first)
    except ValueError:
        return False
    return len(value) > 1 and all(isinstance(x, int | float) for x in value)


def _of_arrays(
    title: str, arrays: Mapping[str, Any], code: Mapping[str, str], setup: tuple[str, ...] = ()
) -> Rows:
    """Two dimensions are vectors, one dimension of the same length is a column."""
    import pandas as pd

    vectors = {str(k): np.asarray(v) for k, v in arrays.items() if np.ndim(v) == 2}
    if not vectors:
        shapes = ", ".join(f"{k or 'array'} {np.shape(v)}" for k, v in arrays.items())
        raise InvalidRequest(f"expected an array of shape [n, d], one vector a row, got {shapes}")
    for key, array in vectors.items():
        if array.dtype.kind not in "fiub":
            raise InvalidRequest(
                f"expected an array of numbers, got {array.dtype}{f' in {key!r}' if key else ''}"
            )
    count = len(next(iter(vectors.values())))
    columns = {str(k): v for k, v in arrays.items() if np.ndim(v) == 1 and len(v) == count}
    columns_code = ", ".join(f"{k!r}: {code[k]}" for k in columns)
    return Rows(
        title,
        pd.DataFrame(columns, index=range(count)),
        {k: v for k, v in vectors.items() if len(v) == count},
        f"pd.DataFrame({{{columns_code}}})" if columns else "",
        {k: code[k] for k in vectors},
        (*setup, *(["import pandas as pd"] if columns else [])),
    )
