"""Measuring with full vectors what was found by their codes."""

from __future__ import annotations

from typing import Any

from workbench.kernels.cpu.jit import float32, part
from workbench.kernels.cpu.metrics import ask_for, measure
from workbench.kernels.cpu.ordering import distance_of, pack, row_of

# Nodes measured again at first, at the least, so that they show what codes are off by; and at a time later.
FIRST, FURTHER = 8, 4


@part
def rescore(space: Any, query: Any, pool: Any, size: Any, wanted: Any, near: Any, gaps: Any) -> Any:
    """Measure the nodes of ``pool[:size]`` with their full vectors, nearest first, until those that are left
    cannot be among the `wanted` nearest; return how many were measured: ``pool[:measured]``, ascending.

    What the codes are off by is seen in the nodes measured so far. A node is left out if it would have to be
    off by a whole range of that more than any of them from the middle.
    """
    done = 0
    low, high = float32(float("inf")), float32(-float("inf"))
    while done < size:
        if done >= wanted:
            nearest = distance_of(pool[done]) + (low + high) * float32(0.5) - (high - low)
            if nearest > distance_of(pool[wanted - 1]):
                break
        count = min(size - done, near.shape[0], max(wanted + 2, FIRST) if done == 0 else FURTHER)
        for j in range(count):
            near[j] = row_of(pool[done + j])
            ask_for(space, near[j])
        measure(space, near, count, query, gaps)
        for j in range(count):
            off = gaps[j] - distance_of(pool[done + j])
            low, high = min(low, off), max(high, off)
            pool[done + j] = pack(gaps[j], near[j])
        done += count
        pool[:done].sort()
    return done
