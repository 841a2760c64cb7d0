"""Candidates in order: a distance and a row packed in one 64-bit word, and pools and heaps of such words.

A *key* holds, from the top: 32 bits of distance, mapped so that integers compare as the floats do; 31 bits of
row; 1 flag bit, "expanded". One comparison orders by (distance, row), one move carries both, and equal
distances come out in the order of their rows, so that answers do not depend on the path that found them.
"""

from __future__ import annotations

from typing import Any

from workbench.kernels.cpu.jit import float32, int32, int64, part
from workbench.kernels.cpu.memory import bits_of, float_of


@part
def pack(distance: Any, row: Any) -> Any:
    """Make the key of a row at this distance, flag bit clear."""
    # Negative floats order backwards as integers: flip their magnitude. Adding 0 makes −0 the same as 0.
    bits = bits_of(float32(distance + float32(0.0)))
    ordered = bits ^ ((bits >> int32(31)) & int32(0x7FFFFFFF))
    return (int64(ordered) << int64(32)) | (int64(row) << int64(1))


@part
def row_of(key: Any) -> Any:
    """Return the row of a key."""
    return (key & int64(0xFFFFFFFF)) >> int64(1)


@part
def distance_of(key: Any) -> Any:
    """Return the distance of a key."""
    ordered = int32(key >> int64(32))
    return float_of(int32(ordered ^ ((ordered >> int32(31)) & int32(0x7FFFFFFF))))


@part
def pool_insert(pool: Any, size: Any, capacity: Any, key: Any) -> Any:
    """Insert into the ascending ``pool[:size]``, dropping the largest of a full one; return where, or −1."""
    if size < capacity:
        position = size
    elif key < pool[capacity - 1]:
        position = capacity - 1
    else:
        return -1
    while position > 0 and pool[position - 1] > key:
        pool[position] = pool[position - 1]
        position -= 1
    pool[position] = key
    return position


@part
def leave_out(pool: Any, size: Any, allowed: Any) -> Any:
    """Keep the allowed nodes of ``pool[:size]``, in their order; return how many they are."""
    kept = 0
    for j in range(size):
        if allowed[row_of(pool[j])]:
            pool[kept] = pool[j]
            kept += 1
    return kept


# Heaps keep the smallest key first. A heap of ~key (all bits flipped) keeps the largest first. Whoever keeps
# the lowest keys so writes that out: as a function of its own it made scans 4 to 13 % slower.


@part
def heap_push(heap: Any, size: Any, key: Any) -> Any:
    """Add a key to the heap ``heap[:size]``; the heap then has ``size + 1`` keys."""
    child = size
    while child > 0:
        parent = (child - 1) >> 1
        if heap[parent] <= key:
            break
        heap[child] = heap[parent]
        child = parent
    heap[child] = key


@part
def heap_replace(heap: Any, size: Any, key: Any) -> Any:
    """Put `key` in the place of the first key of the heap ``heap[:size]``."""
    parent = 0
    while True:
        child = 2 * parent + 1
        if child >= size:
            break
        if child + 1 < size and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[parent] = heap[child]
        parent = child
    heap[parent] = key


@part
def heap_pop(heap: Any, size: Any) -> Any:
    """Take the first key from the heap ``heap[:size]``; the heap then has ``size - 1`` keys."""
    first = heap[0]
    heap_replace(heap, size - 1, heap[size - 1])
    return first


@part
def put_in_order(pool: Any, size: Any) -> None:
    """Turn the heap of ~key ``pool[:size]`` into ascending keys."""
    for j in range(size):
        pool[j] = ~pool[j]
    pool[:size].sort()


@part
def unpack(keys: Any, count: Any, rows: Any, distances: Any) -> Any:
    """Write `count` ascending keys to `rows` and `distances`, then row −1 and infinity to the end."""
    for j in range(rows.shape[0]):
        rows[j] = row_of(keys[j]) if j < count else -1
        distances[j] = distance_of(keys[j]) if j < count else float32(float("inf"))
