"""Search of an HNSW graph that writes down what it does: one row for each node that was measured.

The same parts as ``traversal`` collect and measure neighbors, and the same comparisons follow, so the nodes
found are the same; a test asks both many questions.

``columns`` is (layer int8, parent int32, node int32, distance float32, flags uint8, hop int32), each as long
as there is room for rows; rows beyond are counted and not written. A parent of −1 stands for none: the entry,
or a seed of a walk by two hops. A hop is an expansion of a node, counted over all layers.

The module is not imported by ``kernels.cpu``: it is compiled when the first query is traced.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.addresses import ADDRESSES, layers_at, scratch_at
from workbench.kernels.cpu.codes import HEAD, as_walked
from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.memory import hold
from workbench.kernels.cpu.metrics import distance, measure
from workbench.kernels.cpu.nibble_products import by_nibbles
from workbench.kernels.cpu.ordering import (
    distance_of,
    heap_pop,
    heap_push,
    heap_replace,
    leave_out,
    pack,
    pool_insert,
    row_of,
    unpack,
)
from workbench.kernels.cpu.rescoring import rescore
from workbench.kernels.cpu.traversal import (
    CODED,
    SPACE,
    gather,
    gather_two_hops,
    next_tag,
)

COLUMNS = types.Tuple(
    [
        types.int8[::1],
        types.int32[::1],
        types.int32[::1],
        types.float32[::1],
        types.uint8[::1],
        types.int32[::1],
    ]
)
# Flags of a row: the node is among those to expand, among the best so far, or may not be returned.
CANDIDATE, RESULT, FILTERED = 1, 2, 4


@part
def record(columns: Any, at: Any, layer: Any, parent: Any, node: Any, gap: Any, flags: Any, hop: Any) -> Any:
    """Write one row at `at`, if there is room for it; return where the next one goes."""
    layers, parents, nodes, gaps, marks, hops = columns
    if at < layers.shape[0]:
        layers[at], parents[at], nodes[at] = layer, parent, node
        gaps[at], marks[at], hops[at] = gap, flags, hop
    return at + 1


@part
def mark(columns: Any, at: Any, flags: Any) -> Any:
    """Set the flags of the row at `at`."""
    if at < columns[4].shape[0]:
        columns[4][at] = flags


@part
def descend(
    space: Any, query: Any, layers: Any, key: Any, level: Any, scratch: Any, columns: Any, at: Any, hop: Any
) -> Any:
    """``traversal.descend`` to layer 0; return the nearest node's key, the next row and the hops made."""
    counts0, links0, offsets, counts, links = layers
    visited, pool, heap, near, gaps = scratch
    while level > 0:
        place = offsets[row_of(key)] + level - 1
        best, chosen = key, int64(-1)
        hop += 1
        for slot in range(counts[place]):
            near[slot] = links[place, slot]
        measure(space, near, counts[place], query, gaps)
        for slot in range(counts[place]):
            if pack(gaps[slot], near[slot]) < best:
                best, chosen = pack(gaps[slot], near[slot]), at
            at = record(columns, at, level, row_of(key), near[slot], gaps[slot], 0, hop)
        if chosen >= 0:
            mark(columns, chosen, CANDIDATE | RESULT)
        else:
            level -= 1
        key = best
    return key, at, hop


@part
def beam(
    space: Any,
    query: Any,
    layers: Any,
    start: Any,
    ef: Any,
    keep: Any,
    scratch: Any,
    columns: Any,
    at: Any,
    hop: Any,
) -> Any:
    """``traversal.beam`` on layer 0; return the size, the next row and the hops made."""
    counts0, links0, offsets, counts, links = layers
    visited, pool, heap, near, gaps = scratch
    tag = next_tag(visited)
    visited[row_of(start)] = tag
    pool[0] = start
    size, cursor = 1, 0
    while cursor < min(size, ef):
        key = pool[cursor]
        if key & 1:
            cursor += 1
            continue
        pool[cursor] = key | 1
        node = row_of(key)
        hop += 1
        found = gather(space, query, links0, node, counts0[node], visited, tag, near, gaps)
        for j in range(found):
            position = pool_insert(pool, size, keep, pack(gaps[j], near[j]))
            flags = 0
            if position >= 0:
                size = min(size + 1, keep)
                cursor = min(cursor, position)
                flags = RESULT | CANDIDATE if position < ef else RESULT
            at = record(columns, at, 0, node, near[j], gaps[j], flags, hop)
    return size, at, hop


@part
def beam_filtered(
    space: Any,
    query: Any,
    layers: Any,
    start: Any,
    ef: Any,
    allowed: Any,
    scratch: Any,
    columns: Any,
    at: Any,
    hop: Any,
) -> Any:
    """``traversal.beam_filtered``; return the size, the next row and the hops made."""
    counts0, links0, offsets, counts, links = layers
    visited, pool, heap, near, gaps = scratch
    everything = allowed.shape[0] == 0
    tag = next_tag(visited)
    visited[row_of(start)] = tag
    heap[0] = start
    waiting, size = 1, 0
    if everything or allowed[row_of(start)]:
        pool[0] = ~start
        size = 1
    while waiting > 0:
        key = heap_pop(heap, waiting)
        waiting -= 1
        if size == ef and key > ~pool[0]:
            break
        node = row_of(key)
        hop += 1
        found = gather(space, query, links0, node, counts0[node], visited, tag, near, gaps)
        for j in range(found):
            key = pack(gaps[j], near[j])
            passes = everything or allowed[near[j]] != 0
            flags = 0 if passes else FILTERED
            if not (size == ef and key > ~pool[0]):
                heap_push(heap, waiting, key)
                waiting += 1
                flags |= CANDIDATE
                if passes:
                    flags |= RESULT
                    if size < ef:
                        heap_push(pool, size, ~key)
                        size += 1
                    else:
                        heap_replace(pool, size, ~key)
            at = record(columns, at, 0, node, near[j], gaps[j], flags, hop)
    for j in range(size):
        pool[j] = ~pool[j]
    pool[:size].sort()
    return size, at, hop


