"""Distance loops in LLVM's vector language: sixteen elements at a time, one row or four rows at once.

The loops that LLVM makes of numba's scalar code take 26–33 ns a row of 384 float32 in cache (63 for float16),
since it prefers half-wide registers here and cannot interleave rows. Reading four rows side by side loads the
query once, and lets the processor wait for four cache misses at a time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.binding
from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, intrinsic, types

LANES = 16
I64, I32, F32 = ir.IntType(64), ir.IntType(32), ir.FloatType()
FAST = ("fast",)  # sums may be reordered; no NaN is stored


def _wide(element: Any) -> Any:
    return ir.VectorType(element, LANES)


def _constant(value: float, like: Any) -> Any:
    """A constant of a scalar or vector type."""
    return ir.Constant(like, [value] * LANES if isinstance(like, ir.VectorType) else value)


def _as_shape(value: Any, element: Any) -> Any:
    """The type with this element and the shape (scalar or vector) of `value`."""
    return _wide(element) if isinstance(value.type, ir.VectorType) else element


def _llvm(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """Declare an LLVM intrinsic, of the variant that its last argument's type names."""
    variant = f"v{LANES}f32" if isinstance(arguments[-1], ir.VectorType) else "f32"
    return cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(result, arguments), f"{name}.{variant}"
    )


# Decoders: stored elements, scalar or vector, to float32. (element type, alignment, conversion)


def _from_f32(builder: Any, value: Any) -> Any:
    return value


def _from_u8(builder: Any, value: Any) -> Any:
    return builder.uitofp(value, _as_shape(value, F32))


def _from_f16(builder: Any, value: Any) -> Any:
    """By instruction where the processor has one, else by moving the bits in place and scaling by 2^112.

    Without such an instruction LLVM would call a library function that not every system has.
    """
    if llvmlite.binding.get_host_cpu_features().get("f16c", False):
        return builder.fpext(builder.bitcast(value, _as_shape(value, ir.HalfType())), _as_shape(value, F32))
    bits = _as_shape(value, I32)
    moved = builder.shl(builder.zext(value, bits), _constant(16, bits))
    moved = builder.and_(builder.ashr(moved, _constant(3, bits)), _constant(-0x70002000, bits))  # 0x8FFFE000
    scale = _constant(2.0**112, _as_shape(value, F32))
    return builder.fmul(builder.bitcast(moved, _as_shape(value, F32)), scale)


DECODERS = ((F32, 4, _from_f32), (ir.IntType(16), 2, _from_f16), (ir.IntType(8), 1, _from_u8))


# Terms: what one element adds to the distance, in the order of the metrics' numbers.


def _squared_l2(builder: Any, stored: Any, query: Any) -> Any:
    difference = builder.fsub(stored, query, flags=FAST)
    return builder.fmul(difference, difference, flags=FAST)


def _negative_dot(builder: Any, stored: Any, query: Any) -> Any:
    return builder.fmul(builder.fneg(stored), query, flags=FAST)


def _l1(builder: Any, stored: Any, query: Any) -> Any:
    difference = builder.fsub(stored, query, flags=FAST)
    return builder.call(_llvm(builder, "llvm.fabs", difference.type, [difference.type]), [difference])


TERMS = (_squared_l2, _negative_dot, _l1)


class _Loop:
    """Writes the code of one loop: which elements, which metric, how many rows at once."""

    def __init__(
        self, builder: Any, decoder: Any, term: Callable[..., Any], rows: list[Any], query: Any
    ) -> None:
        self.builder, self.term, self.rows, self.query = builder, term, rows, query
        self.element, self.align, self.decode = decoder

    def _load(self, address: Any, element: Any, align: int, index: Any, shape: Any) -> Any:
        base = self.builder.inttoptr(address, element.as_pointer())
        place = self.builder.gep(base, [index], source_etype=element)
        if isinstance(shape, ir.VectorType):
            place = self.builder.bitcast(place, _wide(element).as_pointer())
            return self.builder.load(place, align=align, typ=_wide(element))
        return self.builder.load(place, align=align, typ=element)

    def add(self, index: Any, totals: list[Any], shape: Any) -> None:
        """Add the terms of the element (or the sixteen) at `index` to the totals of all rows."""
        query = self._load(self.query, F32, 4, index, shape)
        for row, total in zip(self.rows, totals, strict=True):
            stored = self.decode(self.builder, self._load(row, self.element, self.align, index, shape))
            term = self.term(self.builder, stored, query)
            self.builder.store(self.builder.fadd(self.builder.load(total), term, flags=FAST), total)

    def totals(self, shape: Any) -> list[Any]:
        """Make a total for each row, zero."""
        places = [cgutils.alloca_once(self.builder, shape) for _ in self.rows]
        for place in places:
            self.builder.store(_constant(0.0, shape), place)
        return places

    def write(self, dim: Any, unroll: int) -> list[Any]:
        """Write the loop over `dim` elements; return the distance of each row."""
        builder, wide = self.builder, _wide(F32)
        sets = [self.totals(wide) for _ in range(unroll)]
        scalars = self.totals(F32)
        step = unroll * LANES
        blocks = builder.and_(dim, I64(-step))
        vectors = builder.and_(dim, I64(-LANES))
        with cgutils.for_range_slice(builder, I64(0), blocks, I64(step), I64) as (index, _):
            for part, totals in enumerate(sets):
                self.add(builder.add(index, I64(part * LANES)), totals, wide)
        with cgutils.for_range_slice(builder, blocks, vectors, I64(LANES), I64) as (index, _):
            self.add(index, sets[0], wide)
        with cgutils.for_range_slice(builder, vectors, dim, I64(1), I64) as (index, _):
            self.add(index, scalars, F32)
        reduce = _llvm(builder, "llvm.vector.reduce.fadd", F32, [F32, wide])
        results = []
        for r, scalar in enumerate(scalars):
            total = builder.load(sets[0][r])
            for totals in sets[1:]:
                total = builder.fadd(total, builder.load(totals[r]), flags=FAST)
            results.append(builder.call(reduce, [builder.load(scalar), total], fastmath=FAST))
        return results


def one_row(element: int, metric: int) -> Any:
    """Make ``distance(row address, query address, dim)``."""

    @intrinsic
    def loop(typing: Any, row: Any, query: Any, dim: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            row, query, dim = arguments
            return _Loop(builder, DECODERS[element], TERMS[metric], [row], query).write(dim, unroll=4)[0]

        return types.float32(types.int64, types.int64, types.int64), generate

    return loop


def four_rows(element: int, metric: int) -> Any:
    """Make ``distances(row address × 4, query address, dim)``, which returns four distances."""

    @intrinsic
    def loop(typing: Any, row0: Any, row1: Any, row2: Any, row3: Any, query: Any, dim: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            *rows, query, dim = arguments
            results = _Loop(builder, DECODERS[element], TERMS[metric], rows, query).write(dim, unroll=2)
            return context.make_tuple(builder, signature.return_type, results)

        return types.UniTuple(types.float32, 4)(*[types.int64] * 6), generate

    return loop


@intrinsic
def largest(typing: Any, address: Any) -> Any:
    """The largest of the 64 float32 at an address, none of which is NaN."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.VectorType(F32, 64)
        place = builder.inttoptr(arguments[0], wide.as_pointer())
        name, kind = "llvm.vector.reduce.fmax.v64f32", ir.FunctionType(F32, [wide])
        reduce = cgutils.get_or_insert_function(builder.module, kind, name)
        return builder.call(reduce, [builder.load(place, align=4, typ=wide)], fastmath=("nnan",))

    return types.float32(types.int64), generate
