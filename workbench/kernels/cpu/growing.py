"""All that codes of a growing tail need, under one name to load it by."""

from __future__ import annotations

from workbench.kernels.cpu.encoding import encode
from workbench.kernels.cpu.proof import prove
from workbench.kernels.cpu.sign_blocks import sift_blocks, write_blocks
from workbench.kernels.cpu.sign_lanes import block_bytes

__all__ = ["block_bytes", "encode", "prove", "sift_blocks", "write_blocks"]
