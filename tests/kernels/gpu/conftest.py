"""On what the kernels for GPUs are tested."""

from __future__ import annotations

import pytest

from tests.kernels.gpu.emulated import COMPILER, Emulated
from workbench.kernels.gpu.arrays import Arrays, Cuda


@pytest.fixture(params=["emulated", pytest.param("device", marks=pytest.mark.gpu)])
def cuda(request: pytest.FixtureRequest) -> Arrays:
    """Something that runs the CUDA sources: a device, or the CPU thread by thread."""
    if request.param == "device":
        return Cuda()
    if COMPILER is None:
        pytest.skip("running CUDA sources on the CPU needs g++")
    return Emulated()
