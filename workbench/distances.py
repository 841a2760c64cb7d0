"""The four distances: what is stored, what a kernel compares, and what a caller reads as the score.

A distance has three parts, as in Qdrant's ``spaces/metric.rs``:

=========  ==============================  ==================  ==========================
distance   preprocess (when stored)        kernel metric       score a caller sees
=========  ==============================  ==================  ==========================
Cosine     divided by its length           negative dot        cosine, greater is nearer
Dot        –                               negative dot        dot, greater is nearer
Euclid     –                               squared L2          L2, smaller is nearer
Manhattan  –                               L1                  L1, smaller is nearer
=========  ==============================  ==================  ==========================

A kernel metric is always "smaller is nearer", so that kernels, graphs and merges need no second order.
A zero vector under Cosine is kept as it is and scores 0 against everything, as in Qdrant. uint8 vectors under
Cosine are stored unchanged; their unit float32 form is derived when they are searched.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.models.config import Datatype, Distance

SQUARED_L2, NEGATIVE_DOT, L1 = 0, 1, 2

FloatArray = npt.NDArray[np.float32]
AnyArray = npt.NDArray[np.generic]

# The longest vector, squared, that is stored or searched for: neither |x·y| <= |x||y| nor |x - y|², at most
# four times the greater square, can then overflow float32.
MAX_SQUARES = float(np.finfo(np.float32).max) / 4

# Vectors whose squares sum to something between these can be divided by their length in float32; others need
# float64, as squares of their numbers get lost. Lengths that differ from 1 by no more than this are 1.
LEAST_SQUARES, MOST_SQUARES, UNIT_ERROR = 1e-30, 1e30, 1e-6

# Rows converted at a time: keeps temporaries near 16 MB at 768 dimensions.
_CHUNK = 4096

_DTYPES = {Datatype.FLOAT16: np.float16, Datatype.UINT8: np.uint8}

# Python 3.11 takes 0.1 µs to find a member in its class, which every search would do several times.
_COSINE, _DOT, _EUCLID = Distance.COSINE, Distance.DOT, Distance.EUCLID
_ZERO = np.zeros((), np.float32)


def metric(distance: Distance) -> int:
    """Return the kernel metric of `distance`: ``SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``."""
    match distance:
        case Distance.COSINE | Distance.DOT:
            return NEGATIVE_DOT
        case Distance.EUCLID:
            return SQUARED_L2
        case Distance.MANHATTAN:
            return L1


def greater_is_nearer(distance: Distance) -> bool:
    """Whether a larger score means a nearer point."""
    return metric(distance) == NEGATIVE_DOT


def dtype(datatype: Datatype) -> np.dtype[np.generic]:
    """Return the NumPy type in which vectors of `datatype` are stored."""
    return np.dtype(_DTYPES.get(datatype, np.float32))


def preprocess(vectors: FloatArray, distance: Distance, datatype: Datatype) -> AnyArray:
    """Return `vectors`, float32[n, d], in the form in which they are stored.

    Returns
    -------
    ndarray[n, d]
        Of the type of `datatype`: unit length under Cosine (but for uint8 and zero vectors), truncated
        and clipped to 0..255 for uint8. The input itself when nothing had to change.
    """
    if datatype is Datatype.UINT8:
        return np.clip(vectors, 0, 255).astype(np.uint8)
    if distance is Distance.COSINE:
        vectors = normalized(vectors)
    if datatype is not Datatype.FLOAT16:
        return vectors
    with np.errstate(over="ignore"):  # infinite, which the caller refuses with the point's name
        return vectors.astype(np.float16)


def stored_as_given(datatype: Datatype) -> bool:
    """Whether vectors of `datatype` are stored as float32."""
    return datatype not in _DTYPES


def query_form(query: FloatArray, distance: Distance, datatype: Datatype) -> FloatArray:
    """Return one query, float32[d], as kernels compare it with stored vectors of `datatype`.

    It takes 15 µs; ``query.nearest.check_query`` does the same for most queries in one.
    """
    stored = preprocess(query.reshape(1, -1), distance, datatype)
    form: FloatArray = search_form(stored, distance).astype(np.float32, copy=False)[0]
    return form


def search_form(stored: AnyArray, distance: Distance) -> AnyArray:
    """Return stored vectors as kernels read them: themselves, or unit float32 for uint8 under Cosine."""
    if stored.dtype == np.uint8 and distance is Distance.COSINE:
        out = np.empty(stored.shape, np.float32)
        for start in range(0, len(stored), _CHUNK):
            out[start : start + _CHUNK] = normalized(stored[start : start + _CHUNK].astype(np.float32))
        return out
    return stored


def normalized(vectors: FloatArray) -> FloatArray:
    """Return unit rows; rows that are unit already (to 1e-6), and zero rows, come back bit for bit.

    Leaving unit rows alone keeps what a caller stored equal to what a caller reads, and makes storing twice
    the same as storing once.
    """
    # float64 sums: squares of components above 1.8e19 would overflow float32.
    squares = np.einsum("ij,ij->i", vectors, vectors, dtype=np.float64)
    if bool(np.all((np.abs(squares - 1.0) <= UNIT_ERROR) | (squares == 0.0))):
        return vectors
    scale = np.sqrt(squares)
    scale[(scale == 0.0) | (np.abs(squares - 1.0) <= UNIT_ERROR)] = 1.0
    # In float64, but by pieces: with an array of that 1,000 rows take a fifth longer, 117,659 two thirds.
    unit = np.empty(vectors.shape, np.float32)
    np.divide(vectors, scale[:, None], out=unit, casting="same_kind")
    return unit


def scores(distances: FloatArray, distance: Distance) -> FloatArray:
    """Turn kernel distances into the scores of `distance`."""
    # Not a match, which compares the members as texts: 0.4 µs of every search.
    if distance is _COSINE or distance is _DOT:
        # Not "-distances": a score of -0.0 looks like a fault. Not "0.0 -", which takes twice as long.
        return _ZERO - distances
    return np.sqrt(distances) if distance is _EUCLID else distances


def kernel_distance(score: float, distance: Distance) -> float:
    """Turn a score, such as a ``score_threshold``, into the kernel distance that means the same."""
    match distance:
        case Distance.COSINE | Distance.DOT:
            return -score
        case Distance.EUCLID:
            return score * abs(score)  # a negative threshold lets nothing through
        case Distance.MANHATTAN:
            return score
