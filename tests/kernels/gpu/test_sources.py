"""The CUDA sources are compiled for real devices, though there may be none."""

from __future__ import annotations

import re

import pytest

from tests.kernels.gpu import nvrtc
from workbench.kernels.gpu.arrays import STANDARD, source

# Every kernel as it is launched: for lists of 128, the longest there are, each element type and metric.
VARIANTS = [
    ("topk.cu", ["SLOTS=256", "WARPS=4"]),
    ("topk.cu", ["SLOTS=512", "WARPS=4"]),
    ("topk.cu", ["SLOTS=4096", "WARPS=1"]),
    *(("measure.cu", [f"ELEMENT={e}", f"METRIC={m}", "WARPS=4"]) for e in range(3) for m in range(3)),
    ("prune.cu", ["SLOTS=128", "TABLE=256", "WARPS=4"]),
    ("prune.cu", ["SLOTS=1024", "TABLE=2048", "WARPS=2"]),
    ("manhattan.cu", []),
]


@pytest.mark.skipif(
    nvrtc.library() is None,
    reason="nvidia-cuda-nvrtc is not installed: the CUDA sources were not compiled for a device",
)
@pytest.mark.parametrize("chip", ["sm_80", "sm_90"])
@pytest.mark.parametrize(("file", "defines"), VARIANTS)
def test_it_compiles_without_a_warning_and_keeps_its_numbers_in_registers(
    file: str, defines: list[str], chip: str
) -> None:
    options = [
        STANDARD,
        "-ftz=true",
        f"-arch={chip}",
        "--ptxas-options=-v",
        *(f"-D{define}" for define in defines),
    ]
    well, said = nvrtc.compiled(source(file), options)
    assert well, said
    assert "warning" not in said
    kernels = re.findall(r'extern "C" __global__ void (\w+)', source(file))
    assert len(re.findall(r"\b0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads", said)) == len(
        kernels
    )
    assert max(map(int, re.findall(r"(\d+) bytes smem", said)), default=0) <= 48 << 10
