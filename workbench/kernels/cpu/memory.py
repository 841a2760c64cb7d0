"""Reading raw memory from a kernel: typed loads from an address, prefetch, and the bits of a float."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from workbench.kernels.cpu.jit import cgutils, float32, int32, intrinsic, part, types
from workbench.kernels.cpu.lanes import load, store


def _loader(numba_type: Any, llvm_type: Any, align: int) -> Any:
    """Make ``element(address, index)``: number `index` of the array of this type that starts at `address`."""

    @intrinsic
    def element(typing: Any, address: Any, index: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            base = builder.inttoptr(arguments[0], llvm_type.as_pointer())
            return builder.load(builder.gep(base, [arguments[1]], source_etype=llvm_type), align=align)

        return numba_type(types.int64, types.int64), generate

    return element


load_u16 = _loader(types.uint16, ir.IntType(16), 2)
load_u8 = _loader(types.uint8, ir.IntType(8), 1)
load_f32 = _loader(types.float32, ir.FloatType(), 4)
load_i32 = _loader(types.int32, ir.IntType(32), 4)


def _storer(numba_type: Any) -> Any:
    """Make ``write(address, value)``: write a number of this type, at an even address at least."""

    @intrinsic
    def write(typing: Any, address: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            store(builder, arguments[1], arguments[0], 2)
            return context.get_dummy_value()

        return types.void(types.int64, numba_type), generate

    return write


store_i32, store_f32 = _storer(types.int32), _storer(types.float32)


@intrinsic
def hold(typing: Any, array: Any) -> Any:
    """Let an array live until here, and its address be read: numba frees an array after its last use, and an
    address taken of it is none.
    """

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_dummy_value()

    return types.void(array), generate


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


def _recast(numba_type: Any, of: Any, llvm_type: Any) -> Any:
    """Make ``recast(value)``: the number of this type that has the same bits as one of type `of`."""

    @intrinsic
    def recast(typing: Any, value: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.bitcast(arguments[0], llvm_type)

        return numba_type(of), generate

    return recast


bits_of = _recast(types.int32, types.float32, ir.IntType(32))
float_of = _recast(types.float32, types.int32, ir.FloatType())
bits_of_f64 = _recast(types.int64, types.float64, ir.IntType(64))


def _reader(numba_type: Any, llvm_type: Any) -> Any:
    """Make ``read(address, offset)``: the number of this type so many bytes behind, wherever that is."""

    @intrinsic
    def read(typing: Any, address: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return load(builder, builder.add(*arguments), llvm_type, 1)

        return numba_type(types.int64, types.int64), generate

    return read


load_i64, load_f64 = _reader(types.int64, ir.IntType(64)), _reader(types.float64, ir.DoubleType())


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
