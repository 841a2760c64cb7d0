"""Vectors of numbers as LLVM has them, for loops that are written in its instructions."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

_I32 = ir.IntType(32)


def load(builder: Any, address: Any, kind: Any, align: int) -> Any:
    """Return what of a type stands at an address."""
    return builder.load(builder.inttoptr(address, kind.as_pointer()), align=align, typ=kind)


def store(builder: Any, value: Any, address: Any, align: int) -> None:
    """Write a value to an address."""
    builder.store(value, builder.inttoptr(address, value.type.as_pointer()), align=align)


def shuffle(builder: Any, a: Any, b: Any, lanes: list[int]) -> Any:
    """Return these lanes of two vectors, those of `b` counted on from those of `a`."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(_I32, len(lanes)), lanes))


def splat(builder: Any, value: Any, kind: Any) -> Any:
    """Return a vector with the value in every lane."""
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), value, _I32(0))
    return shuffle(builder, one, one, [0] * kind.count)
