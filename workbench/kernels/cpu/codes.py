"""Distances between a query and int8 codes, in integer arithmetic: what a graph is walked with.

A stored vector x is kept as ``code = rint((x - mean) / scale)`` in 8 bits, a quarter of its cache lines; see
``workbench.indexes.codes``. The query keeps as many of 16 bits as a sum of `d` products has room for in an
int32, so that practically all of the error is the code's, and a query far from the stored vectors loses
nothing. With c the code and y the query less the mean, as integers that count `scale` and `unit`:

==========  =============================================  =================================================
squared L2  |scale·c − unit·y|², less the query's square   ``terms[row] - 2·scale·unit·⟨c, y⟩``
dot         −⟨x, query⟩, but for a constant of the query   ``-scale·unit·⟨c, y⟩``, y with no mean subtracted
==========  =============================================  =================================================

A coded query is int16 [`HEAD` + d′]: the factor of ⟨c, y⟩ as a float32, padding to a cache line, then y.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, float32, intrinsic, part, types
from workbench.kernels.cpu.memory import load_f32, store_f32

HEAD = 32
# Codes that a loop reads at a time; rows are padded to 64, one cache line.
STEP = 64
LARGEST_CODE = 127

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_LANES = 32


def _load(builder: Any, address: Any, index: Any, element: Any, align: int) -> Any:
    base = builder.inttoptr(address, element.as_pointer())
    place = builder.gep(base, [index], source_etype=element)
    wide = ir.VectorType(element, _LANES)
    return builder.load(builder.bitcast(place, wide.as_pointer()), align=align, typ=wide)


def _half(builder: Any, products: Any, first: int) -> Any:
    """Every second lane."""
    mask = ir.Constant(ir.VectorType(_I32, _LANES // 2), list(range(first, _LANES, 2)))
    return builder.shuffle_vector(products, ir.Constant(products.type, ir.Undefined), mask)


def _write(builder: Any, rows: list[Any], query: Any, dim: Any) -> list[Any]:
    """Write the loop over `dim` codes, a multiple of `STEP`; return ⟨code, query⟩ of each row.

    Products of 16-bit numbers whose neighbors are added: LLVM makes ``vpmaddwd`` (or ``vpdpwssd``) of that.
    """
    wide, total = ir.VectorType(_I32, _LANES), ir.VectorType(_I32, _LANES // 2)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(total, [0] * (_LANES // 2))) for _ in rows]
    with cgutils.for_range_slice(builder, _I64(0), dim, _I64(STEP), _I64) as (start, _):
        for offset in range(0, STEP, _LANES):
            index = builder.add(start, _I64(offset))
            y = builder.sext(_load(builder, query, index, _I16, 2), wide)
            for row, place in zip(rows, totals, strict=True):
                code = builder.sext(_load(builder, row, index, _I8, 1), wide)
                products = builder.mul(code, y)
                pairs = builder.add(_half(builder, products, 0), _half(builder, products, 1))
                builder.store(builder.add(builder.load(place), pairs), place)
    name = f"llvm.vector.reduce.add.v{_LANES // 2}i32"
    reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I32, [total]), name)
    return [builder.call(reduce, [builder.load(place)]) for place in totals]


@intrinsic
def code_dot(typing: Any, row: Any, query: Any, dim: Any) -> Any:
    """⟨code, query⟩ of the codes at `row` and the 16-bit integers at `query`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, query, dim = arguments
        return _write(builder, [row], query, dim)[0]

    return types.int32(types.int64, types.int64, types.int64), generate


@intrinsic
def code_dot_four(typing: Any, row0: Any, row1: Any, row2: Any, row3: Any, query: Any, dim: Any) -> Any:
    """⟨code, query⟩ of four rows."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *rows, query, dim = arguments
        return context.make_tuple(builder, signature.return_type, _write(builder, rows, query, dim))

    return types.UniTuple(types.int32, 4)(*[types.int64] * 6), generate


@intrinsic
def widen(typing: Any, row: Any, coded: Any, dim: Any) -> Any:
    """Write the `dim` codes at the address `row`, a multiple of `STEP`, as 16-bit integers to `coded`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, coded, dim = arguments
        wide = ir.VectorType(_I16, _LANES)
        with cgutils.for_range_slice(builder, _I64(0), dim, _I64(_LANES), _I64) as (start, _):
            codes = builder.sext(_load(builder, row, start, _I8, 1), wide)
            base = builder.inttoptr(coded, _I16.as_pointer())
            place = builder.gep(base, [start], source_etype=_I16)
            builder.store(codes, builder.bitcast(place, wide.as_pointer()), align=2)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@part
def row_as_query(row: Any, stride: Any, coded: Any) -> Any:
    """Write the stored codes at the address `row` as a coded query with factor 1 to the address `coded`."""
    store_f32(coded, float32(1.0))
    widen(row, coded + 2 * HEAD, stride)
    return coded


@part
def coded_l2(terms: Any, row: Any, at: Any, query: Any, dim: Any) -> Any:
    """Squared L2 of one row, less the square of the query."""
    dot = float32(code_dot(at, query + 2 * HEAD, dim))
    return load_f32(terms, row) - load_f32(query, 0) * dot


@part
def coded_dot(at: Any, query: Any, dim: Any) -> Any:
    """Negative dot product of one row, but for a constant of the query."""
    return -load_f32(query, 0) * float32(code_dot(at, query + 2 * HEAD, dim))


@part
def coded_dot_four(a: Any, b: Any, c: Any, d: Any, query: Any, dim: Any) -> Any:
    """:func:`coded_dot` of four rows."""
    factor = -load_f32(query, 0)
    w, x, y, z = code_dot_four(a, b, c, d, query + 2 * HEAD, dim)
    return factor * float32(w), factor * float32(x), factor * float32(y), factor * float32(z)


@part
def encode_query(query: Any, center: Any, factor: Any, stride: Any, coded: Any) -> Any:
    """Write the float32 query at the address `query` to `coded`, int16 [`HEAD` + stride]; return its address.

    Parameters
    ----------
    center : float32 [d]
        What is subtracted: the mean under L2, zeros under a dot product.
    factor : float
        Two scales under L2, one under a dot product.
    stride : int
        Codes in a row, d′.
    """
    dim = center.shape[0]
    largest = 0.0
    for j in range(dim):
        largest = max(largest, abs(float(load_f32(query, j) - center[j])))
    # No sum of products can leave int32, whatever the codes.
    room = min(32767, (2**31 - 1) // (LARGEST_CODE * stride))
    ratio = room / largest if largest > 0.0 else 0.0
    for j in range(dim):
        coded[HEAD + j] = np.int16(math.floor(float(load_f32(query, j) - center[j]) * ratio + 0.5))
    for j in range(dim, stride):
        coded[HEAD + j] = 0
    address = coded.ctypes.data
    store_f32(address, float32(factor * largest / room))
    return address
