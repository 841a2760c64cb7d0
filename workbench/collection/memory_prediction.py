"""How large the parts of a segment will be, worked out from the configuration alone."""

from __future__ import annotations

import numpy as np

from workbench import distances, kernels
from workbench.indexes import codes as int8
from workbench.indexes import costs, nibble_rows, quantization
from workbench.models.config import Datatype, Distance, VectorParams
from workbench.models.quantization import Quantization


def predict(
    count: int, params: VectorParams, m: int, quantized: Quantization | None = None
) -> dict[str, int]:
    """Return the bytes of `count` dense vectors of one name once they are sealed, by component.

    Parameters
    ----------
    count : int
        Vectors in the segment.
    params : VectorParams
        Dimensions, type and distance.
    m : int
        Links of a node on an upper layer of the graph; layer 0 has twice as many. 0 for no graph.
    quantized : Quantization or None
        The codes that are configured.

    Returns
    -------
    dict of str to int
        ``vectors``, ``links``, ``codes``, ``nibbles``, ``quantized codes`` and ``unit copies``. Links are an
        expectation, because levels are drawn: layer l has n / m^l nodes (Malkov and Yashunin,
        arXiv:1603.09320, §4.1). There are 0 bytes of codes instead if they turn out not to find the same, and
        of nibbles if these do not, or are no faster.
    """
    sizes = {"vectors": count * row_bytes(params)}
    if count and quantized is not None:
        metric = distances.metric(params.distance)
        sizes["quantized codes"] = quantization.predict(count, params.size, metric, quantized)
    if count == 0 or m == 0:
        return sizes
    upper = round(count / (m - 1))
    # counts0, links0, levels and upper_offsets of each node; upper_counts and upper_links of each upper one.
    sizes["links"] = count * (2 + 8 * m + 4 + 8) + 8 + upper * (2 + 4 * m)
    unit = params.datatype is Datatype.UINT8 and params.distance is Distance.COSINE
    if unit:
        sizes["unit copies"] = count * params.size * 4
    if quantized is None:  # else those are what is searched by
        kept = np.dtype(np.float32) if unit else distances.dtype(params.datatype)
        sizes["codes"] = _codes(count, params, kept)
        if sizes["codes"] and count >= costs.LEAST and not params.cold:
            sizes["nibbles"] = nibble_rows.predict(count, int8.padded(params.size))
    return sizes


def predict_ids(count: int, *, uuids: bool) -> int:
    """Return the bytes of the keys, ids and operations of a sealed segment."""
    return count * (8 + 8 + 8 + (9 if uuids else 0))


def row_bytes(params: VectorParams) -> int:
    """Return the bytes of one stored vector."""
    return params.size * distances.dtype(params.datatype).itemsize


def _codes(count: int, params: VectorParams, searched: np.dtype[np.generic]) -> int:
    metric, dim = distances.metric(params.distance), params.size
    small = dim < int8.LEAST_DIM or count * dim * searched.itemsize < int8.LEAST_BYTES
    if small or searched != np.float32 or metric == kernels.L1:
        return 0
    terms = 4 * count if metric == kernels.SQUARED_L2 else 0
    # Each code's error too, by which an exact search knows which vectors it need not measure.
    return count * (int8.padded(dim) + 4) + 4 * dim + terms
