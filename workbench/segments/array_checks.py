"""What the arrays of a segment must be like, checked when they are loaded: whoever reads them trusts them.

Checksums tell that a file is what was written. A snapshot comes with checksums of its own, though, and a
kernel that is given rows that do not exist reads whatever lies there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import Corrupted
from workbench.models.config import SparseVectorParams, VectorParams
from workbench.storage.arrays import REBUILD, ArrayStore

if TYPE_CHECKING:
    from workbench.models.vectors import VectorRows

AnyArray = npt.NDArray[Any]


def read(
    arrays: ArrayStore,
    name: str,
    dtype: npt.DTypeLike,
    shape: tuple[int | None, ...],
    *,
    later: bool = False,
) -> AnyArray:
    """Read an array of a type and shape; None stands for any length.

    The checksum of a large one may be compared `later`: type and shape never are.

    Raises
    ------
    Corrupted
        When it is damaged, or has another type or shape.
    """
    array = arrays.read(name, later=later)
    fits = len(shape) == array.ndim and all(
        want in (None, have) for want, have in zip(shape, array.shape, strict=True)
    )
    if array.dtype != np.dtype(dtype) or not fits:
        wanted = " × ".join("any" if n is None else f"{n}" for n in shape)
        found = " × ".join(map(str, array.shape))
        what = f"expected {np.dtype(dtype)} [{wanted}], found {array.dtype} [{found}]"
        raise Corrupted(f"{name}.npy", what, REBUILD)
    return np.ascontiguousarray(array)


def read_rows(arrays: ArrayStore, at: int, vectors: int, rows: int) -> npt.NDArray[np.intp]:
    """Read which row each of some vectors belongs to: ascending, below `rows`; raise ``Corrupted``."""
    name = f"rows-{at}"
    own = read(arrays, name, np.int64, (vectors,))
    if vectors and (own[0] < 0 or own[-1] >= rows or bool((own[1:] <= own[:-1]).any())):
        raise Corrupted(f"{name}.npy", f"expected ascending rows from 0 to {rows - 1}", REBUILD)
    return own


def read_vectors(arrays: ArrayStore, at: int, params: VectorParams | SparseVectorParams) -> VectorRows:
    """Read the vectors of the name number `at`; raise ``Corrupted`` when they are not what `params` say."""
    if isinstance(params, SparseVectorParams):
        from workbench.models.vectors import SparseRows
        from workbench.storage.ragged import check_starts

        starts = read(arrays, f"starts-{at}", np.int64, (None,))
        indices = read(arrays, f"indices-{at}", np.uint32, (None,))
        values = read(arrays, f"values-{at}", np.float32, (len(indices),))
        check_starts(starts, len(indices), f"starts-{at}.npy")
        return SparseRows(starts, indices, values)
    vectors = read(arrays, f"vectors-{at}", distances.dtype(params.datatype), (None, params.size), later=True)
    if not params.multivector:
        return vectors
    from workbench.models.vectors import MultiRows
    from workbench.storage.ragged import check_starts

    multi = MultiRows(read(arrays, f"starts-{at}", np.int64, (None,)), vectors)
    check_starts(multi.starts, len(vectors), f"starts-{at}.npy")
    return multi
