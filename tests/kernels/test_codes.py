"""Coded queries: when 8 bits are enough, and that no instruction of one processor changes a sum."""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
import pytest
from numba import njit

from workbench.kernels.cpu.codes import (
    BIAS,
    HEAD,
    NARROW,
    code_dot,
    encode_query,
    narrow_dot,
    narrow_dot_four,
)

STRIDE = 448


@njit
def encode(query: Any, narrow: Any) -> Any:
    coded = np.zeros(HEAD + STRIDE, np.int16)
    encode_query(query.ctypes.data, np.zeros_like(query), 1.0, STRIDE, coded, narrow)
    return coded


def is_narrow(query: np.ndarray, narrow: bool = True) -> bool:
    return bool(encode(query.astype(np.float32), narrow)[: 2 * HEAD].view(np.int32)[NARROW])


def test_a_query_has_8_bits_where_they_tell_enough_and_the_caller_measures_again() -> None:
    query = np.random.default_rng(0).normal(size=400)
    assert is_narrow(query)
    assert is_narrow(query * 1e30)
    assert not is_narrow(query, narrow=False)
    assert not is_narrow(np.where(np.arange(400) == 7, 1000.0, query))
    assert not is_narrow(np.zeros(400))


@pytest.mark.parametrize("narrow", [True, False])
def test_a_coded_query_times_its_factor_is_the_query(narrow: bool) -> None:
    query = np.random.default_rng(1).normal(size=400).astype(np.float32)
    coded = encode(query, narrow)
    factor = float(coded[:2].view(np.float32)[0])
    numbers = coded[HEAD:].view(np.int8)[:400] if narrow else coded[HEAD : HEAD + 400]
    np.testing.assert_allclose(numbers * factor, query, atol=factor / 2 * 1.001)
    if narrow:
        assert coded[: 2 * HEAD].view(np.int32)[BIAS] == 128 * numbers.sum(dtype=np.int64)


@pytest.mark.parametrize("features", [llvmlite.binding.get_host_cpu_features(), {}], ids=["host", "plain"])
def test_narrow_products_are_the_same_integers_on_every_processor(
    features: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(llvmlite.binding, "get_host_cpu_features", lambda: features)

    @njit
    def one(row: Any, query: Any, bias: Any) -> Any:
        return narrow_dot(row.ctypes.data, query.ctypes.data, row.shape[0], bias)

    @njit
    def four(rows: Any, query: Any, bias: Any) -> Any:
        a, b, c, d = rows[0].ctypes.data, rows[1].ctypes.data, rows[2].ctypes.data, rows[3].ctypes.data
        return narrow_dot_four(a, b, c, d, query.ctypes.data, rows.shape[1], bias)

    @njit
    def wide(row: Any, query: Any) -> Any:
        return code_dot(row.ctypes.data, query.ctypes.data, row.shape[0])

    rng = np.random.default_rng(2)
    rows = rng.integers(-127, 128, (4, STRIDE)).astype(np.int8)
    rows[0], rows[1] = -127, 127
    for query in (rng.integers(-127, 128, STRIDE).astype(np.int8), np.full(STRIDE, -127, np.int8)):
        expected = (rows.astype(np.int64) @ query.astype(np.int64)).tolist()
        bias = np.int32(128 * query.sum(dtype=np.int64))
        assert [one(row, query, bias) for row in rows] == expected
        assert list(four(rows, query, bias)) == expected
        assert [wide(row, query.astype(np.int16)) for row in rows] == expected
