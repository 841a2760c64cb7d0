"""Closing the gaps that removed nodes leave in an HNSW graph: who linked to a removed node chooses new links
among those of that node, as in FreshDiskANN (arXiv 2105.09613, algorithm 4), but keeps its other links.
"""

from __future__ import annotations

from typing import Any

from workbench.kernels.cpu.construction import diversify
from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.metrics import as_query, ask_for, distance
from workbench.kernels.cpu.ordering import pack, pool_insert
from workbench.kernels.cpu.traversal import LAYERS, SCRATCH, SPACE, next_tag


@part
def survivors(
    counts: Any, links: Any, offsets: Any, level: Any, node: Any, numbers: Any, scratch: Any
) -> Any:
    """Collect the neighbors of `node`, and, beyond removed ones, theirs, by new numbers: ``near[:found]``;
    return (found, own), where ``near[:own]`` are its own.

    Removed neighbors are passed through until ``near`` or the list of those waiting is full, the first ones
    first: what they lead to lies nearest.
    """
    visited, pool, waiting, near, gaps = scratch
    tag = next_tag(visited)
    visited[node] = tag
    waiting[0] = node
    found, own, begin, end = 0, 0, 0, 1
    while begin < end and found < near.shape[0]:
        at = waiting[begin]
        begin += 1
        place = at if level == 0 else offsets[at] + level - 1
        for slot in range(counts[place]):
            neighbor = int64(links[place, slot])
            if visited[neighbor] == tag or found == near.shape[0]:
                continue
            visited[neighbor] = tag
            if numbers[neighbor] >= 0:
                near[found] = numbers[neighbor]
                found += 1
            elif end < waiting.shape[0]:
                waiting[end] = neighbor
                end += 1
        if begin == 1:
            own = found
    return found, own


@part
def relink(
    space: Any, point: Any, own: Any, found: Any, links: Any, place: Any, scratch: Any, buffers: Any
) -> Any:
    """Link `point` to ``near[:own]``, and to those of ``near[own:found]`` that HNSW's heuristic would add;
    return how many links that makes.
    """
    visited, pool, waiting, near, gaps = scratch
    for j in range(own):
        links[place, j] = near[j]
    if found == own:
        return own
    query = as_query(space, point, buffers[0].ctypes.data)
    for j in range(own, found):
        ask_for(space, near[j])
    size = 0
    for j in range(own, found):
        pool_insert(pool, size, found, pack(distance(space, near[j], query), near[j]))
        size += 1
    return diversify(space, point, pool, size, links.shape[1], links[place], own, buffers[1].ctypes.data)


@kernel(
    types.void(
        SPACE,
        LAYERS,
        LAYERS,
        types.int32[::1],
        types.int32[::1],
        types.int64,
        types.int64,
        SCRATCH,
        types.float32[:, ::1],
    )
)
def repair(
    space: Any,
    before: Any,
    after: Any,
    kept: Any,
    numbers: Any,
    begin: Any,
    end: Any,
    scratch: Any,
    buffers: Any,
) -> Any:
    """Write the links of the new nodes `begin` ... `end` − 1 of a graph from which nodes were removed.

    Each node's lists are written by one call only, and nothing that is written is read: any number of threads
    may work on ranges of their own.

    Parameters
    ----------
    space
        Of the new rows; see ``metrics``.
    before, after : layers
        Of the old graph, which is read, and of the new one.
    kept : int32 [new]
        Old number of each new node.
    numbers : int32 [old]
        New number of each old node, −1 if it is removed.
    scratch
        See ``traversal``: `visited` has an element for each old node and one more; `pool`, `near` and `gaps`
        are of one length; the heap's place holds the removed nodes that wait to be passed through.
    buffers : float32 [2, ≥ d]
        Scratch for a row as a query.
    """
    counts0, links0, offsets, upper_counts, upper_links = before
    new_counts0, new_links0, new_offsets, new_upper_counts, new_upper_links = after
    for point in range(begin, end):
        node = int64(kept[point])
        for level in range(offsets[node + 1] - offsets[node] + 1):
            counts, links = (counts0, links0) if level == 0 else (upper_counts, upper_links)
            into, out = (new_counts0, new_links0) if level == 0 else (new_upper_counts, new_upper_links)
            place = point if level == 0 else new_offsets[point] + level - 1
            found, own = survivors(counts, links, offsets, level, node, numbers, scratch)
            into[place] = relink(space, point, own, found, out, place, scratch, buffers)
