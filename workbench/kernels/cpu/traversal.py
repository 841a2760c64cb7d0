"""Search of an HNSW graph (Malkov and Yashunin, arXiv 1603.09320), plain and filtered.

``layers`` is (counts0, links0, upper_offsets, upper_counts, upper_links) of an ``HnswGraph``; ``scratch`` is
(visited, pool, heap, near, gaps), which one search at a time may use:

=========  ================  ================================================================================
visited    uint8 [n + 1]     the tag of the search that saw a node last; the last element is the newest tag
pool       int64 [≥ ef]      keys of the best nodes so far
heap       int64 [n or 0]    keys of the nodes to expand; only a filtered or a wide search needs it
near       int32 [≥ 4M]      neighbors not seen before
gaps       float32 [≥ 4M]    their distances
=========  ================  ================================================================================
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.addresses import ADDRESSES, layers_at, scratch_at
from workbench.kernels.cpu.codes import HEAD, as_walked
from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.memory import prefetch
from workbench.kernels.cpu.metrics import CACHE_LINE, ask_for, distance, measure
from workbench.kernels.cpu.nibble_products import by_nibbles
from workbench.kernels.cpu.ordering import (
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

SPACE = types.UniTuple(types.int64, 5)
CODED = types.Tuple([SPACE, types.float32[::1], types.float64])
LAYERS = types.Tuple(
    [types.uint16[::1], types.int32[:, ::1], types.int64[::1], types.uint16[::1], types.int32[:, ::1]]
)
SCRATCH = types.Tuple(
    [types.uint8[::1], types.int64[::1], types.int64[::1], types.int32[::1], types.float32[::1]]
)


# A node that enters the pool this close to the front is expanded soon: its links are asked for at once.
SOON = 3


@part
def next_tag(visited: Any) -> Any:
    """Begin a search: return a tag that no element of `visited` bears."""
    n = visited.shape[0] - 1
    # One byte a node keeps the tags of 1 M nodes in the second-level cache; clearing them every 255th search
    # costs less than a microsecond a search there.
    if visited[n] == 255:
        visited[:] = 0
    visited[n] += 1
    return visited[n]


@part
def gather(
    space: Any, query: Any, links: Any, place: Any, count: Any, visited: Any, tag: Any, near: Any, gaps: Any
) -> Any:
    """Collect the neighbors not seen before, and their distances; return how many.

    All rows are asked for before the first is read, so that their cache misses overlap.
    """
    found = 0
    for slot in range(count):
        neighbor = links[place, slot]
        # No branch: which neighbors are new is what the processor cannot guess.
        near[found] = neighbor
        found += int64(visited[neighbor] != tag)
        visited[neighbor] = tag
    for j in range(found):
        ask_for(space, near[j])
    measure(space, near, found, query, gaps)
    return found


@part
def ask_for_links(links: Any, place: Any) -> Any:
    """Prefetch a list of links."""
    at = links[place].ctypes.data
    for offset in range(0, 4 * links.shape[1], CACHE_LINE):
        prefetch(at + offset)


@part
def descend(space: Any, query: Any, layers: Any, key: Any, level: Any, until: Any, gaps: Any) -> Any:
    """Walk greedily from `key` through the layers `level` ... `until` + 1; return the nearest node's key."""
    counts0, links0, offsets, counts, links = layers
    while level > until:
        place = offsets[row_of(key)] + level - 1
        best = key
        for slot in range(counts[place]):
            ask_for(space, links[place, slot])
        measure(space, links[place], counts[place], query, gaps)
        for slot in range(counts[place]):
            best = min(best, pack(gaps[slot], links[place, slot]))
        if best == key:
            level -= 1
        key = best
    return key


