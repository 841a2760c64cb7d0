"""Where arrays live and compute: in NumPy, or on a CUDA device through CuPy."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SOURCES = Path(__file__).parent / "cuda"
STANDARD = "-std=c++14"
# Types of cuBLAS, which cupy takes as numbers: CUDA_R_32F, CUDA_R_16BF, and CUBLAS_COMPUTE_32F,
# CUBLAS_COMPUTE_32F_FAST_TF32, CUBLAS_GEMM_DEFAULT (library_types.h, cublas_api.h).
_FLOAT32, _BFLOAT16 = 0, 14
_COMPUTE_FLOAT32, _COMPUTE_TF32, _DEFAULT = 68, 77, -1
# Of the memory that is free when a build begins, the pool may take this much: the rest is for cuBLAS, for the
# kernels, and for whoever else uses the device.
_SHARE = 0.85
# What errors of the driver and of cuBLAS are called where memory is full: cudaErrorMemoryAllocation and
# CUBLAS_STATUS_ALLOC_FAILED.
_FULL = (("CUDARuntimeError", 2), ("CUBLASError", 3))
# Bytes copied to a device at a time, so that other threads get their turn.
_COPY = 64 << 20


class Arrays:
    """NumPy: what computes where there is no device, and what every other kind must agree with.

    Attributes
    ----------
    xp : module
        The namespace of the arrays.
    compiles : bool
        Whether :meth:`launch` runs CUDA kernels; without, their twins in NumPy run.
    name : str
        Of the device, for people.
    tile_bytes : int
        What a temporary should have at most: here small, since NumPy holds the interpreter while it sorts.
    """

    xp: Any = np
    compiles = False
    name = "NumPy"
    tile_bytes = 32 << 20

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Compute inside: on the device, on a stream and from a pool that is given back at the end."""
        yield

    def put(self, array: NDArray[Any]) -> Any:
        """Return a host array as one of this namespace."""
        return np.ascontiguousarray(array)

    def get(self, array: Any) -> NDArray[Any]:
        """Return an array of this namespace as a host array."""
        return np.asarray(array)

    def free_bytes(self) -> int:
        """Return how many bytes arrays may still take; without a device, nobody counts."""
        return 1 << 62

    def wait(self) -> None:
        """Wait until everything asked for is computed; other Python threads run meanwhile."""

    def memory_is_full(self, error: BaseException) -> bool:
        """Whether an error says that an array did not fit."""
        return isinstance(error, MemoryError)

    def matmul(self, queries: Any, rows: Any, precision: str) -> Any:
        """Return the dot products of two matrices that ``products`` has prepared: float32 [q, r]."""
        return queries @ rows.T

    def gram(self, rows: Any) -> Any:
        """Return the products of the rows of each matrix, float32 [b, k, d], among themselves: [b, k, k]."""
        return self.xp.matmul(rows, rows.transpose(0, 2, 1))

    def launch(
        self,
        file: str,
        kernel: str,
        grid: tuple[int, ...],
        block: int,
        arguments: Sequence[Any],
        defines: Mapping[str, int],
    ) -> None:
        """Run a kernel of ``cuda/<file>``; arrays are passed by address, ``None`` as null."""
        raise NotImplementedError("NumPy runs no CUDA kernels: their twins stand beside each launch")


