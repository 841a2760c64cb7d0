"""The nearest of each row of a tile, merged into those of the tiles before.

What is known to be nearest is kept as sorted words of 64 bits: the distance, its bits arranged so that their
order as an integer is that of the number, above the id. So order, ties and duplicates are decided in one
comparison, and the answer does not depend on the order of the tiles.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.gpu.arrays import Arrays

NOTHING = np.uint64(0xFFFFFFFFFFFFFFFF)
# What a warp reads in one step, and must have room for (cuda/topk.cu); 48 KB of shared memory hold 6,144
# words, and a warp sorts a power of two of them.
_STEP, _WORDS, _MOST = 128, 6144, 4096
LARGEST_K = _MOST - _STEP


def nobody(arrays: Arrays, rows: int, k: int) -> Any:
    """Return the words of rows for which nothing was found yet: uint64 [rows, k]."""
    return arrays.xp.full((rows, k), NOTHING, np.uint64)


def merge(
    arrays: Arrays,
    best: Any,
    tile: Any,
    *,
    scale: float = 1.0,
    bias: Any = None,
    first: int = 0,
    ids: Any = None,
    own: Any = None,
    allowed: Any = None,
) -> None:
    """Merge a tile of scores into what is known to be nearest, in place.

    Parameters
    ----------
    best : uint64 [r, k]
        From :func:`nobody`, and from the tiles before.
    tile : float32 [r, c]
        Scores; the key of one is ``scale * score + bias[column]``, and smaller is nearer.
    scale : float
        A power of two, or the negative of one, so that devices which multiply and add in one step agree.
    bias : float32 [c], optional
    first : int
        The id of the first column, where `ids` is not given.
    ids : int32 [c] or [r, c], optional
        The ids of all rows' columns, or of each row's. −1 is nobody; an id that is offered twice to a row
        with the same key stays once.
    own : int32 [r], optional
        An id that is not wanted in each row, such as its own.
    allowed : uint8 [⌈n / 8⌉], optional
        Bit ``i & 7`` of byte ``i >> 3`` tells whether id i is wanted.
    """
    if arrays.compiles:
        _launch(arrays, best, tile, scale, bias, first, ids, own, allowed)
    else:
        _merge_in_numpy(best, tile, scale, bias, first, ids, own, allowed)


def unpack(arrays: Arrays, best: Any) -> tuple[Any, Any]:
    """Return ids, int32 [r, k], −1 for nobody, and their keys, float32 [r, k], infinite for nobody."""
    xp = arrays.xp
    ids = (best & np.uint64(0xFFFFFFFF)).astype(np.uint32).view(np.int32)
    high = (best >> np.uint64(32)).astype(np.uint32)
    negative = (high >> np.uint32(31)) == 0
    bits = high ^ xp.where(negative, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    nothing = best == NOTHING
    return xp.where(nothing, np.int32(-1), ids), xp.where(nothing, np.float32(np.inf), bits.view(np.float32))


def pack_mask(arrays: Arrays, allowed: Any) -> Any:
    """Return bool [n] as bits, eight a byte, as :func:`merge` takes them."""
    return arrays.xp.packbits(allowed.astype(np.uint8), bitorder="little")


def _launch(
    arrays: Arrays,
    best: Any,
    tile: Any,
    scale: float,
    bias: Any,
    first: int,
    ids: Any,
    own: Any,
    allowed: Any,
) -> None:
    (rows, cols), k = tile.shape, best.shape[1]
    # Half as many again may come in before they are sorted: with no room beyond a step, every step in which
    # one score passes would be followed by a sort, about k ln(n / k) of them a row instead of a few.
    slots = min(_MOST, max(2 * _STEP, 1 << (k + k // 2 + _STEP - 1).bit_length()))
    warps = min(4, _WORDS // slots)
    ids_stride = cols if ids is not None and ids.ndim == 2 else 0
    arguments = (
        tile, np.int64(cols), np.int32(rows), np.int32(cols), np.float32(scale), bias, ids,
        np.int64(ids_stride), np.int32(first), own, allowed, np.int32(k), best,
    )  # fmt: skip
    defines = {"SLOTS": slots, "WARPS": warps}
    arrays.launch("topk.cu", "merge", (-(-rows // warps),), 32 * warps, arguments, defines)


def _merge_in_numpy(
    best: Any, tile: Any, scale: float, bias: Any, first: int, ids: Any, own: Any, allowed: Any
) -> None:
    cols, k = tile.shape[1], best.shape[1]
    keys = tile * np.float32(scale)
    if bias is not None:
        keys += bias
    names = np.arange(first, first + cols, dtype=np.int32) if ids is None else ids
    bits = (keys + np.float32(0.0)).view(np.uint32)
    high = bits ^ np.where(bits >> np.uint32(31), np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    words = (high.astype(np.uint64) << np.uint64(32)) | names.astype(np.uint32)
    wanted = names >= 0
    if allowed is not None:
        wanted = wanted & ((allowed[np.maximum(names, 0) >> 3] >> (names & 7).astype(np.uint8)) & 1).astype(
            bool
        )
    words[~np.broadcast_to(wanted, words.shape)] = NOTHING
    if own is not None:
        words[np.broadcast_to(names, words.shape) == own[:, None]] = NOTHING
    if ids is None and cols > k:  # names differ, so that nothing stands twice
        words = np.partition(words, k - 1, axis=1)[:, :k]
    words = np.sort(np.concatenate([best, words], axis=1), axis=1)
    words[:, 1:][words[:, 1:] == words[:, :-1]] = NOTHING
    words.sort(axis=1)
    best[...] = words[:, :k]
