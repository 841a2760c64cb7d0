"""Distances between a query and int8 codes, in integer arithmetic: what a graph is walked with.

A stored vector x is kept as ``code = rint((x - mean) / scale)`` in 8 bits, a quarter of its cache lines; see
``workbench.indexes.codes``. A *narrow* query has 8 bits too, where they tell enough of it (see `ROUGHEST`);
another keeps as many of 16 bits as a sum of `d` products has room for in an int32, so that a query far from
the stored vectors, or with one number much larger than the others, loses nothing.
With c the code and y the query less the mean, as integers that count `scale` and `unit`:

==========  =============================================  =================================================
squared L2  |scale·c − unit·y|², less the query's square   ``terms[row] - 2·scale·unit·⟨c, y⟩``
dot         −⟨x, query⟩, but for a constant of the query   ``-scale·unit·⟨c, y⟩``, y with no mean subtracted
==========  =============================================  =================================================

A coded query is int16 [`HEAD` + d′]: the factor of ⟨c, y⟩ as a float32; as int32 whether it is narrow, and
then 128 Σ y; padding to a cache line; then y, as int8 [d′] if narrow.
"""

from __future__ import annotations

import math
from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, float32, int32, intrinsic, part, types
from workbench.kernels.cpu.lanes import shuffle
from workbench.kernels.cpu.memory import bits_of, float_of, load_f32, load_i32, store_f32, store_i32

HEAD = 32
# Codes that a loop reads at a time; rows are padded to 64, one cache line.
STEP = 64
LARGEST_CODE = 127
# A query is narrow if the squares of its 8-bit numbers have at least this mean: rounding takes 0.29 a number,
# which is then at most 2 % of the query's length.
ROUGHEST = 200
NARROW, BIAS = 1, 2  # places in the head, in int32

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_LANES = 32


def _load(builder: Any, address: Any, index: Any, element: Any, align: int, lanes: int = _LANES) -> Any:
    base = builder.inttoptr(address, element.as_pointer())
    place = builder.gep(base, [index], source_etype=element)
    wide = ir.VectorType(element, lanes)
    return builder.load(builder.bitcast(place, wide.as_pointer()), align=align, typ=wide)


def _half(builder: Any, products: Any, first: int) -> Any:
    """Every second lane."""
    return shuffle(builder, products, products, list(range(first, _LANES, 2)))