class Cuda(Arrays):
    """CuPy on one device.

    Parameters
    ----------
    number : int
        Of the device.
    limit_bytes : int, optional
        What the pool may take. If not given, 85 % of what is free, or less where ``CUPY_GPU_MEMORY_LIMIT``,
        which CuPy reads for its own pool, says so.
    """

    compiles = True
    tile_bytes = 2 << 30

    def __init__(self, number: int = 0, limit_bytes: int | None = None) -> None:
        self.xp = importlib.import_module("cupy")
        self.number = number
        self._device = self.xp.cuda.Device(number)
        self._pool = self.xp.cuda.MemoryPool()
        with self._device:
            self._stream = self.xp.cuda.Stream(non_blocking=True)
            free, _ = self.xp.cuda.runtime.memGetInfo()
            name = self.xp.cuda.runtime.getDeviceProperties(number)["name"]
        self.name = name.decode() if isinstance(name, bytes) else str(name)
        allowed = self.xp.get_default_memory_pool().get_limit() or free  # 0 is no limit
        self._limit = limit_bytes or int(min(free * _SHARE, allowed))
        self._pool.set_limit(size=self._limit)
        self.tile_bytes = min(self.tile_bytes, self._limit // 8)

    @contextmanager
    def scope(self) -> Iterator[None]:
        """Compute on the device, on a stream of its own; its memory is given back at the end."""
        try:
            with self._device, self.xp.cuda.using_allocator(self._pool.malloc), self._stream:
                try:
                    yield
                finally:
                    self._stream.synchronize()
        finally:
            self._pool.free_all_blocks()

    def put(self, array: NDArray[Any]) -> Any:
        """Copy to the device, in pieces."""
        array = np.asarray(array)
        made = self.xp.empty(array.shape, array.dtype)
        step = max(1, _COPY // max(1, array.nbytes // max(1, len(array)))) if array.ndim else 1
        for start in range(0, len(array), step):
            made[start : start + step].set(np.ascontiguousarray(array[start : start + step]))
        return made

    def get(self, array: Any) -> NDArray[Any]:
        """Copy to the host."""
        host: NDArray[Any] = self.xp.asnumpy(array)
        return host

    def free_bytes(self) -> int:
        """Return what the pool may still take."""
        return int(self._limit - self._pool.used_bytes())

    def wait(self) -> None:
        """Wait for the stream, without the interpreter's lock."""
        self._stream.synchronize()

    def memory_is_full(self, error: BaseException) -> bool:
        """Whether it was the device or the host that had no room, as cupy, the driver or cuBLAS says it."""
        if isinstance(error, MemoryError):  # cupy's OutOfMemoryError is one
            return True
        return (type(error).__name__, getattr(error, "status", None)) in _FULL

    def matmul(self, queries: Any, rows: Any, precision: str) -> Any:
        """Multiply on the tensor cores; sums are float32."""
        cublas = self.xp.cuda.cublas
        (q, width), r = queries.shape, len(rows)
        kind, compute = {
            "float32": (_FLOAT32, _COMPUTE_FLOAT32),
            "tf32": (_FLOAT32, _COMPUTE_TF32),
            "bf16": (_BFLOAT16, _COMPUTE_FLOAT32),
        }[precision]
        tile = self.xp.empty((q, r), np.float32)
        one, nothing = np.ones(1, np.float32), np.zeros(1, np.float32)
        # cuBLAS counts by columns: the rows of a tile of ours are its columns.
        cublas.gemmEx(
            self.xp.cuda.get_cublas_handle(), cublas.CUBLAS_OP_T, cublas.CUBLAS_OP_N, r, q, width,
            one.ctypes.data, rows.data.ptr, kind, width, queries.data.ptr, kind, width,
            nothing.ctypes.data, tile.data.ptr, _FLOAT32, r, compute, _DEFAULT,
        )  # fmt: skip
        return tile

    def gram(self, rows: Any) -> Any:
        """Multiply by cuBLAS, which reads each matrix as it stands; cupy's matmul copies those turned."""
        cublas = self.xp.cuda.cublas
        batch, k, width = rows.shape
        gaps = self.xp.empty((batch, k, k), np.float32)
        one, nothing = np.ones(1, np.float32), np.zeros(1, np.float32)
        cublas.sgemmStridedBatched(
            self.xp.cuda.get_cublas_handle(), cublas.CUBLAS_OP_T, cublas.CUBLAS_OP_N, k, k, width,
            one.ctypes.data, rows.data.ptr, width, k * width, rows.data.ptr, width, k * width,
            nothing.ctypes.data, gaps.data.ptr, k, k * k, batch,
        )  # fmt: skip
        return gaps

    def launch(
        self,
        file: str,
        kernel: str,
        grid: tuple[int, ...],
        block: int,
        arguments: Sequence[Any],
        defines: Mapping[str, int],
    ) -> None:
        """Run a kernel, compiled at its first use; cupy keeps the result on disk."""
        assert all(a.flags.c_contiguous for a in arguments if isinstance(a, self.xp.ndarray)), kernel
        function = _compiled(self.number, file, kernel, tuple(sorted(defines.items())))
        function(grid, (block,), tuple(np.uintp(0) if a is None else a for a in arguments))


def source(file: str) -> str:
    """Return the text of a CUDA source of ours."""
    return (_SOURCES / file).read_text()


@functools.cache
def _compiled(number: int, file: str, kernel: str, defines: tuple[tuple[str, int], ...]) -> Any:
    """Compile a kernel for the current device; cupy keeps the result on disk."""
    cupy = importlib.import_module("cupy")
    options = (STANDARD, *(f"-D{name}={value}" for name, value in defines))
    return cupy.RawModule(code=source(file), options=options).get_function(kernel)