@part
def beam(
    space: Any, query: Any, layers: Any, level: Any, start: Any, ef: Any, keep: Any, scratch: Any
) -> Any:
    """Find the `keep` ≥ `ef` nearest nodes that a beam of width `ef` meets on one layer: ``pool[:size]``,
    ascending; return size.

    One sorted pool does the work of HNSW's two heaps: a node that fell out of the best `ef` would never be
    expanded, so the candidates are exactly the first `ef` of the pool's keys whose flag is still clear.
    """
    counts0, links0, offsets, counts, links = layers
    visited, pool, heap, near, gaps = scratch
    if level == 0:
        counts, links = counts0, links0
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
        place = node if level == 0 else offsets[node] + level - 1
        if level == 0 and cursor + 1 < size:
            ask_for_links(links, row_of(pool[cursor + 1]))
        found = gather(space, query, links, place, counts[place], visited, tag, near, gaps)
        for j in range(found):
            position = pool_insert(pool, size, keep, pack(gaps[j], near[j]))
            if position >= 0:
                size = min(size + 1, keep)
                cursor = min(cursor, position)
                if level == 0 and position <= cursor + SOON:
                    ask_for_links(links, near[j])
    return size


@part
def beam_filtered(
    space: Any, query: Any, layers: Any, start: Any, ef: Any, allowed: Any, scratch: Any
) -> Any:
    """Find the `ef` nearest allowed nodes of layer 0: ``pool[:size]``, ascending; return size.

    Nodes that are not allowed are walked through and never returned, as in hnswlib. An empty `allowed` allows
    all. The pool is a heap here, since its width has no bound that makes insertion cheap.
    """
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
        if waiting > 0:
            ask_for_links(links0, row_of(heap[0]))
        node = row_of(key)
        found = gather(space, query, links0, node, counts0[node], visited, tag, near, gaps)
        for j in range(found):
            key = pack(gaps[j], near[j])
            if size == ef and key > ~pool[0]:
                continue
            heap_push(heap, waiting, key)
            waiting += 1
            if everything or allowed[near[j]]:
                if size < ef:
                    heap_push(pool, size, ~key)
                    size += 1
                else:
                    heap_replace(pool, size, ~key)
    for j in range(size):
        pool[j] = ~pool[j]
    pool[:size].sort()
    return size


@part
def gather_two_hops(
    space: Any, query: Any, layers: Any, node: Any, allowed: Any, visited: Any, tag: Any, near: Any, gaps: Any
) -> Any:
    """Collect the allowed neighbors not seen before, and in the place of each other neighbor its own allowed
    neighbors; measure them and return how many.

    ``near`` bounds how many: neighbors that found no room are left for another node to reach.
    """
    counts0, links0, offsets, counts, links = layers
    room = near.shape[0]
    found, waiting = 0, 0
    for slot in range(counts0[node]):
        neighbor = links0[node, slot]
        if visited[neighbor] != tag:
            visited[neighbor] = tag
            if allowed[neighbor]:
                near[found] = neighbor
                found += 1
                ask_for(space, neighbor)
            else:
                # From the end, so that one array serves both; its room is at least twice the links.
                waiting += 1
                near[room - waiting] = neighbor
                prefetch(links0[neighbor].ctypes.data)
                prefetch(links0[neighbor].ctypes.data + CACHE_LINE)
    while waiting > 0 and found < room - waiting:
        between = near[room - waiting]
        waiting -= 1
        for slot in range(counts0[between]):
            neighbor = links0[between, slot]
            if allowed[neighbor] and visited[neighbor] != tag and found < room - waiting:
                visited[neighbor] = tag
                near[found] = neighbor
                found += 1
                ask_for(space, neighbor)
    while waiting > 0:
        visited[near[room - waiting]] = tag - np.uint8(1)
        waiting -= 1
    measure(space, near, found, query, gaps)
    return found


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
) -> Any:
    """Find the `ef` nearest allowed nodes that a walk among allowed nodes alone meets on layer 0:
    ``pool[:size]``, ascending; return size. ACORN-1 (Patel et al., arXiv 2403.04871).

    It begins at `start` and at all `seeds`, which are allowed: where a filter lets a region of the space
    through, no two hops from another region lead into it.
    """
    visited, pool, heap, near, gaps = scratch
    tag = next_tag(visited)
    size, cursor = 0, 0
    first = row_of(start)
    visited[first] = tag
    if allowed[first]:
        pool[0] = start
        size = 1
    else:
        found = gather_two_hops(space, query, layers, first, allowed, visited, tag, near, gaps)
        for j in range(found):
            if pool_insert(pool, size, ef, pack(gaps[j], near[j])) >= 0:
                size = min(size + 1, ef)
    seed = 0
    while seed < seeds.shape[0]:
        found = 0
        while seed < seeds.shape[0] and found < near.shape[0]:
            if visited[seeds[seed]] != tag:
                visited[seeds[seed]] = tag
                near[found] = seeds[seed]
                found += 1
                ask_for(space, seeds[seed])
            seed += 1
        measure(space, near, found, query, gaps)
        for j in range(found):
            if pool_insert(pool, size, ef, pack(gaps[j], near[j])) >= 0:
                size = min(size + 1, ef)
    while cursor < size:
        key = pool[cursor]
        if key & 1:
            cursor += 1
            continue
        pool[cursor] = key | 1
        found = gather_two_hops(space, query, layers, row_of(key), allowed, visited, tag, near, gaps)
        for j in range(found):
            position = pool_insert(pool, size, ef, pack(gaps[j], near[j]))
            if position >= 0:
                size = min(size + 1, ef)
                cursor = min(cursor, position)
    return size


