"""What all builders of HNSW graphs agree on."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from workbench import errors


def check(m: int, ef_construct: int) -> None:
    """Raise ``InvalidRequest`` unless a graph can be built with these parameters."""
    if not 2 <= m <= 10_000:
        raise errors.InvalidRequest(f"m: expected 2 to 10,000 links, got {m}")
    if ef_construct < 1:
        raise errors.InvalidRequest(f"ef_construct: expected at least 1, got {ef_construct}")


def draw_levels(n: int, m: int, seed: int) -> NDArray[np.int32]:
    """Draw the top layer of each of `n` nodes, ⌊−ln U / ln m⌋: each layer has 1/m of the one below."""
    uniform = 1.0 - np.random.default_rng(seed).random(n)  # in (0, 1]
    return (-np.log(uniform) / math.log(m)).astype(np.int32)
