"""The program that builds a graph with hnswlib in a process of its own; run by ``hnsw_build_hnswlib``.

    python -m workbench.indexes.hnsw_hnswlib_worker FOLDER

reads ``FOLDER/request.json`` and ``FOLDER/vectors.f32``, prints the number of points added so far, one a
line, and leaves the arrays of the graph as ``FOLDER/*.npy`` and its scalars as ``FOLDER/meta.json``. It ends
when its standard input closes, and so does not outlive the process that started it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench import children
from workbench.indexes.hnsw_hnswlib_state import arrays_of

# Points added between two reports: about a second of work, so that cancelling is prompt.
REPORT_EVERY = 2048


def build(
    vectors: NDArray[np.float32], request: dict[str, Any], report: Callable[[int], None]
) -> tuple[dict[str, NDArray[Any]], dict[str, int]]:
    """Build with hnswlib, here and now; return the arrays and scalars of an ``HnswGraph``.

    Parameters
    ----------
    vectors : float32 [n, d]
    request : dict
        space ("l2" or "ip"), m, ef_construct, threads, seed.
    report : callable
        Called with the number of points added so far.
    """
    import hnswlib

    n, dim = vectors.shape
    index = hnswlib.Index(request["space"], dim)
    index.init_index(
        n,
        M=request["m"],
        ef_construction=max(request["ef_construct"], request["m"]),
        random_seed=request["seed"],
    )
    for start in range(0, n, REPORT_EVERY):
        stop = min(start + REPORT_EVERY, n)
        index.add_items(vectors[start:stop], np.arange(start, stop), num_threads=request["threads"])
        report(stop)
    arrays, meta = arrays_of(index.__getstate__()[0])
    return arrays, {**meta, "ef_construct": request["ef_construct"]}


def main(folder: Path) -> None:
    """Serve the request in `folder`."""
    children.end_with_parent()
    request = json.loads((folder / "request.json").read_text())
    vectors = np.memmap(folder / "vectors.f32", np.float32, "r", shape=(request["n"], request["dim"]))

    def report(done: int) -> None:
        sys.stdout.write(f"{done}\n")
        sys.stdout.flush()

    arrays, meta = build(vectors, request, report)
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)
    (folder / "meta.json").write_text(json.dumps(meta))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
