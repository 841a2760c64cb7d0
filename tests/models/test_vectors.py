from __future__ import annotations

import numpy as np

from workbench.models.vectors import SparseVector


def test_a_sparse_vector_shows_what_it_holds() -> None:
    vector = SparseVector(np.array([1, 5], np.uint32), np.array([0.5, 1.0], np.float32))
    assert repr(vector) == (
        "SparseVector(indices=array([1, 5], dtype=uint32), values=array([0.5, 1. ], dtype=float32))"
    )
