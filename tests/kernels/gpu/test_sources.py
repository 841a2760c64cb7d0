"""The CUDA sources are compiled for a device where there is a compiler, though there may be no device."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from workbench.kernels.gpu.arrays import source

NVCC = shutil.which("nvcc")


@pytest.mark.skipif(
    NVCC is None, reason="nvcc is not installed: the CUDA sources were not compiled for a device"
)
@pytest.mark.parametrize(
    ("file", "defines"),
    [
        ("topk.cu", ["SLOTS=512", "WARPS=4"]),
        ("topk.cu", ["SLOTS=4096", "WARPS=1"]),
        ("measure.cu", ["ELEMENT=0", "METRIC=1", "WARPS=4"]),
        ("measure.cu", ["ELEMENT=1", "METRIC=0", "WARPS=4"]),
        ("prune.cu", ["SLOTS=1024", "TABLE=2048", "WARPS=2"]),
        ("manhattan.cu", []),
    ],
)
def test_nvcc_compiles_it_without_a_warning_and_spills_no_register(
    file: str, defines: list[str], tmp_path: Path
) -> None:
    (tmp_path / file).write_text(source(file))
    assert NVCC is not None
    made = subprocess.run(
        [NVCC, "-std=c++14", "-arch=sm_80", "-cubin", "-Werror=all-warnings", "-Xptxas=-v",
         *(f"-D{define}" for define in defines), file, "-o", "kernels.cubin"],
        cwd=tmp_path, capture_output=True, text=True,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert "0 bytes spill stores" in made.stderr
