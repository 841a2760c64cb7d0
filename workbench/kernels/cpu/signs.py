"""Rows of one bit a number, from which distances are guessed: the signs of int8 codes, and a query of 3 bits.

A row takes whole cache lines, the first of which holds 48 bytes of bits: one for up to 384 numbers.

======  ===============  ====================================================================================
bytes   type             what
======  ===============  ====================================================================================
0       f32 `slope`      ⟨c, c⟩ / ⟨c, s⟩: c the int8 code, s its signs, each 1 or −1
4       f32 `doubt`      ``|c| √((1 / cos² - 1) / (d - 1))``, cos that of the angle between c and s
8       f32 `term`       what the code adds to a squared L2 distance; 0 under a dot product
12      f32 `negative`   how many of c are negative
16      u64 [w]          bit j of word i: whether number ``64 i + j`` of c is negative
======  ===============  ====================================================================================

With y the query as ``codes`` codes it, ⟨c, y⟩ is about ``slope · ⟨s, y⟩``, off by a standard deviation of
about ``doubt · |y|`` (Gao and Long, "RaBitQ", arXiv 2405.12497). There a random rotation makes that so for
all data; here nothing is rotated, so that signs cost no more than a look at the codes. On sentence vectors
the deviation is .99 of that, at the nearest rows .84; on images it is 3.5 and, at the nearest rows, .99.

A query's number is ``step · (u - 3.5)``, u of 0 to 7. A *plane* is one of the three binary digits of all u,
laid out as a row is, with zeros where no bits of a row are: so ``Σ u`` over the negative numbers is
``Σ 2^p · popcount(row & plane p)``.

A row needs its code only, whatever the other rows are: those of a growing segment can be written as they
come, as long as they have one mean and one scale (``sieve.write_rows``).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.codes import HEAD, NARROW
from workbench.kernels.cpu.jit import cgutils, float32, int32, intrinsic, part, types
from workbench.kernels.cpu.lanes import load, shuffle, splat, store
from workbench.kernels.cpu.memory import load_f32, load_i32, store_f32

# Bytes before the bits of a row, and of a line; and before a row's doubt.
FRONT, LINE, DOUBT = 16, 64, 4
DIGITS = 3
# The best width of a step for 8 equal steps of a normal distribution (Max, 1960, table II); it leaves .19 of
# a number.
STEP = 0.586
# Deviations that a distance may be less than its guess. Of the 10 nearest texts .993 to .997 are found with
# 2, at ten filters that let 1 to 50 % through; with 2.5 .999, and half as many rows more are measured.
SURE, SURER = 2.0, 2.5

_I8, _I32, _I64, _F32 = ir.IntType(8), ir.IntType(32), ir.IntType(64), ir.FloatType()
_WORDS, _FOUR = ir.VectorType(_I64, LINE // 8), ir.VectorType(_F32, 4)


def _write_sums(builder: Any, rows: list[Any], planes: Any, lines: Any) -> list[Any]:
    """Write the loop over the lines of rows; return the sums of u over their bits, i64 [8] each."""
    none = ir.Constant(_WORDS, [0] * _WORDS.count)
    kind = ir.FunctionType(_WORDS, [_WORDS])
    count = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.v8i64")
    totals = [cgutils.alloca_once_value(builder, none) for _ in rows]
    width = builder.mul(lines, _I64(LINE))
    with cgutils.for_range_slice(builder, _I64(0), width, _I64(LINE), _I64) as (start, _):
        asked = []
        for p in range(DIGITS):
            at = builder.add(planes, builder.add(builder.mul(width, _I64(p)), start))
            asked.append(load(builder, at, _WORDS, 8))
        for row, place in zip(rows, totals, strict=True):
            words = load(builder, builder.add(row, start), _WORDS, LINE)
            total = none
            for plane in reversed(asked):
                total = builder.add(
                    builder.add(total, total), builder.call(count, [builder.and_(words, plane)])
                )
            builder.store(builder.add(builder.load(place), total), place)
    return [builder.load(place) for place in totals]


def _sum_four(builder: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """The sums of four i64 [8], which fit 32 bits, as f32 [4]."""
    even = [x for g in range(0, 8, 2) for x in (g, 8 + g)]
    odd = [x + 1 for x in even]
    ab = builder.add(shuffle(builder, a, b, even), shuffle(builder, a, b, odd))
    cd = builder.add(shuffle(builder, c, d, even), shuffle(builder, c, d, odd))
    halves = ir.VectorType(_I32, 16)
    low = [x for g in range(0, 16, 4) for x in (g, g + 2, 16 + g, 18 + g)]
    total = shuffle(builder, builder.bitcast(ab, halves), builder.bitcast(cd, halves), low)
    for size in (8, 4):
        first, second = list(range(size)), list(range(size, 2 * size))
        total = builder.add(shuffle(builder, total, total, first), shuffle(builder, total, total, second))
    return builder.sitofp(total, _FOUR)


def _fronts(builder: Any, rows: list[Any]) -> list[Any]:
    """The slopes, doubts, terms and negatives of four rows, f32 [4] each."""
    a, b, c, d = (load(builder, row, _FOUR, 16) for row in rows)
    made = []
    for first in (0, 2):
        pair = [first, 4 + first, first + 1, 5 + first]
        ab, cd = shuffle(builder, a, b, pair), shuffle(builder, c, d, pair)
        made += [shuffle(builder, ab, cd, [0, 1, 4, 5]), shuffle(builder, ab, cd, [2, 3, 6, 7])]
    return made


GUESS = types.UniTuple(types.float32, 4)
"""What :func:`write_planes` returns."""


def write_guess(builder: Any, facts: Any, sums: Any, fronts: list[Any]) -> Any:
    """Return the least that the distances of rows may be,
    ``term - slope · (base - down · Σ u + up · negative) - sure · doubt``, a lane for each.
    """
    base, down, up, sure = (splat(builder, builder.extract_value(facts, j), sums.type) for j in range(4))
    slope, doubt, term, negative = fronts
    product = builder.fadd(builder.fsub(base, builder.fmul(down, sums)), builder.fmul(up, negative))
    return builder.fsub(builder.fsub(term, builder.fmul(slope, product)), builder.fmul(sure, doubt))


@intrinsic
def guess_four(
    typing: Any, a: Any, b: Any, c: Any, d: Any, planes: Any, lines: Any, facts: Any, out: Any
) -> Any:
    """Write the least that the distances of the rows at four addresses may be to the address `out`."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        *rows, planes, lines, facts, out = arguments
        sums = _sum_four(builder, *_write_sums(builder, rows, planes, lines))
        low = write_guess(builder, facts, sums, _fronts(builder, rows))
        store(builder, low, out, 4)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 6, GUESS, types.int64), generate


