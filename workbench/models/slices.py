"""Slices of the id space: SipHash-2-4 of an id, modulo their number.

J.-P. Aumasson and D. J. Bernstein, "SipHash: a fast short-input PRF", 2012; with a zero key, over the 8
little-endian bytes of an integer id, or the 16 bytes of a UUID. The same slices as Qdrant's.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.models.points import IdArray

Words = npt.NDArray[np.uint64]

_START = (0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573)


def slices(ids: IdArray, total: int) -> Words:
    """Return uint64[n]: which of `total` slices each id falls into."""
    hashes = _siphash([ids.low], 8)
    if ids.high is not None and ids.is_uuid is not None:
        # A UUID's bytes are big-endian: read as little-endian words, they stand the other way round.
        both = _siphash([ids.high.byteswap(), ids.low.byteswap()], 16)
        hashes = np.where(ids.is_uuid, both, hashes)
    return hashes % np.uint64(total)


def _siphash(words: list[Words], size: int) -> Words:
    state = [np.full(len(words[0]), word, np.uint64) for word in _START]
    last = np.full(len(words[0]), size << 56, np.uint64)
    for word in (*words, last):
        state[3] ^= word
        _round(state)
        _round(state)
        state[0] ^= word
    state[2] ^= np.uint64(0xFF)
    for _ in range(4):
        _round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _round(v: list[Words]) -> None:
    v[0] += v[1]
    v[1] = _rotated(v[1], 13) ^ v[0]
    v[0] = _rotated(v[0], 32)
    v[2] += v[3]
    v[3] = _rotated(v[3], 16) ^ v[2]
    v[0] += v[3]
    v[3] = _rotated(v[3], 21) ^ v[0]
    v[2] += v[1]
    v[1] = _rotated(v[1], 17) ^ v[2]
    v[2] = _rotated(v[2], 32)


def _rotated(word: Words, bits: int) -> Words:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))
