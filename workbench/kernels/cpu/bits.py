"""Distances between a query and quantized rows: bits, few-bit codes, product codes and int8 under L1.

What a row is, and what a prepared query begins with; ``workbench.indexes.quantization`` makes both.

===========  =====================================  ====================================================
kind         row                                    query
===========  =====================================  ====================================================
`INT8_L1`    i8 [d′]                                f32 unit, padding to `HEAD` i16, then i16 [d′] in steps
                                                    of a 64th of a code's
`HAMMING`    u64 [w]                                f32 base, f32 factor, then u64 [w]
`PLANES`     u64 [w]                                f32 base, f32 factor, padding to 64 bytes, then u64 [w, 8]
`SCALED`     f32 scale, f32 add, u64 [w]            the same
`PRODUCT`    u8 [m]                                 f32 [m, 256]: what each code adds to the distance
===========  =====================================  ====================================================

A *plane* is one binary digit of all the weights that a query gives to the bits of a row: weights are 8-bit
integers in two's complement, so ``Σ weight · bit`` is ``Σ 2^p · popcount(row & plane p)``, less twice the
last term. Eight planes of a word lie side by side: one AVX-512 instruction compares them with the word.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from workbench.kernels.cpu.codes import HEAD
from workbench.kernels.cpu.jit import cgutils, float32, int64, intrinsic, part, types
from workbench.kernels.cpu.lanes import splat
from workbench.kernels.cpu.memory import load_f32, load_u8

INT8_L1, HAMMING, PLANES, SCALED, PRODUCT = range(11, 16)
# Planes of a query, and the bytes before the first.
DIGITS, PLANES_HEAD = 8, 64
# Centroids of a product code.
CENTROIDS = 256
# Steps of a query under L1 in one of a code.
FINER = 64

_I8, _I16, _I32, _I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
_LANES = 32


def _place(builder: Any, address: Any, index: Any, element: Any, lanes: int = 1) -> Any:
    place = builder.gep(builder.inttoptr(address, element.as_pointer()), [index], source_etype=element)
    return place if lanes == 1 else builder.bitcast(place, ir.VectorType(element, lanes).as_pointer())


def _count(builder: Any, value: Any) -> Any:
    """How many bits of a word, or of each of eight words, are set."""
    name = "llvm.ctpop.v8i64" if isinstance(value.type, ir.VectorType) else "llvm.ctpop.i64"
    function = ir.FunctionType(value.type, [value.type])
    return builder.call(cgutils.get_or_insert_function(builder.module, function, name), [value])


def _write_hamming(builder: Any, rows: list[Any], query: Any, words: Any) -> list[Any]:
    """Write the loop that counts the bits in which rows differ from a query."""
    totals = [cgutils.alloca_once_value(builder, _I64(0)) for _ in rows]
    with cgutils.for_range_slice(builder, _I64(0), words, _I64(1), _I64) as (index, _):
        asked = builder.load(_place(builder, query, index, _I64), align=4, typ=_I64)
        for row, total in zip(rows, totals, strict=True):
            word = builder.load(_place(builder, row, index, _I64), align=4, typ=_I64)
            builder.store(builder.add(builder.load(total), _count(builder, builder.xor(word, asked))), total)
    return [builder.load(total) for total in totals]


def _write_planes(builder: Any, rows: list[Any], query: Any, words: Any) -> list[Any]:
    """Write the loop that adds up the weights of the bits of rows."""
    wide = ir.VectorType(_I64, DIGITS)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(wide, [0] * DIGITS)) for _ in rows]
    with cgutils.for_range_slice(builder, _I64(0), words, _I64(1), _I64) as (index, _):
        at = _place(builder, query, builder.mul(index, _I64(DIGITS)), _I64, DIGITS)
        planes = builder.load(at, align=4, typ=wide)
        for row, total in zip(rows, totals, strict=True):
            word = builder.load(_place(builder, row, index, _I64), align=4, typ=_I64)
            counted = _count(builder, builder.and_(splat(builder, word, wide), planes))
            builder.store(builder.add(builder.load(total), counted), total)
    weights = ir.Constant(wide, [1 << p for p in range(DIGITS - 1)] + [-(1 << (DIGITS - 1))])
    function = ir.FunctionType(_I64, [wide])
    reduce = cgutils.get_or_insert_function(builder.module, function, "llvm.vector.reduce.add.v8i64")
    return [builder.call(reduce, [builder.mul(builder.load(total), weights)]) for total in totals]


def _write_l1(builder: Any, rows: list[Any], query: Any, dim: Any) -> list[Any]:
    """Write the loop over `dim` codes, a multiple of 64, that adds up |`FINER` · code − query|.

    A query is at most 24,000 and a code 127, so that no difference leaves 16 bits; and no sum leaves 32,
    since 65,536 differences of 32,128 are less than 2^31.
    """
    half, wide = ir.VectorType(_I16, _LANES), ir.VectorType(_I32, _LANES)
    totals = [cgutils.alloca_once_value(builder, ir.Constant(wide, [0] * _LANES)) for _ in rows]
    absolute = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(half, [half, ir.IntType(1)]), f"llvm.abs.v{_LANES}i16"
    )
    shift = ir.Constant(half, [FINER.bit_length() - 1] * _LANES)
    with cgutils.for_range_slice(builder, _I64(0), dim, _I64(_LANES), _I64) as (index, _):
        asked = builder.load(_place(builder, query, index, _I16, _LANES), align=2, typ=half)
        for row, total in zip(rows, totals, strict=True):
            at = _place(builder, row, index, _I8, _LANES)
            code = builder.sext(builder.load(at, align=1, typ=ir.VectorType(_I8, _LANES)), half)
            gap = builder.call(absolute, [builder.sub(builder.shl(code, shift), asked), ir.IntType(1)(0)])
            builder.store(builder.add(builder.load(total), builder.zext(gap, wide)), total)
    name = f"llvm.vector.reduce.add.v{_LANES}i32"
    reduce = cgutils.get_or_insert_function(builder.module, ir.FunctionType(_I32, [wide]), name)
    return [builder.sext(builder.call(reduce, [builder.load(total)]), _I64) for total in totals]


def _one(write: Any) -> Any:
    @intrinsic
    def loop(typing: Any, row: Any, query: Any, length: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            row, query, length = arguments
            return write(builder, [row], query, length)[0]

        return types.int64(types.int64, types.int64, types.int64), generate

    return loop


def _four(write: Any) -> Any:
    @intrinsic
    def loop(typing: Any, row0: Any, row1: Any, row2: Any, row3: Any, query: Any, length: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            *rows, query, length = arguments
            return context.make_tuple(builder, signature.return_type, write(builder, rows, query, length))

        return types.UniTuple(types.int64, 4)(*[types.int64] * 6), generate

    return loop


hamming, hamming_four = _one(_write_hamming), _four(_write_hamming)
planes, planes_four = _one(_write_planes), _four(_write_planes)
int8_l1, int8_l1_four = _one(_write_l1), _four(_write_l1)


@part
def quantized(kind: Any, at: Any, query: Any, dim: Any) -> Any:
    """Distance of the row at an address."""
    if kind == INT8_L1:
        return load_f32(query, 0) * float32(int8_l1(at, query + 2 * HEAD, dim))
    if kind == PRODUCT:
        total = float32(0.0)
        for j in range(dim):
            total += load_f32(query, CENTROIDS * j + int64(load_u8(at, j)))
        return total
    base, factor = load_f32(query, 0), load_f32(query, 1)
    if kind == HAMMING:
        return base + factor * float32(hamming(at, query + 8, dim))
    if kind == PLANES:
        return base + factor * float32(planes(at, query + PLANES_HEAD, dim))
    dot = base + factor * float32(planes(at + 8, query + PLANES_HEAD, dim))
    return load_f32(at, 1) + load_f32(at, 0) * dot


@part
def quantized_four(kind: Any, a: Any, b: Any, c: Any, d: Any, query: Any, dim: Any) -> Any:
    """:func:`quantized` of four rows."""
    base, factor = load_f32(query, 0), load_f32(query, 1)
    if kind == INT8_L1:
        i, j, k, m = int8_l1_four(a, b, c, d, query + 2 * HEAD, dim)
        return base * float32(i), base * float32(j), base * float32(k), base * float32(m)
    if kind == PRODUCT:
        w, x, y, z = float32(0.0), float32(0.0), float32(0.0), float32(0.0)
        for j in range(dim):
            table = query + 4 * CENTROIDS * j
            w += load_f32(table, int64(load_u8(a, j)))
            x += load_f32(table, int64(load_u8(b, j)))
            y += load_f32(table, int64(load_u8(c, j)))
            z += load_f32(table, int64(load_u8(d, j)))
        return w, x, y, z
    if kind == HAMMING:
        i, j, k, m = hamming_four(a, b, c, d, query + 8, dim)
    elif kind == PLANES:
        i, j, k, m = planes_four(a, b, c, d, query + PLANES_HEAD, dim)
    else:
        i, j, k, m = planes_four(a + 8, b + 8, c + 8, d + 8, query + PLANES_HEAD, dim)
    w, x = base + factor * float32(i), base + factor * float32(j)
    y, z = base + factor * float32(k), base + factor * float32(m)
    if kind == SCALED:
        w, x = load_f32(a, 1) + load_f32(a, 0) * w, load_f32(b, 1) + load_f32(b, 0) * x
        y, z = load_f32(c, 1) + load_f32(c, 0) * y, load_f32(d, 1) + load_f32(d, 0) * z
    return w, x, y, z