@intrinsic
def pack_signs(typing: Any, numbers: Any, out: Any, words: Any) -> Any:
    """Write a bit for each of 64 · `words` int8 at the address `numbers`: whether it is negative."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        numbers, out, words = arguments
        kind = ir.VectorType(_I8, 64)
        with cgutils.for_range_slice(builder, _I64(0), words, _I64(1), _I64) as (index, _):
            bytes_ = load(builder, builder.add(numbers, builder.mul(index, _I64(64))), kind, 1)
            bits = builder.icmp_signed("<", bytes_, ir.Constant(kind, [0] * 64))
            store(builder, builder.bitcast(bits, _I64), builder.add(out, builder.mul(index, _I64(8))), 8)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 3), generate


def lines_of(width: int) -> int:
    """Return the cache lines of the row of `width` codes, a multiple of 64."""
    return (FRONT + width // 8 + LINE - 1) // LINE


_lines = part(lines_of)


@part
def write_row(code: Any, dim: Any, squared_scale: Any, at: Any) -> None:
    """Write the row of the int8 codes `code`, those of `dim` numbers, to the address `at`."""
    width = code.shape[0]
    squares, absolute, negative = int32(0), int32(0), int32(0)
    for j in range(width):
        number = int32(code[j])
        squares += number * number
        absolute += abs(number)
        negative += number < 0
    slope, doubt = 0.0, 0.0
    if absolute > 0:
        slope = float(squares) / float(absolute)
        tan = max(0.0, float(squares) * dim / (float(absolute) * float(absolute)) - 1.0)
        doubt = math.sqrt(float(squares) * tan / max(1, dim - 1))
    store_f32(at, float32(slope))
    store_f32(at + DOUBT, float32(doubt))
    store_f32(at + 8, float32(squares * squared_scale))
    store_f32(at + 12, float32(negative))
    pack_signs(code.ctypes.data, at + FRONT, width >> 6)


@part
def room_for_planes(width: Any) -> Any:
    """Memory for the planes of a query of `width` codes."""
    return np.empty((DIGITS, _lines(width) * (LINE // 8)), np.uint64)


@part
def write_planes(buffer: Any, dim: Any, planes: Any, deviations: Any) -> Any:
    """Write the planes of a narrow query, coded into `buffer`, to u64 [3, w]; return the facts that
    :func:`guess_four` is to be told: (base, down, up, sure), float32. A distance is taken to be so many
    `deviations` less than its guess at the most.
    """
    small = buffer.view(np.int8)[2 * HEAD :]
    width = small.shape[0]
    squares = int32(0)
    for j in range(width):
        squares += int32(small[j]) * int32(small[j])
    step = STEP * math.sqrt(float(squares) / dim)
    digits, shifted = np.empty(width, np.int8), np.empty(width, np.int8)
    # Fixed point, of which the processor takes many numbers at a time.
    ratio = int32(65536.0 / step)
    for j in range(width):
        digits[j] = np.int8(min(max((int32(small[j]) * ratio >> int32(16)) + int32(4), int32(0)), int32(7)))
    for p in range(DIGITS):
        planes[p, :] = np.uint64(0)
        for j in range(width):
            shifted[j] = np.int8(digits[j] << (7 - p))
        pack_signs(shifted.ctypes.data, planes[p].ctypes.data + FRONT, width >> 6)
    total, own, both = int32(0), int32(0), int32(0)
    for j in range(dim):
        odd = 2 * int32(digits[j]) - 7
        total += odd
        own += odd * odd
        both += odd * int32(small[j])
    # What is left of the query's numbers adds to the doubt: signs of a normal distribution leave the share
    # 1 - 2 / π of a square, and this is in units of that.
    half = 0.5 * step
    lost = max(0.0, float(squares) - 2.0 * half * float(both) + half * half * float(own))
    unit = float(load_f32(buffer.ctypes.data, 0))
    sure = deviations * unit * math.sqrt(float(squares) + lost / (1.0 - 2.0 / math.pi))
    return (
        float32(unit * half * total),
        float32(4.0 * unit * half),
        float32(14.0 * unit * half),
        float32(sure),
    )


@part
def is_narrow(buffer: Any) -> Any:
    """Whether a query was coded in 8 bits a number."""
    return load_i32(buffer.ctypes.data, NARROW) != 0
