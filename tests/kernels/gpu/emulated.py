"""The CUDA sources run on the CPU, thread by thread, to show without a device that they do what twins do."""

from __future__ import annotations

import ctypes
import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from workbench.kernels.gpu.arrays import Arrays, source

COMPILER = shutil.which("g++")
_HEADER = Path(__file__).parent / "emulator.h"
_KERNEL = re.compile(r'extern "C" __global__ void (\w+)\(([^)]*)\)')


class Emulated(Arrays):
    """NumPy arrays, and kernels compiled for the CPU."""

    compiles = True
    name = "emulated"

    def launch(
        self,
        file: str,
        kernel: str,
        grid: tuple[int, ...],
        block: int,
        arguments: Sequence[Any],
        defines: Mapping[str, int],
    ) -> None:
        library = _compiled(file, tuple(sorted(defines.items())))
        x, y = (*grid, 1)[:2]
        passed = [_argument(argument) for argument in arguments]
        getattr(library, f"launch_{kernel}")(x, y, block, *passed)


def _argument(argument: Any) -> Any:
    if argument is None:
        return ctypes.c_void_p(None)
    if isinstance(argument, np.ndarray):
        assert argument.flags.c_contiguous
        return ctypes.c_void_p(argument.ctypes.data)
    kinds = {np.int32: ctypes.c_int, np.int64: ctypes.c_longlong, np.float32: ctypes.c_float}
    return kinds[type(argument)](argument)


@functools.cache
def _compiled(file: str, defines: tuple[tuple[str, int], ...]) -> ctypes.CDLL:
    text = source(file)
    launchers = []
    for name, parameters in _KERNEL.findall(text):
        names = ", ".join(re.findall(r"(\w+)\s*(?:,|$)", parameters.strip()))
        launchers.append(
            f'extern "C" void launch_{name}(unsigned gx, unsigned gy, unsigned threads, {parameters}) '
            f"{{ emulator::launch(gx, gy, threads, [&] {{ {name}({names}); }}); }}"
        )
    folder = Path(tempfile.mkdtemp(prefix="workbench-cuda-"))
    (folder / "kernels.cpp").write_text("\n".join([text, *launchers]))
    assert COMPILER is not None
    made = subprocess.run(
        [COMPILER, "-std=c++17", "-O0", "-w", "-shared", "-fPIC", "-include", str(_HEADER),
         *(f"-D{name}={value}" for name, value in defines), "kernels.cpp", "-o", "kernels.so"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    library = ctypes.CDLL(str(folder / "kernels.so"))
    shutil.rmtree(folder)
    return library
