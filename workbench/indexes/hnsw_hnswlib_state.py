"""Read a graph out of hnswlib's memory.

``Index.__getstate__()`` of hnswlib 0.8 is a tuple of one dict. Its ``data_level0`` holds one record
a node, in the order in which threads happened to insert them: link count u16, flags u8, pad u8,
links u32 [2M], vector f32 [d], label u64. ``link_lists`` holds, for each node above layer 0, one
block a layer: count u16, pad u16, links u32 [M].

This module and the worker that runs it import numpy only, so that a child process starts in a tenth of a
second.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Nodes converted at a time: a few megabytes, so that no numpy call holds other threads up for long.
CHUNK = 4096


def arrays_of(state: dict[str, Any]) -> tuple[dict[str, NDArray[Any]], dict[str, int]]:
    """Convert a state to the arrays and scalars of an ``HnswGraph``, its nodes in the order of their labels.

    The labels must be 0 ... n − 1.
    """
    n, m, dim = (int(state[name]) for name in ("cur_element_count", "M", "dim"))
    record = np.dtype(
        {
            "names": ["count", "links", "label"],
            "formats": [np.uint16, (np.int32, (2 * m,)), np.int64],
            "offsets": [0, 4, 4 + 8 * m + 4 * dim],
            "itemsize": int(state["size_data_per_element"]),
        }
    )
    records = np.asarray(state["data_level0"]).view(record)[:n]
    labels = np.ascontiguousarray(records["label"])
    levels = np.empty(n, np.int32)
    levels[labels] = state["element_levels"][:n]
    arrays: dict[str, NDArray[Any]] = {
        "counts0": np.empty(n, np.uint16),
        "links0": np.empty((n, 2 * m), np.int32),
        "levels": levels,
        "upper_offsets": np.concatenate([[0], np.cumsum(levels, dtype=np.int64)]),
    }
    for start in range(0, n, CHUNK):
        part = slice(start, start + CHUNK)
        arrays["counts0"][labels[part]] = records["count"][part]
        arrays["links0"][labels[part]] = _relabel(records["links"][part], records["count"][part], labels)
    arrays["upper_counts"], arrays["upper_links"] = _upper(state, m, labels, arrays["upper_offsets"])
    meta = {
        "m": m,
        "ef_construct": int(state["ef_construction"]),
        "entry": int(labels[state["enterpoint_node"]]),
        "top_level": int(state["max_level"]),
    }
    return arrays, meta


def _relabel(
    links: NDArray[np.int32], counts: NDArray[np.uint16], labels: NDArray[np.int64]
) -> NDArray[np.int32]:
    """Translate hnswlib's node numbers to labels; slots beyond the count become 0."""
    used = np.arange(links.shape[1]) < counts[:, None]
    translated = np.zeros(links.shape, np.int32)
    translated[used] = labels[links[used]]
    return translated


def _upper(
    state: dict[str, Any], m: int, labels: NDArray[np.int64], offsets: NDArray[np.int64]
) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    block = np.dtype(
        {
            "names": ["count", "links"],
            "formats": [np.uint16, (np.int32, (m,))],
            "offsets": [0, 4],
            "itemsize": 4 + 4 * m,
        }
    )
    blocks = np.asarray(state["link_lists"]).view(block)
    levels = np.asarray(state["element_levels"][: len(labels)], np.int64)
    # Block number b belongs to layer (b − first block of its node) + 1; blocks lie in the order of hnswlib's
    # numbers.
    owner = np.repeat(np.arange(len(labels)), levels)
    layer = np.arange(len(owner)) - (np.cumsum(levels) - levels)[owner]
    place = offsets[labels[owner]] + layer
    counts = np.zeros(len(owner), np.uint16)
    links = np.zeros((len(owner), m), np.int32)
    counts[place] = blocks["count"]
    links[place] = _relabel(blocks["links"], blocks["count"], labels)
    return counts, links
