"""Reading raw memory from a kernel: typed loads from an address, prefetch, and the bits of a float."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, float32, int32, intrinsic, part, types


def _loader(numba_type: Any, llvm_type: Any, align: int) -> Any:
    """Make ``load(address, index)``: element `index` of the array of this type that starts at `address`."""

    @intrinsic
    def load(typing: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            base = builder.inttoptr(arguments[0], llvm_type.as_pointer())
            return builder.load(builder.gep(base, [arguments[1]], source_etype=llvm_type), align=align)

        return numba_type(types.int64, types.int64), generate

    return load


load_u16 = _loader(types.uint16, ir.IntType(16), 2)
load_u8 = _loader(types.uint8, ir.IntType(8), 1)
load_f32 = _loader(types.float32, ir.FloatType(), 4)
load_i32 = _loader(types.int32, ir.IntType(32), 4)


@intrinsic
def store_i32(typing: Any, address: Any, value: Any) -> Any:
    """Write an int32 to an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.IntType(32).as_pointer())
        builder.store(arguments[1], place, align=2)
        return context.get_dummy_value()

    return types.void(types.int64, types.int32), generate


@intrinsic
def store_f32(typing: Any, address: Any, value: Any) -> Any:
    """Write a float32 to an address."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(arguments[0], ir.FloatType().as_pointer())
        builder.store(arguments[1], place, align=2)
        return context.get_dummy_value()

    return types.void(types.int64, types.float32), generate


@intrinsic
def prefetch(typing: Any, address: Any) -> Any:
    """Ask for the cache line at `address`; an instruction where the processor has one, else nothing."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        pointer = ir.IntType(8).as_pointer()
        i32 = ir.IntType(32)
        call = builder.module.declare_intrinsic(
            "llvm.prefetch", [pointer], ir.FunctionType(ir.VoidType(), [pointer, i32, i32, i32])
        )
        # for reading (0), to be kept in every cache level (3), in the data cache (1)
        builder.call(call, [builder.inttoptr(arguments[0], pointer), i32(0), i32(3), i32(1)])
        return context.get_dummy_value()

    return types.void(types.int64), generate


@intrinsic
def bits_of(typing: Any, value: Any) -> Any:
    """The 32 bits of a float32 as an int32."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def float_of(typing: Any, bits: Any) -> Any:
    """The float32 that has these 32 bits."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@intrinsic
def load_i64(typing: Any, address: Any, offset: Any) -> Any:
    """The eight bytes from an address plus an offset in bytes on, wherever that is, as an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(builder.add(*arguments), ir.IntType(64).as_pointer())
        return builder.load(place, align=1)

    return types.int64(types.int64, types.int64), generate


@intrinsic
def copy_bytes(typing: Any, target: Any, source: Any, size: Any) -> Any:
    """Copy bytes from an address to another, where nothing overlaps.

    1.5 MB in pieces of 1,536 take 0.1 ms, and byte by byte from an address to an array, which may be the
    same memory for all that a compiler knows, 1.6.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        places = [builder.inttoptr(place, ir.IntType(8).as_pointer()) for place in arguments[:2]]
        cgutils.raw_memcpy(builder, *places, arguments[2], 1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), generate


@intrinsic
def load_f64(typing: Any, address: Any, offset: Any) -> Any:
    """The float64 from an address plus an offset in bytes on, wherever that is."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        place = builder.inttoptr(builder.add(*arguments), ir.DoubleType().as_pointer())
        return builder.load(place, align=1)

    return types.float64(types.int64, types.int64), generate


@intrinsic
def bits_of_f64(typing: Any, value: Any) -> Any:
    """The 64 bits of a float64 as an int64."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], ir.IntType(64))

    return types.int64(types.float64), generate


@intrinsic
def trailing_zeros(typing: Any, value: Any) -> Any:
    """How many zeros the bits of an int64 other than 0 end with."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(1))

    return types.int64(types.int64), generate


@intrinsic
def count_bits(typing: Any, value: Any) -> Any:
    """How many bits of a uint64 are 1."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint64(types.uint64), generate


@part
def load_f16(address: Any, index: Any) -> Any:
    """Element `index` of a float16 array as float32; right for every finite number, subnormal ones too."""
    bits = int32(load_u16(address, index))
    magnitude = float_of(int32((bits & int32(0x7FFF)) << int32(13))) * float32(2.0**112)
    return -magnitude if bits & int32(0x8000) else magnitude
