"""Making quantized rows and prepared queries: what is too slow in NumPy; see ``bits`` for the layouts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.kernels.cpu.bits import CENTROIDS, DIGITS, PLANES_HEAD
from workbench.kernels.cpu.codes import encode_query
from workbench.kernels.cpu.jit import float32, int32, int64, kernel, types


@kernel(
    types.void(types.float32[:, ::1], types.float32[::1], types.float64, types.int64, types.int16[:, ::1])
)
def prepare_int8(queries: Any, center: Any, factor: Any, stride: Any, prepared: Any) -> None:
    """Write each query as ``codes.encode_query`` does, to int16 [q, ``HEAD`` + stride]."""
    for i in range(queries.shape[0]):
        encode_query(int64(queries[i].ctypes.data), center, factor, stride, prepared[i], False)


@kernel(types.void(types.float32[:, ::1], types.float32[::1], types.int64, types.uint64[:, ::1]))
def prepare_planes(weights: Any, bases: Any, digits: Any, prepared: Any) -> None:
    """Write the weights of the bits of a row as planes.

    Parameters
    ----------
    weights : float32 [q, b]
        What each bit that is set adds to the distance.
    bases : float32 [q]
        The distance of a row without bits.
    digits : int
        Binary digits of a weight, 2 to 8.
    prepared : uint64 [q, 8 + 8 w]
        Written; w = ⌈b / 64⌉.
    """
    size = weights.shape[1]
    head = PLANES_HEAD // 8
    most = (1 << (digits - 1)) - 1
    for i in range(weights.shape[0]):
        largest = float32(0.0)
        for j in range(size):
            largest = max(largest, abs(weights[i, j]))
        ratio = float(most) / float(largest) if largest > float32(0.0) else 0.0
        row = prepared[i]
        row[:] = np.uint64(0)
        lost = 0.0
        for j in range(size):
            # Negative ones have all digits above set, as two's complement does.
            whole = int64(math.floor(float(weights[i, j]) * ratio + 0.5))
            lost += float(weights[i, j]) * ratio - float(whole)
            at, bit = head + (j >> 6) * DIGITS, np.uint64(j & 63)
            for p in range(DIGITS):
                row[at + p] |= np.uint64((whole >> p) & 1) << bit
        front = row[:1].view(np.float32)
        # About half of the bits of a row are set, so half of what rounding took away is missing everywhere.
        front[0] = float32(float(bases[i]) + 0.5 * lost * float(largest) / float(most))
        front[1] = float32(float(largest) / float(most))


@kernel(types.void(types.float32[:, ::1], types.float32[:, ::1]))
def rotate(vectors: Any, signs: Any) -> None:
    """Rotate each row at random, in place: by Hadamard transforms between changes of sign.

    A transform takes a power of two of numbers. The rounds take the first and the last so many in turn, so
    that whatever the dimension every number comes to depend on all others, and no row grows longer (as in
    Andoni et al., "Practical and Optimal LSH for Angular Distance", 2015, section 6).

    Parameters
    ----------
    vectors : float32 [n, d]
    signs : float32 [r, d]
        1 or −1, one row a round.
    """
    dim = vectors.shape[1]
    width = 1
    while 2 * width <= dim:
        width *= 2
    norm = float32(1.0 / math.sqrt(width))
    for i in range(vectors.shape[0]):
        row = vectors[i]
        for r in range(signs.shape[0]):
            for j in range(dim):
                row[j] *= signs[r, j]
            part = row[:width] if r % 2 == 0 else row[dim - width :]
            half = 1
            while half < width:
                for start in range(0, width, 2 * half):
                    low, high = part[start : start + half], part[start + half : start + 2 * half]
                    for j in range(half):
                        a, b = low[j], high[j]
                        low[j], high[j] = a + b, a - b
                half *= 2
            for j in range(width):
                part[j] *= norm


@kernel(types.void(types.float32[:, ::1], types.float32[:, :, ::1], types.int64, types.float32[:, :, ::1]))
def prepare_tables(queries: Any, books: Any, metric: Any, tables: Any) -> None:
    """Write what each centroid adds to the distance of each query.

    Parameters
    ----------
    queries : float32 [q, m · s]
    books : float32 [m, s, 256]
        The s numbers of each of the 256 centroids of m parts of a vector, number by number.
    metric : int
        0 squared L2, 1 negative dot, 2 L1.
    tables : float32 [q, m, 256]
        Written.
    """
    parts, size = books.shape[0], books.shape[1]
    for i in range(queries.shape[0]):
        for p in range(parts):
            table = tables[i, p]
            table[:] = float32(0.0)
            for s in range(size):
                x, numbers = queries[i, p * size + s], books[p, s]
                if metric == 1:
                    for c in range(CENTROIDS):
                        table[c] -= x * numbers[c]
                elif metric == 0:
                    for c in range(CENTROIDS):
                        table[c] += (x - numbers[c]) * (x - numbers[c])
                else:
                    for c in range(CENTROIDS):
                        table[c] += abs(x - numbers[c])


@kernel(types.void(types.float32[:, ::1], types.float32[:, :, ::1], types.uint8[:, ::1]))
def assign(vectors: Any, books: Any, codes: Any) -> None:
    """Write the number of the nearest centroid, by L2, of each part of each row: uint8 [n, m].

    The parameters are those of :func:`prepare_tables`.
    """
    parts, size = books.shape[0], books.shape[1]
    gaps = np.empty(CENTROIDS, np.float32)
    order = gaps.view(np.int32)
    for i in range(vectors.shape[0]):
        for p in range(parts):
            gaps[:] = float32(0.0)
            for s in range(size):
                x, numbers = vectors[i, p * size + s], books[p, s]
                for c in range(CENTROIDS):
                    gaps[c] += (x - numbers[c]) * (x - numbers[c])
            # Floats that are not negative order as their bits do. The last eight, a 32,768th of the distance,
            # make room for the number of the centroid, so that one minimum finds it.
            least = int32(0x7FFFFFFF)
            for c in range(CENTROIDS):
                least = min(least, (order[c] & int32(-CENTROIDS)) | int32(c))
            codes[i, p] = least & int32(CENTROIDS - 1)
