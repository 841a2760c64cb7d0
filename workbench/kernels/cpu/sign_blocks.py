"""Rows of one bit a number, eight side by side: what a scan of a whole growing tail reads first.

The bits and what is kept beside them are those of ``signs``. That a row stands in one place, as there, pays
where rows lie apart; here all are read in order, and eight are guessed by one instruction for each word and
digit. A block of eight rows is f32 slope [8], doubt [8], term [8], negative [8], then u64 [w, 8].

Rows whose guess is farther than what is known to be near are left out. With the others it goes on as in
``proof``: codes bound their distances, and those that the bounds leave open are measured by their vectors.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.codes import HEAD, encode_query
from workbench.kernels.cpu.jit import cgutils, int64, intrinsic, kernel, part, types
from workbench.kernels.cpu.metrics import ask_for, measure
from workbench.kernels.cpu.ordering import distance_of, heap_push, heap_replace, pack, unpack
from workbench.kernels.cpu.proof import (
    BOUNDS,
    EUCLID,
    LARGEST_SQUARE,
    decide,
    facts_of,
    limit_of,
    lower_bound,
    upper_bound,
)
from workbench.kernels.cpu.signs import DIGITS, FRONT, LINE, is_narrow, write_planes, write_row
from workbench.kernels.cpu.traversal import CODED, SPACE

EIGHT = 8
# Bytes before the bits of a block.
FACTS = 4 * 4 * EIGHT
# Rows measured by their codes in one call.
TOGETHER = 32

_I32, _I64, _F32 = ir.IntType(32), ir.IntType(64), ir.FloatType()
_WORDS, _FLOATS = ir.VectorType(_I64, EIGHT), ir.VectorType(_F32, EIGHT)


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=4, typ=kind)


def _every(builder: Any, value: Any, kind: Any) -> Any:
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _I32(0))
    return builder.shuffle_vector(one, one, ir.Constant(ir.VectorType(_I32, EIGHT), [0] * EIGHT))


def _write_sums(builder: Any, bits: Any, planes: Any, stride: Any, words: Any) -> Any:
    """Write the loop over the words of a block; return the sum of u over each row's bits, f32 [8]."""
    none, kind = ir.Constant(_WORDS, [0] * EIGHT), ir.FunctionType(_WORDS, [_WORDS])
    count = cgutils.get_or_insert_function(builder.module, kind, "llvm.ctpop.v8i64")
    totals = [cgutils.alloca_once_value(builder, none) for _ in range(DIGITS)]
    with cgutils.for_range_slice(builder, _I64(0), words, _I64(1), _I64) as (index, _):
        own = _load(builder, builder.add(bits, builder.mul(index, _I64(8 * EIGHT))), _WORDS)
        at = builder.add(planes, builder.mul(index, _I64(8)))
        for p, place in enumerate(totals):
            asked = _load(builder, builder.add(at, builder.mul(stride, _I64(p))), _I64)
            counted = builder.call(count, [builder.and_(own, _every(builder, asked, _WORDS))])
            builder.store(builder.add(builder.load(place), counted), place)
    total = none
    for place in reversed(totals):
        total = builder.add(builder.add(total, total), builder.load(place))
    return builder.sitofp(builder.trunc(total, ir.VectorType(_I32, EIGHT)), _FLOATS)


