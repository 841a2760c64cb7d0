"""MaxSim by codes against MaxSim by the vectors that the codes stand for."""

from __future__ import annotations

import numpy as np
import pytest

from workbench import kernels
from workbench.indexes import multivector, quantization
from workbench.indexes.quantization.scalar import ScalarCodes
from workbench.models.quantization import Quantization
from workbench.models.vectors import MultiRows


@pytest.mark.parametrize("metric", [kernels.SQUARED_L2, kernels.NEGATIVE_DOT, kernels.L1])
@pytest.mark.parametrize("asked", [1, 7, 33])
def test_scalar_codes_of_multivectors_are_compared_as_the_vectors_that_they_stand_for(
    asked: int, metric: int
) -> None:
    rng = np.random.default_rng(0)
    stored = MultiRows.of([rng.normal(size=(n, 19)).astype(np.float32) + 1 for n in (1, 9, 70, 2)], 19)
    settings = Quantization(kind="scalar")
    codes = quantization.encode(stored.values, metric, settings)
    assert isinstance(codes, ScalarCodes)
    own = codes.codes
    decoded = MultiRows(stored.starts, own.codes[:, :19] * np.float32(own.scale) + own.mean)
    query = rng.normal(size=(asked, 19)).astype(np.float32)
    expected = multivector.search(decoded, query, 4, metric)
    searched = multivector.QuantizedMultivectors(
        quantization.QuantizedSearcher(codes, settings, stored.values, None), stored
    )
    slots, found = searched.search(query, 4, 4, rescore=False)
    assert slots.tolist() == expected[0].tolist()
    np.testing.assert_allclose(found, expected[1], rtol=1e-4)
