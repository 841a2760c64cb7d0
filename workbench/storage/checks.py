"""The checksum that each row of ``points`` carries."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

StoredId = int | bytes


def row_checks(keys: Sequence[int], ids: Sequence[StoredId], payloads: Sequence[bytes]) -> list[int]:
    """Return the CRC-32 of each version; of its key too: a damaged key would give a point another's payload.

    Numbers become bytes all at once and the loop is ``map``'s: 0.35 µs a row, not the 3.5 of a call each.
    """
    words = (np.asarray(keys, dtype=np.int64) & 0xFFFFFFFF).tolist()
    return list(map(zlib.crc32, payloads, map(zlib.crc32, _id_bytes(ids), words)))


def _id_bytes(ids: Sequence[StoredId]) -> Sequence[bytes]:
    if set(map(type, ids)) == {int}:
        whole: list[bytes] = np.array(ids, dtype="<i8").view("V8").tolist()
        return whole
    return [i.to_bytes(8, "little", signed=True) if isinstance(i, int) else i for i in ids]
