"""Building an HNSW graph in batches: plan the links of a batch against the frozen graph, then write them.

Planning is 97 % of the work, reads the graph only, and so runs on as many threads as wanted with the same
result. Points of one batch cannot find each other in the graph, so each also measures the earlier points of
its batch; without that the recall at ef 64 of the text set falls from .979 to .955.
"""

from __future__ import annotations

from typing import Any

from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.metrics import as_query, ask_for, distance, measure_from, own_term
from workbench.kernels.cpu.ordering import distance_of, pack, pool_insert, row_of
from workbench.kernels.cpu.traversal import LAYERS, SCRATCH, SPACE, beam, descend

CHOICE = types.Tuple([types.int64[::1], types.uint16[::1], types.int32[:, ::1]])


@part
def diversify(
    space: Any, node: Any, pool: Any, size: Any, limit: Any, chosen: Any, count: Any, buffer: Any
) -> Any:
    """Choose at most `limit` links of `node`, ``chosen[:count]`` and more of the ascending ``pool[:size]``;
    return how many.

    HNSW's heuristic (algorithm 4 of the paper, as in hnswlib): a candidate nearer to a link already chosen
    than to the node itself is left out, since it is reached through that link.
    """
    every = count + size <= limit
    for j in range(size):
        if count == limit:
            break
        candidate = row_of(pool[j])
        gap = distance_of(pool[j]) + own_term(space, node) - own_term(space, candidate)
        address = as_query(space, candidate, buffer)
        keep = True
        for t in range(count):
            if distance(space, chosen[t], address) < gap:
                keep = False
                break
        if keep or every:
            chosen[count] = candidate
            count += 1
    return count


@kernel(
    types.void(
        SPACE,
        LAYERS,
        types.int64,
        types.int64,
        types.int32[::1],
        types.int64,
        types.int64,
        types.int64,
        types.int64,
        SCRATCH,
        types.float32[:, ::1],
        types.float32[::1],
        CHOICE,
    )
)
def plan(
    space: Any,
    layers: Any,
    entry: Any,
    top: Any,
    levels: Any,
    first: Any,
    begin: Any,
    end: Any,
    ef: Any,
    scratch: Any,
    buffers: Any,
    peer_gaps: Any,
    choice: Any,
) -> Any:
    """Choose the links of the points `begin` ... `end` − 1 of a batch that starts at point `first`.

    Parameters
    ----------
    space, layers, scratch
        See ``metrics`` and ``traversal``; the layers hold the points before `first`.
    entry, top : int
        Entry point and top layer of the graph so far.
    levels : int32 [n]
        Top layer of every point.
    ef : int
        ef_construct.
    buffers : float32 [2, ≥ d]
        Scratch for a row as a query.
    peer_gaps : float32 [batch]
        Scratch for the distances to the batch.
    choice : (offsets int64 [batch + 1], counts uint16 [r], links int32 [r, M])
        Written: row ``offsets[point - first] + layer`` holds the links of a point on a layer.
    """
    visited, pool, heap, near, gaps = scratch
    offsets, counts, links = choice
    for point in range(begin, end):
        query = as_query(space, point, buffers[0].ctypes.data)
        measure_from(space, first, point - first, query, peer_gaps)
        key = pack(distance(space, entry, query), entry)
        key = descend(space, query, layers, key, top, levels[point], gaps)
        for level in range(levels[point], -1, -1):
            size = 0
            if level <= top:
                size = beam(space, query, layers, level, key, ef, ef, scratch)
                key = pool[0] & ~int64(1)
            for peer in range(first, point):
                if levels[peer] < level:
                    continue
                if pool_insert(pool, size, ef, pack(peer_gaps[peer - first], peer)) >= 0:
                    size = min(size + 1, ef)
            place = offsets[point - first] + level
            counts[place] = diversify(
                space, point, pool, size, links.shape[1], links[place], 0, buffers[1].ctypes.data
            )


@part
def link_back(
    space: Any, node: Any, point: Any, counts: Any, links: Any, place: Any, pool: Any, buffers: Any
) -> Any:
    """Add `point` to the links of `node`; choose anew among all of them if the list is full."""
    count, capacity = int64(counts[place]), links.shape[1]
    if count < capacity:
        links[place, count] = point
        counts[place] = count + 1
        return
    query = as_query(space, node, buffers[0].ctypes.data)
    for slot in range(capacity):
        ask_for(space, links[place, slot])
    size = 0
    for slot in range(capacity + 1):
        neighbor = point if slot == capacity else int64(links[place, slot])
        pool_insert(pool, size, capacity + 1, pack(distance(space, neighbor, query), neighbor))
        size += 1
    count = diversify(space, node, pool, size, capacity, links[place], 0, buffers[1].ctypes.data)
    counts[place] = count
    for slot in range(count, capacity):
        links[place, slot] = 0


@kernel(
    types.void(
        SPACE,
        LAYERS,
        types.int32[::1],
        types.int64,
        types.int64,
        types.int64[::1],
        types.float32[:, ::1],
        CHOICE,
    )
)
def link(
    space: Any, layers: Any, levels: Any, first: Any, count: Any, pool: Any, buffers: Any, choice: Any
) -> Any:
    """Write the planned links of the batch `first` ... `first + count` − 1 to the graph, and the links back.

    `pool` is int64 [≥ 2M + 1]; the other parameters are those of :func:`plan`.
    """
    counts0, links0, upper_offsets, upper_counts, upper_links = layers
    offsets, chosen_counts, chosen = choice
    for point in range(first, first + count):
        for level in range(levels[point] + 1):
            source = offsets[point - first] + level
            for slot in range(chosen_counts[source]):
                node = int64(chosen[source, slot])
                if level == 0:
                    links0[point, slot] = node
                    link_back(space, node, point, counts0, links0, node, pool, buffers)
                else:
                    upper_links[upper_offsets[point] + level - 1, slot] = node
                    back = upper_offsets[node] + level - 1
                    link_back(space, node, point, upper_counts, upper_links, back, pool, buffers)
            if level == 0:
                counts0[point] = chosen_counts[source]
            else:
                upper_counts[upper_offsets[point] + level - 1] = chosen_counts[source]
