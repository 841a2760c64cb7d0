"""Search of a graph that goes on into the rows of a growing tail; see ``indexes.live_links``."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.codes import HEAD, as_walked
from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.metrics import distance
from workbench.kernels.cpu.ordering import distance_of, pack, row_of, unpack
from workbench.kernels.cpu.rescoring import rescore
from workbench.kernels.cpu.traversal import CODED, LAYERS, SCRATCH, SPACE, beam, descend


@part
def part_by_origin(pool: Any, size: Any, most: Any, first: Any, ours: Any, theirs: Any, tail: Any) -> Any:
    """Keep the first `most` nodes of ``pool[:size]`` that may be returned: those before `first` in ``pool``,
    the others by their rows of the tail in `tail`; return how many of each there are.
    """
    sealed, appended = 0, 0
    for j in range(size):
        if sealed + appended == most:
            break
        node = row_of(pool[j])
        if node < first:
            if ours.shape[0] == 0 or ours[node]:
                pool[sealed] = pool[j]
                sealed += 1
        elif node - first < theirs.shape[0] and theirs[node - first]:
            tail[appended] = pack(distance_of(pool[j]), node - first)
            appended += 1
    return sealed, appended


@kernel(
    types.UniTuple(types.int64, 2)(
        SPACE,
        SPACE,
        CODED,
        types.int64,
        LAYERS,
        types.int64,
        types.int64,
        types.float32[::1],
        types.int64,
        types.int64,
        types.uint8[::1],
        types.uint8[::1],
        SCRATCH,
        types.int32[:, ::1],
        types.float32[:, ::1],
    )
)
def search_linked(
    space: Any,
    tail_space: Any,
    coded: Any,
    shortlist: Any,
    layers: Any,
    entry: Any,
    top: Any,
    query: Any,
    ef: Any,
    first: Any,
    allowed: Any,
    tail_allowed: Any,
    scratch: Any,
    rows: Any,
    distances: Any,
) -> Any:
    """Search the graph; return how many of the nearest neighbors are sealed rows and how many in the tail.

    Parameters
    ----------
    space, tail_space
        Of the vectors of the sealed rows and of the tail.
    coded
        As ``traversal.search`` takes it, of the codes of both.
    shortlist : int
        How many nodes are measured again with their vectors at most.
    layers, entry, top
        The graph; nodes from `first` on are rows of the tail.
    query : float32 [d]
    ef : int
        Width of the beam; at most the length of ``pool``.
    first : int
        How many sealed rows there are.
    allowed : uint8 [first] or [0]
        Nonzero where a sealed row may be returned; empty allows all.
    tail_allowed : uint8 [t]
        The same for the first `t` rows of the tail; those behind them may not be returned.
    scratch
        See ``traversal``; ``heap``, as long as ``pool``, holds what is found of the tail.
    rows, distances : int32 [2, k], float32 [2, k]
        Written, of the sealed rows and of the tail, at most k together: ascending by (distance, row).
    """
    visited, pool, heap, near, gaps = scratch
    walked = coded[0]
    buffer = np.empty(HEAD + walked[1], np.int16)
    exact = int64(query.ctypes.data)
    asked = as_walked(exact, coded, shortlist, buffer)
    start = descend(walked, asked, layers, pack(distance(walked, entry, asked), entry), top, 0, gaps)
    size = beam(walked, asked, layers, 0, start, ef, min(max(ef, shortlist), pool.shape[0]), scratch)
    ours, theirs = part_by_origin(pool, size, shortlist, first, allowed, tail_allowed, heap)
    k = rows.shape[1]
    ours = min(k, rescore(space, exact, pool, ours, k, near, gaps))
    theirs = min(k, rescore(tail_space, exact, heap, theirs, k, near, gaps))
    while ours + theirs > k:
        if theirs == 0 or (ours > 0 and distance_of(pool[ours - 1]) > distance_of(heap[theirs - 1])):
            ours -= 1
        else:
            theirs -= 1
    unpack(pool, ours, rows[0], distances[0])
    unpack(heap, theirs, rows[1], distances[1])
    return ours, theirs