def _write(builder: Any, rows: list[Any], query: Any, dim: Any, element: Any = _I16) -> list[Any]:
    """Write the loop over `dim` codes, a multiple of `STEP`; return ⟨code, query⟩ of each row.

    Products of 16-bit numbers whose neighbors are added: LLVM makes ``vpmaddwd`` (or ``vpdpwssd``) of that.
    """
    wide, total = ir.VectorType(_I32, _LANES), ir.VectorType(_I32, _LANES // 2)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(total, [0] * (_LANES // 2))) for _ in rows]
    with cgutils.for_range_slice(builder, _I64(0), dim, _I64(STEP), _I64) as (start, _):
        for offset in range(0, STEP, _LANES):
            index = builder.add(start, _I64(offset))
            y = builder.sext(_load(builder, query, index, element, element.width // 8), wide)
            for row, place in zip(rows, totals, strict=True):
                code = builder.sext(_load(builder, row, index, _I8, 1), wide)
                products = builder.mul(code, y)
                pairs = builder.add(_half(builder, products, 0), _half(builder, products, 1))
                builder.store(builder.add(builder.load(place), pairs), place)
    return row_sums(builder, [builder.load(place) for place in totals])


def row_sums(builder: Any, vectors: list[Any]) -> list[Any]:
    """The sum of each vector of 16 numbers; of four vectors together, in a third of the instructions."""
    if len(vectors) != 4:
        return [_sum(builder, vector) for vector in vectors]

    def halve(a: Any, b: Any, first: list[int], second: list[int]) -> Any:
        return builder.add(shuffle(builder, a, b, first), shuffle(builder, a, b, second))

    groups = range(0, 16, 4)
    low = [lane for g in groups for lane in (g, 16 + g, g + 1, 17 + g)]
    pairs = [halve(a, b, low, [lane + 2 for lane in low]) for a, b in (vectors[:2], vectors[2:])]
    low = [lane for g in groups for lane in (g, g + 1, 16 + g, 17 + g)]
    total = halve(pairs[0], pairs[1], low, [lane + 2 for lane in low])
    for size in (8, 4):
        total = halve(total, total, list(range(size)), list(range(size, 2 * size)))
    return [builder.extract_element(total, _I32(lane)) for lane in range(4)]


def _sum(builder: Any, vector: Any) -> Any:
    name = f"llvm.vector.reduce.add.v{vector.type.count}i32"
    reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I32, [vector.type]), name)
    return builder.call(reduce, [vector])


def _write_narrow(builder: Any, rows: list[Any], query: Any, dim: Any, bias: Any) -> list[Any]:
    """Write the loop for a query of int8; return ⟨code, query⟩ of each row.

    ``vpdpbusd`` multiplies unsigned numbers by signed ones: a code with its sign bit flipped is 128 more than
    itself, and `bias`, 128 times the sum of the query, is what that adds. Without AVX-512 VNNI the products
    are those of :func:`_write`; the sums are the same integers.
    """
    if not llvmlite.binding.get_host_cpu_features().get("avx512vnni", False):
        return _write(builder, rows, query, dim, _I8)
    codes, total = ir.VectorType(_I8, STEP), ir.VectorType(_I32, STEP // 4)
    multiply = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(total, [total, codes, codes]), "llvm.x86.avx512.vpdpbusd.512"
    )
    flip = ir.Constant(codes, [-128] * STEP)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(total, [0] * (STEP // 4))) for _ in rows]
    with cgutils.for_range_slice(builder, _I64(0), dim, _I64(STEP), _I64) as (start, _):
        y = _load(builder, query, start, _I8, 1, STEP)
        for row, place in zip(rows, totals, strict=True):
            code = builder.xor(_load(builder, row, start, _I8, 1, STEP), flip)
            builder.store(builder.call(multiply, [builder.load(place), code, y]), place)
    return [
        builder.sub(total, bias) for total in row_sums(builder, [builder.load(place) for place in totals])
    ]


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
def narrow_dot(typing: Any, row: Any, query: Any, dim: Any, bias: Any) -> Any:
    """⟨code, query⟩ of the codes at `row` and the int8 numbers at `query`; `bias` is 128 times their sum."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, query, dim, bias = arguments
        return _write_narrow(builder, [row], query, dim, bias)[0]

    return types.int32(types.int64, types.int64, types.int64, types.int32), generate


@intrinsic
def narrow_dot_four(
    typing: Any, row0: Any, row1: Any, row2: Any, row3: Any, query: Any, dim: Any, bias: Any
) -> Any:
    """:func:`narrow_dot` of four rows."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *rows, query, dim, bias = arguments
        results = _write_narrow(builder, rows, query, dim, bias)
        return context.make_tuple(builder, signature.return_type, results)

    return types.UniTuple(types.int32, 4)(*[types.int64] * 6, types.int32), generate


@intrinsic
def copy_codes(typing: Any, row: Any, coded: Any, dim: Any) -> Any:
    """Copy the `dim` codes at the address `row`, a multiple of `STEP`, to `coded`; return their sum."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        row, coded, dim = arguments
        wide = ir.VectorType(_I32, STEP)
        total = cgutils.alloca_once_value(builder, ir.Constant(wide, [0] * STEP))
        with cgutils.for_range_slice(builder, _I64(0), dim, _I64(STEP), _I64) as (start, _):
            codes = _load(builder, row, start, _I8, 1, STEP)
            place = builder.gep(builder.inttoptr(coded, _I8.as_pointer()), [start], source_etype=_I8)
            builder.store(codes, builder.bitcast(place, codes.type.as_pointer()), align=1)
            builder.store(builder.add(builder.load(total), builder.sext(codes, wide)), total)
        return _sum(builder, builder.load(total))

    return types.int32(types.int64, types.int64, types.int64), generate


@part
def row_as_query(row: Any, stride: Any, coded: Any) -> Any:
    """Write the stored codes at the address `row` as a coded query with factor 1 to the address `coded`."""
    total = copy_codes(row, coded + 2 * HEAD, stride)
    _write_head(coded, float32(1.0), 1, 128 * total)
    return coded


@part
def _write_head(coded: Any, factor: Any, narrow: Any, bias: Any) -> None:
    store_f32(coded, factor)
    store_i32(coded + 4 * NARROW, int32(narrow))
    store_i32(coded + 4 * BIAS, int32(bias))


@part
def dot_of(at: Any, query: Any, dim: Any) -> Any:
    """⟨code, query⟩ of one row and a coded query, narrow or not."""
    if load_i32(query, NARROW) != 0:
        return narrow_dot(at, query + 2 * HEAD, dim, load_i32(query, BIAS))
    return code_dot(at, query + 2 * HEAD, dim)


@part
def coded_l2(terms: Any, row: Any, at: Any, query: Any, dim: Any) -> Any:
    """Squared L2 of one row, less the square of the query."""
    return load_f32(terms, row) - load_f32(query, 0) * float32(dot_of(at, query, dim))


@part
def coded_dot(at: Any, query: Any, dim: Any) -> Any:
    """Negative dot product of one row, but for a constant of the query."""
    return -load_f32(query, 0) * float32(dot_of(at, query, dim))


@part
def coded_dot_four(a: Any, b: Any, c: Any, d: Any, query: Any, dim: Any) -> Any:
    """:func:`coded_dot` of four rows."""
    factor = -load_f32(query, 0)
    if load_i32(query, NARROW) != 0:
        w, x, y, z = narrow_dot_four(a, b, c, d, query + 2 * HEAD, dim, load_i32(query, BIAS))
    else:
        w, x, y, z = code_dot_four(a, b, c, d, query + 2 * HEAD, dim)
    return factor * float32(w), factor * float32(x), factor * float32(y), factor * float32(z)


@part
def encode_query(query: Any, center: Any, factor: Any, stride: Any, coded: Any, narrow: Any) -> Any:
    """Write the float32 query at the address `query` to `coded`, int16 [`HEAD` + stride]; return its address.

    Parameters
    ----------
    center : float32 [d]
        What is subtracted: the mean under L2, zeros under a dot product.
    factor : float
        Two scales under L2, one under a dot product.
    stride : int
        Codes in a row, d′.
    narrow : bool
        Use 8 bits a number where they are enough; a walk does, whose finds are measured again.
    """
    dim = center.shape[0]
    # As integers, of which the processor takes many at a time: floats compare as their bits do.
    bits = int32(0)
    for j in range(dim):
        bits = max(bits, bits_of(float32(load_f32(query, j) - center[j])) & int32(0x7FFFFFFF))
    largest = float(float_of(bits))
    address = coded.ctypes.data
    if narrow and largest > 0.0:
        ratio = LARGEST_CODE / largest
        small = coded.view(np.int8)[2 * HEAD :]
        for j in range(dim):
            small[j] = np.int8(math.floor(float(load_f32(query, j) - center[j]) * ratio + 0.5))
        small[dim:stride] = 0
        total, squares = int32(0), int32(0)
        for j in range(dim):
            number = int32(small[j])
            total += number
            squares += number * number
        if squares >= ROUGHEST * dim:
            _write_head(address, float32(factor * largest / LARGEST_CODE), 1, 128 * total)
            return address
    # No sum of products can leave int32, whatever the codes.
    room = min(32767, (2**31 - 1) // (LARGEST_CODE * stride))
    ratio = room / largest if largest > 0.0 else 0.0
    for j in range(dim):
        coded[HEAD + j] = np.int16(math.floor(float(load_f32(query, j) - center[j]) * ratio + 0.5))
    for j in range(dim, stride):
        coded[HEAD + j] = 0
    _write_head(address, float32(factor * largest / room), 0, 0)
    return address


@part
def as_walked(exact: Any, coded: Any, shortlist: Any, buffer: Any) -> Any:
    """Address of the query as a walk compares it: coded into `buffer`, or itself where there are no codes."""
    walked, center, factor = coded
    if shortlist > 0:
        return encode_query(exact, center, factor, walked[1], buffer, True)
    return exact