@part
def enter(
    pool: Any,
    size: Any,
    ef: Any,
    near: Any,
    gaps: Any,
    found: Any,
    columns: Any,
    at: Any,
    parent: Any,
    hop: Any,
) -> Any:
    """Enter measured nodes into the pool of a walk by two hops; return the size, the least position that was
    taken, and the next row.
    """
    least = pool.shape[0]
    for j in range(found):
        position = pool_insert(pool, size, ef, pack(gaps[j], near[j]))
        if position >= 0:
            size = min(size + 1, ef)
            least = min(least, position)
        at = record(columns, at, 0, parent, near[j], gaps[j], CANDIDATE | RESULT if position >= 0 else 0, hop)
    return size, least, at


@part
def beam_two_hops(
    space: Any,
    query: Any,
    layers: Any,
    start: Any,
    seeds: Any,
    ef: Any,
    allowed: Any,
    scratch: Any,
    columns: Any,
    at: Any,
    hop: Any,
) -> Any:
    """``traversal.beam_two_hops``; return the size, the next row and the hops made."""
    visited, pool, heap, near, gaps = scratch
    tag = next_tag(visited)
    size, cursor = 0, 0
    first = row_of(start)
    visited[first] = tag
    if allowed[first]:
        pool[0] = start
        size = 1
    else:
        hop += 1
        found = gather_two_hops(space, query, layers, first, allowed, visited, tag, near, gaps)
        size, least, at = enter(pool, size, ef, near, gaps, found, columns, at, first, hop)
    seed = 0
    while seed < seeds.shape[0]:
        found = 0
        while seed < seeds.shape[0] and found < near.shape[0]:
            if visited[seeds[seed]] != tag:
                visited[seeds[seed]] = tag
                near[found] = seeds[seed]
                found += 1
            seed += 1
        measure(space, near, found, query, gaps)
        size, least, at = enter(pool, size, ef, near, gaps, found, columns, at, -1, hop)
    while cursor < size:
        key = pool[cursor]
        if key & 1:
            cursor += 1
            continue
        pool[cursor] = key | 1
        hop += 1
        found = gather_two_hops(space, query, layers, row_of(key), allowed, visited, tag, near, gaps)
        size, least, at = enter(pool, size, ef, near, gaps, found, columns, at, row_of(key), hop)
        cursor = min(cursor, least)
    return size, at, hop


@kernel(
    types.UniTuple(types.int64, 2)(
        SPACE,
        CODED,
        types.int64[::1],
        types.int64,
        ADDRESSES,
        types.int64,
        types.int64,
        types.float32[::1],
        types.int64,
        types.int64,
        types.uint8[::1],
        types.int32[::1],
        types.boolean,
        ADDRESSES,
        types.int64[::1],
        types.float32[::1],
        COLUMNS,
    )
)
def search(
    space: Any,
    coded: Any,
    nibbles: Any,
    shortlist: Any,
    layers: Any,
    entry: Any,
    top: Any,
    queries: Any,
    k: Any,
    ef: Any,
    allowed: Any,
    seeds: Any,
    wide: Any,
    scratch: Any,
    rows: Any,
    distances: Any,
    columns: Any,
) -> Any:
    """Search the graph for one query; return how many neighbors it found and how many rows it wrote or would
    have written. The parameters are those of ``traversal.search``, and `columns`.
    """
    graph, own = layers_at(layers), scratch_at(scratch)
    visited, pool, heap, near, gaps = own
    buffer = np.empty(HEAD + (coded[0][1] if shortlist > 0 else 0), np.int16)
    keep = min(max(ef, shortlist), pool.shape[0])
    exact = int64(queries.ctypes.data)
    query = as_walked(exact, coded, shortlist, buffer)
    walked = by_nibbles(nibbles, coded[0], query)
    start = pack(distance(walked, entry, query), entry)
    everything = allowed.shape[0] == 0
    flags = CANDIDATE | RESULT if everything or allowed[entry] else CANDIDATE | FILTERED
    at = record(columns, 0, top, -1, entry, distance_of(start), flags, 0)
    start, at, hop = descend(walked, query, graph, start, top, own, columns, at, 0)
    if seeds.shape[0] > 0:
        size, at, hop = beam_two_hops(
            walked, query, graph, start, seeds, keep, allowed, own, columns, at, hop
        )
    elif wide:
        size, at, hop = beam_filtered(walked, query, graph, start, keep, allowed, own, columns, at, hop)
    else:
        size, at, hop = beam(walked, query, graph, start, ef, keep, own, columns, at, hop)
        if not everything:
            size = leave_out(pool, size, allowed)
    hold(buffer)
    if shortlist > 0:
        size = rescore(space, exact, pool, min(size, shortlist), k, near, gaps)
    size = min(size, k)
    unpack(pool, size, rows, distances)
    return size, at
