"""Unit vectors in a quarter of their size: one byte a number and one float a row.

``code = round(x / scale)`` with ``scale = max|x| / 127`` for each row. The rounding error is at most half a
step, which keeps the cosine between a MiniLM vector and its decoded form at 0.9999 and above.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.errors import Corrupted


def encode(vectors: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Quantize rows to int8.

    Parameters
    ----------
    vectors : float32[n, d]

    Returns
    -------
    codes : int8[n, d]
    scales : float32[n]
        A row is about ``codes * scale``. The scale of a row of zeros is 1.
    """
    peaks = np.abs(vectors).max(axis=1)
    scales = np.where(peaks > 0, peaks / np.float32(127), np.float32(1)).astype(np.float32)
    return np.rint(vectors / scales[:, None]).astype(np.int8), scales


def decode(codes: NDArray[np.int8], scales: NDArray[np.float32]) -> NDArray[np.float32]:
    """Turn codes back into rows of unit length: float32[n, d]."""
    rows = codes.astype(np.float32) * scales[:, None]
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    np.divide(rows, norms, out=rows, where=norms > 0)
    return rows


def save(path: Path, vectors: NDArray[np.float32]) -> None:
    """Write vectors to an ``.npz`` file of codes and scales."""
    codes, scales = encode(vectors)
    np.savez(path, codes=codes, scales=scales)


def load(path: Path) -> NDArray[np.float32]:
    """Read vectors written by :func:`save`, as unit rows, float32[n, d].

    Raises
    ------
    Corrupted
        The file does not hold one scale for each row of codes.
    """
    with np.load(path, allow_pickle=False) as archive:
        codes, scales = archive["codes"], archive["scales"]
    if codes.ndim != 2 or codes.dtype != np.int8 or scales.shape != codes.shape[:1]:
        raise Corrupted(
            str(path), f"expected int8[n, d] and float32[n], found {codes.shape} and {scales.shape}"
        )
    return decode(codes, scales)
