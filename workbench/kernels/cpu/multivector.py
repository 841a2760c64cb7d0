"""MaxSim: how near multivectors are, the sum over the query's vectors of the nearest of the stored ones.

(Khattab and Zaharia, "ColBERT", 2020, section 3.3.)

The query's vectors lie side by side, one in each lane, so that a stored number is compared with all of them
at once, no sum runs across lanes, and the nearest of several stored vectors is a minimum of lanes. Comparing
32 vectors with 64 of 128 numbers takes 6.3 µs so, and 21 one by one.

Product codes are read in the same layout: the distances of a centroid to all of the query's vectors lie side
by side, in 8 bits, so that a byte of a code is one addition for up to 32 of them.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding
import numpy as np
from llvmlite import ir

from workbench.kernels.cpu.bits import CENTROIDS
from workbench.kernels.cpu.jit import cgutils, float32, int32, int64, intrinsic, kernel, part, types
from workbench.kernels.cpu.lanes import splat
from workbench.kernels.cpu.loops import F32, FAST, LANES, TERMS
from workbench.kernels.cpu.memory import load_f16, load_f32, load_u8
from workbench.kernels.cpu.metrics import measure_from
from workbench.kernels.cpu.traversal import SPACE

# Stored vectors and registers of the query compared in one step. Their product is the number of running sums:
# enough not to wait for the one before, and few enough to stay in registers (32 of 16 numbers, or 16 of 8).
ROWS, PACKS = (8, 2) if llvmlite.binding.get_host_cpu_features().get("avx512f", False) else (4, 1)
WIDTH = PACKS * LANES
# Queries of fewer vectors are measured vector by vector: most lanes would be empty.
FEW = 6
# Kinds of int8 numbers as they stand, by metric; elsewhere these are of codes whose queries are coded too. 64
# vectors take 4.5 us so, where comparing them one by one with 32 coded queries takes 17.
INT8 = (9, 10, 11)
# Stored vectors measured in one call then.
BLOCK = 64
# Of the query's vectors so many share a row of a table: a register of AVX-512.
TABLE_LANES = 32


def _tile(metric: int) -> Any:
    """Make ``tile(rows, stride, lanes, dim, nearest)``.

    Each of the `WIDTH` float32 at `nearest` is lowered to the least distance of its query to the `ROWS`
    float32 rows that begin at `rows`, `stride` bytes apart; `lanes` is float32 [dim, `WIDTH`].
    """

    @intrinsic
    def tile(typing: Any, rows: Any, stride: Any, lanes: Any, dim: Any, nearest: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            rows, stride, lanes, dim, nearest = arguments
            wide, i64 = ir.VectorType(F32, LANES), ir.IntType(64)

            def at(base: Any, index: Any) -> Any:
                return builder.gep(base, [index], source_etype=wide)

            starts = [builder.add(rows, builder.mul(stride, i64(row))) for row in range(ROWS)]
            stored = [builder.inttoptr(start, F32.as_pointer()) for start in starts]
            asked, least = (builder.inttoptr(place, wide.as_pointer()) for place in (lanes, nearest))
            zero = ir.Constant(wide, [0.0] * LANES)
            totals = [[cgutils.alloca_once_value(builder, zero) for _ in range(PACKS)] for _ in stored]
            with cgutils.for_range(builder, dim) as loop:
                first = builder.mul(loop.index, i64(PACKS))
                packs = [
                    builder.load(at(asked, builder.add(first, i64(pack))), align=4, typ=wide)
                    for pack in range(PACKS)
                ]
                for row, sums in zip(stored, totals, strict=True):
                    place = builder.gep(row, [loop.index], source_etype=F32)
                    number = splat(builder, builder.load(place, align=4, typ=F32), wide)
                    for pack, total in zip(packs, sums, strict=True):
                        term = TERMS[metric](builder, number, pack)
                        builder.store(builder.fadd(builder.load(total), term, flags=FAST), total)
            for pack in range(PACKS):
                best = builder.load(at(least, i64(pack)), align=4, typ=wide)
                for sums in totals:
                    value = builder.load(sums[pack])
                    best = builder.select(builder.fcmp_ordered("<", value, best), value, best)
                builder.store(best, at(least, i64(pack)), align=4)
            return context.get_dummy_value()

        return types.void(*[types.int64] * 5), generate

    return tile


l2_tile, dot_tile, l1_tile = (_tile(metric) for metric in range(3))


@part
def side_by_side(query: Any) -> Any:
    """The query's vectors, float32 [s, d], as float32 [p, d, `WIDTH`]; lanes without one are copies."""
    count, dim = query.shape
    lanes = np.empty(((count + WIDTH - 1) // WIDTH, dim, WIDTH), np.float32)
    for p in range(lanes.shape[0]):
        for lane in range(WIDTH):
            own = min(p * WIDTH + lane, count - 1)
            for j in range(dim):
                lanes[p, j, lane] = query[own, j]
    return lanes


@part
def decode(space: Any, first: Any, last: Any, block: Any) -> Any:
    """Write the stored vectors `first` ... `last` - 1 to `block`, float32 [`ROWS`, d], and the last one again
    until it is full.
    """
    base, stride, dim, kind, terms = space
    for r in range(ROWS):
        at = base + int64(min(first + r, last - 1)) * stride
        if kind < 3:
            for j in range(dim):
                block[r, j] = load_f32(at, j)
        elif kind < 6:
            for j in range(dim):
                block[r, j] = load_f16(at, j)
        elif kind < 9:
            for j in range(dim):
                block[r, j] = load_u8(at, j)
        else:
            for j in range(dim):
                number = int32(load_u8(at, j))
                block[r, j] = float32(number - ((number & int32(128)) << int32(1)))


@part
def by_lanes(space: Any, first: Any, last: Any, lanes: Any, count: Any, block: Any, nearest: Any) -> Any:
    """The distance of a query, laid side by side, to the stored vectors `first` ... `last` - 1."""
    base, stride, dim, kind, terms = space
    nearest[:] = float32(float("inf"))
    while first < last:
        at, apart = base + first * stride, stride
        if kind >= 3 or last - first < ROWS:
            decode(space, first, last, block)
            at, apart = int64(block.ctypes.data), 4 * dim
        for p in range(lanes.shape[0]):
            query, least = int64(lanes[p].ctypes.data), int64(nearest[p].ctypes.data)
            if kind % 3 == 0:
                l2_tile(at, apart, query, dim, least)
            elif kind % 3 == 1:
                dot_tile(at, apart, query, dim, least)
            else:
                l1_tile(at, apart, query, dim, least)
        first += ROWS
    total = float32(0.0)
    for s in range(count):
        total += nearest[s // WIDTH, s % WIDTH]
    return total


@part
def by_vectors(space: Any, first: Any, last: Any, query: Any, gaps: Any, nearest: Any) -> Any:
    """The distance of a query of few vectors, or prepared for codes, to the stored `first` ... `last` - 1."""
    nearest[:] = float32(float("inf"))
    while first < last:
        count = min(int64(BLOCK), last - first)
        for s in range(query.shape[0]):
            measure_from(space, first, count, int64(query[s].ctypes.data), gaps)
            for j in range(count):
                nearest[s] = min(nearest[s], gaps[j])
        first += count
    total = float32(0.0)
    for s in range(query.shape[0]):
        total += nearest[s]
    return total


@kernel(
    types.void(
        SPACE,
        types.int64[::1],
        types.int64[::1],
        types.float32[:, ::1],
        types.float32[::1],
    )
)
def maxsim(space: Any, starts: Any, slots: Any, query: Any, distances: Any) -> None:
    """Write the distance of the query to each of some multivectors, smaller is nearer.

    Parameters
    ----------
    space : tuple
        All stored vectors, one after the other, or their codes; see ``metrics``. Kinds 9 to 11 are int8.
    starts : int64 [v + 1]
        Where each multivector begins among them.
    slots : int64 [c]
        Which multivectors to compare; none of them is empty.
    query : float32 [s, d]
        For codes, what was prepared for them.
    distances : float32 [c]
        Written: the sum over the query's vectors of the distance to the nearest stored one.
    """
    count, dim = query.shape
    if space[3] > INT8[-1] or (count < FEW and space[3] < INT8[0]):
        gaps, least = np.empty(BLOCK, np.float32), np.empty(count, np.float32)
        for i in range(slots.shape[0]):
            first, last = starts[slots[i]], starts[slots[i] + 1]
            distances[i] = by_vectors(space, first, last, query, gaps, least)
        return
    lanes = side_by_side(query)
    block, nearest = np.empty((ROWS, dim), np.float32), np.empty((lanes.shape[0], WIDTH), np.float32)
    for i in range(slots.shape[0]):
        first, last = starts[slots[i]], starts[slots[i] + 1]
        distances[i] = by_lanes(space, first, last, lanes, count, block, nearest)


@intrinsic
def nearest_codes(typing: Any, codes: Any, count: Any, parts: Any, table: Any, nearest: Any) -> Any:
    """Write the least distance of each lane's vector to `count` product codes at the address `codes`.

    `table` is the address of uint8 [`parts`, `CENTROIDS`, `TABLE_LANES`], and `nearest` that of uint16
    [`TABLE_LANES`].
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        codes, count, parts, table, nearest = arguments
        byte, i64 = ir.IntType(8), ir.IntType(64)
        narrow, wide = (ir.VectorType(ir.IntType(bits), TABLE_LANES) for bits in (8, 16))
        code, rows = builder.inttoptr(codes, byte.as_pointer()), builder.inttoptr(table, narrow.as_pointer())
        least = builder.inttoptr(nearest, wide.as_pointer())
        best = cgutils.alloca_once_value(builder, ir.Constant(wide, [0xFFFF] * TABLE_LANES))
        total = cgutils.alloca_once(builder, wide)
        with cgutils.for_range(builder, count) as vector:
            builder.store(ir.Constant(wide, [0] * TABLE_LANES), total)
            first = builder.mul(vector.index, parts)
            with cgutils.for_range(builder, parts) as part_:
                place = builder.gep(code, [builder.add(first, part_.index)], source_etype=byte)
                centroid = builder.zext(builder.load(place, align=1, typ=byte), i64)
                row = builder.add(builder.mul(part_.index, i64(CENTROIDS)), centroid)
                term = builder.load(builder.gep(rows, [row], source_etype=narrow), align=1, typ=narrow)
                builder.store(builder.add(builder.load(total), builder.zext(term, wide)), total)
            value, known = builder.load(total), builder.load(best)
            builder.store(builder.select(builder.icmp_unsigned("<", value, known), value, known), best)
        builder.store(builder.load(best), least, align=2)
        return context.get_dummy_value()

    return types.void(*[types.int64] * 5), generate


@kernel(types.void(types.float32[:, :, ::1], types.uint8[:, :, :, ::1]))
def lay_tables(tables: Any, lanes: Any) -> None:
    """Round the tables of a query's vectors to 8 bits, and lay them side by side.

    What each part of a vector adds at least to all distances is left out, and one scale goes for all, so that
    sums over the query's vectors have the order of their distances.

    Parameters
    ----------
    tables : float32 [s, m, 256]
        As ``quantization.prepare_tables`` writes them.
    lanes : uint8 [ceil(s / 32), m, 256, 32]
        Written, but for lanes without a vector: those are to be 0.
    """
    count, parts = tables.shape[:2]
    least = np.empty((count, parts), np.float32)
    widest = float32(0.0)
    for s in range(count):
        for p in range(parts):
            # min() and max() of arrays would load SciPy's linear algebra with the kernels.
            low = high = tables[s, p, 0]
            for c in range(1, CENTROIDS):
                low, high = min(low, tables[s, p, c]), max(high, tables[s, p, c])
            least[s, p], widest = low, max(widest, high - low)
    # Sums of very many parts have to fit in 16 bits.
    most = min(float32(0xFF), float32(0xFFFF // parts))
    factor = most / widest if widest > float32(0.0) else float32(0.0)
    for s in range(count):
        for p in range(parts):
            for c in range(CENTROIDS):
                rounded = int32((tables[s, p, c] - least[s, p]) * factor + float32(0.5))
                lanes[s // TABLE_LANES, p, c, s % TABLE_LANES] = rounded


@kernel(
    types.void(
        types.uint8[:, ::1], types.int64[::1], types.int64[::1], types.uint8[:, :, :, ::1], types.int64[::1]
    )
)
def maxsim_codes(codes: Any, starts: Any, slots: Any, lanes: Any, distances: Any) -> None:
    """Write about how far a query is from each of some multivectors, by the product codes of their vectors.

    Parameters
    ----------
    codes : uint8 [n, m]
    starts : int64 [v + 1]
        Where each multivector begins among them.
    slots : int64 [c]
        Which multivectors to compare; none of them is empty.
    lanes : uint8 [b, m, 256, 32]
        The query, from :func:`lay_tables`.
    distances : int64 [c]
        Written: the lesser the nearer.
    """
    parts = int64(codes.shape[1])
    nearest = np.empty(TABLE_LANES, np.uint16)
    for i in range(slots.shape[0]):
        first, last = starts[slots[i]], starts[slots[i] + 1]
        total = int64(0)
        for b in range(lanes.shape[0]):
            nearest_codes(
                int64(codes.ctypes.data) + first * parts,
                last - first,
                parts,
                int64(lanes[b].ctypes.data),
                int64(nearest.ctypes.data),
            )
            for lane in range(TABLE_LANES):
                total += nearest[lane]
        distances[i] = total
