"""What the tests of all kinds of codes share: vectors with structure, the kinds, and the metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import quantization
from workbench.indexes.quantization import QuantizedSearcher
from workbench.models.quantization import Quantization

METRICS = {"Dot": kernels.NEGATIVE_DOT, "Euclid": kernels.SQUARED_L2, "Manhattan": kernels.L1}


@pytest.fixture(scope="package", autouse=True)
def _loaded() -> None:
    kernels.warm(block=True)


def clustered(n: int, dim: int = 72, seed: int = 0) -> np.ndarray:
    """Vectors around 40 centers, somewhat off the origin."""
    rng = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(size=(40, dim))
    return (centers[rng.integers(40, size=n)] + 0.6 * rng.normal(size=(n, dim)) + 0.2).astype(np.float32)


def searcher(config: dict[str, Any], vectors: np.ndarray, metric: int) -> QuantizedSearcher:
    """Encode vectors, pass them through their arrays as files do, and check them."""
    settings = Quantization.parse(config)
    assert settings is not None
    made = quantization.encode(vectors, metric, settings)
    assert made is not None
    codes = quantization.from_arrays(made.arrays(), made.meta(), metric, settings)
    codes.validate(*vectors.shape)
    assert codes.nbytes == quantization.predict(*vectors.shape, metric, settings)
    return QuantizedSearcher(codes, settings, vectors, None)