@kernel(
    types.int64(
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
) -> Any:
    """Search the graph for each query; return how many neighbors the last one found.

    Parameters
    ----------
    space
        See ``metrics``.
    layers, scratch : int64 [12], int64 [10]
        Addresses and shapes of the arrays, see ``addresses``.
    coded : (space, float32 [d], float)
        The space of the codes, and the `center` and `factor` of ``codes.encode_query``.
    nibbles : int64 [6] or [0]
        The space of the nibbles of these codes, if there are any, and their step: the walk reads them in the
        place of the codes.
    shortlist : int
        How many of the nodes found by their codes are measured again with their vectors at most; 0 to leave
        the codes alone.
    entry, top : int
        The graph's entry point and its layer.
    queries : float32 [q · d]
        One after the other.
    k : int
        Neighbors wanted of each.
    ef : int
        Width of the beam; at least `k`.
    allowed : uint8 [n] or [0]
        Nonzero where a node may be returned; empty allows all.
    seeds : int32 [s] or [0]
        If there are any, allowed nodes to begin from: the walk then leads through allowed nodes alone, two
        hops at a time.
    wide : bool
        Use heaps instead of a sorted pool, of allowed nodes alone. Without it nodes that are not allowed take
        places in the beam, and are left out of what it found.
    rows, distances : int64 [q · k], float32 [q · k]
        Written, of each query ascending by (distance, row); row −1 where fewer than k were found.
    """
    size = 0
    graph, own = layers_at(layers), scratch_at(scratch)
    visited, pool, heap, near, gaps = own
    buffer = np.empty(HEAD + (coded[0][1] if shortlist > 0 else 0), np.int16)
    keep = min(max(ef, shortlist), pool.shape[0])
    count = rows.shape[0] // k
    for i in range(count):
        exact = int64(queries.ctypes.data) + 4 * i * (queries.shape[0] // count)
        query = as_walked(exact, coded, shortlist, buffer)
        walked = by_nibbles(nibbles, coded[0], query)
        start = pack(distance(walked, entry, query), entry)
        start = descend(walked, query, graph, start, top, 0, gaps)
        if seeds.shape[0] > 0:
            size = beam_two_hops(walked, query, graph, start, seeds, keep, allowed, own)
        elif wide:
            size = beam_filtered(walked, query, graph, start, keep, allowed, own)
        else:
            size = beam(walked, query, graph, 0, start, ef, keep, own)
            if allowed.shape[0] > 0:
                size = leave_out(pool, size, allowed)
        if shortlist > 0:
            size = rescore(space, exact, pool, min(size, shortlist), k, near, gaps)
        size = min(size, k)
        unpack(pool, size, rows[i * k : (i + 1) * k], distances[i * k : (i + 1) * k])
    return size