@intrinsic
def _guess_eight(
    typing: Any,
    block: Any,
    planes: Any,
    stride: Any,
    words: Any,
    base: Any,
    down: Any,
    up: Any,
    sure: Any,
    out: Any,
) -> Any:
    """Write the least that the distances of a block's rows may be to the address `out`; return the least.

    The formula is that of ``signs.guess_four``; `planes` is the address of the query's first word of bits,
    and `stride` the bytes from one digit to the next.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block, planes, stride, words, *numbers, out = arguments
        base, down, up, sure = (_every(builder, number, _FLOATS) for number in numbers)
        slope, doubt, term, negative = (
            _load(builder, builder.add(block, _I64(4 * EIGHT * i)), _FLOATS) for i in range(4)
        )
        sums = _write_sums(builder, builder.add(block, _I64(FACTS)), planes, stride, words)
        product = builder.fsub(base, builder.fmul(down, sums))
        product = builder.fmul(slope, builder.fadd(product, builder.fmul(up, negative)))
        low = builder.fsub(builder.fsub(term, product), builder.fmul(sure, doubt))
        builder.store(low, builder.inttoptr(out, _FLOATS.as_pointer()), align=4)
        kind = ir.FunctionType(_F32, [_FLOATS])
        least = cgutils.get_or_insert_function(builder.module, kind, "llvm.vector.reduce.fmin.v8f32")
        return builder.call(least, [low], fastmath=("nnan",))

    numbers = [types.float32] * 4
    return types.float32(*[types.int64] * 4, *numbers, types.int64), generate


def block_bytes(width: int) -> int:
    """Return the bytes of a block of rows of `width` codes."""
    return FACTS + width


@kernel(types.void(types.int8[:, ::1], types.int64, types.float64, types.int64, types.uint8[:, ::1]))
def write_blocks(codes: Any, dim: Any, squared_scale: Any, start: Any, blocks: Any) -> None:
    """Write rows of a tail into its blocks, from row number `start` on.

    Parameters
    ----------
    codes : int8 [n, d′]
        Of these rows.
    dim : int
        Numbers of a vector, at most d′.
    squared_scale : float
        The square of the codes' scale under L2, 0 under a dot product.
    blocks : uint8 [b, FACTS + d′]
        With room for them; zeros where nothing was written yet.
    """
    words = codes.shape[1] // 64
    row = np.empty((FRONT + 8 * words) // 4, np.float32)
    bits = row[FRONT // 4 :].view(np.uint64)
    for i in range(codes.shape[0]):
        write_row(codes[i], dim, squared_scale, row.ctypes.data)
        own, lane = blocks[(start + i) // EIGHT], (start + i) % EIGHT
        facts, into = own[:FACTS].view(np.float32), own[FACTS:].view(np.uint64)
        for j in range(4):
            facts[EIGHT * j + lane] = row[j]
        for j in range(words):
            into[EIGHT * j + lane] = bits[j]


@part
def _bound(
    walked: Any, query: Any, near: Any, waiting: Any, gaps: Any, facts: Any, bounds: Any, state: Any
) -> Any:
    """Bound the distances of rows by their codes, and keep those that may be among the nearest."""
    found, count, uppers, size, threshold, limit = state
    euclid = walked[3] == EUCLID
    measure(walked, near, waiting, query, gaps)
    keep = uppers.shape[0]
    for j in range(waiting):
        if gaps[j] > limit:
            continue
        low = lower_bound(gaps[j], bounds[0][near[j]], facts, euclid)
        if low > threshold:
            continue
        found[count] = pack(low, near[j])
        count += 1
        key = ~pack(upper_bound(gaps[j], bounds[0][near[j]], facts, euclid), near[j])
        if size < keep:
            heap_push(uppers, size, key)
            size += 1
        elif key > uppers[0]:
            heap_replace(uppers, size, key)
        if size == keep and distance_of(~uppers[0]) < threshold:
            threshold = distance_of(~uppers[0])
            limit = limit_of(threshold, bounds[2], facts, euclid)
    return count, size, threshold, limit


@part
def _contenders(
    walked: Any,
    query: Any,
    blocks: Any,
    n: Any,
    allowed: Any,
    asked: Any,
    facts: Any,
    bounds: Any,
    threshold: Any,
    uppers: Any,
) -> Any:
    """Find the rows that may be among the nearest and within `threshold`: the keys of their lower bounds."""
    planes, base, down, up, sure = asked
    words = walked[1] // 64
    address, stride, width = blocks.ctypes.data, 8 * planes.shape[1], FACTS + walked[1]
    bits = planes.ctypes.data + FRONT
    found, lows = np.empty(n, np.int64), np.empty(EIGHT, np.float32)
    near, gaps, waiting = np.empty(TOGETHER + EIGHT, np.int32), np.empty(TOGETHER + EIGHT, np.float32), 0
    out, everything = lows.ctypes.data, allowed.shape[0] == 0
    limit = limit_of(threshold, bounds[2], facts, walked[3] == EUCLID)
    count, size = 0, 0
    for block in range((n + EIGHT - 1) // EIGHT):
        least = _guess_eight(address + block * width, bits, stride, words, base, down, up, sure, out)
        if least > limit:
            continue
        for lane in range(min(EIGHT, n - EIGHT * block)):
            row = EIGHT * block + lane
            if lows[lane] <= limit and (everything or allowed[row]):
                near[waiting] = row
                waiting += 1
                ask_for(walked, row)
        if waiting >= TOGETHER:
            state = found, count, uppers, size, threshold, limit
            count, size, threshold, limit = _bound(walked, query, near, waiting, gaps, facts, bounds, state)
            waiting = 0
    state = found, count, uppers, size, threshold, limit
    count, size, threshold, limit = _bound(walked, query, near, waiting, gaps, facts, bounds, state)
    kept = 0
    for j in range(count):
        if distance_of(found[j]) <= threshold:
            found[kept] = found[j]
            kept += 1
    found = found[:kept]
    found.sort()
    return found


@kernel(
    types.int64(
        SPACE,
        CODED,
        BOUNDS,
        types.uint8[:, ::1],
        types.int64,
        types.float32[::1],
        types.uint8[::1],
        types.float32,
        types.int64[::1],
        types.int32[::1],
        types.float32[::1],
    )
)
def sift_blocks(
    space: Any,
    coded: Any,
    bounds: Any,
    blocks: Any,
    n: Any,
    query: Any,
    allowed: Any,
    threshold: Any,
    pool: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Find about the nearest rows of a tail; return how many, −1 if nothing can be told of the query.

    Parameters
    ----------
    space, coded, bounds
        As ``proof.prove`` takes them.
    blocks : uint8 [b, FACTS + d′]
        What :func:`write_blocks` wrote of the first `n` rows, and perhaps of more.
    n : int
    query : float32 [d]
    allowed : uint8 [n] or [0]
        Nonzero where a row may be returned; empty allows all.
    threshold : float
        Rows that are farther need not be found.
    pool : int64 [k]
        Scratch.
    rows, distances : int32 [k], float32 [k]
        Written, ascending by (distance, row); row −1 where fewer were found.
    """
    walked, center, factor = coded
    buffer = np.empty(HEAD + walked[1], np.int16)
    planes = np.empty((DIGITS, (FRONT + walked[1] // 8 + LINE - 1) // LINE * (LINE // 8)), np.uint64)
    exact = int64(query.ctypes.data)
    prepared = encode_query(exact, center, factor, walked[1], buffer, True)
    size = 0.0
    for j in range(query.shape[0]):
        size += float(query[j]) ** 2
    # Written so that NaN proves nothing either.
    if not (size < LARGEST_SQUARE and bounds[4] * bounds[4] < LARGEST_SQUARE) or not is_narrow(buffer):
        return -1
    facts = facts_of(exact, buffer, factor, walked[3] == EUCLID, bounds)
    base, down, up, sure = write_planes(buffer[: HEAD + walked[1] // 2], query.shape[0], planes)
    asked = planes, base, down, up, sure
    found = _contenders(walked, prepared, blocks, n, allowed, asked, facts, bounds, threshold, pool)
    count, measured = decide(space, exact, found, pool)
    unpack(pool, count, rows, distances)
    return count
