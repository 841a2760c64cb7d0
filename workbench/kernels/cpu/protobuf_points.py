"""Points read from the bytes of a protobuf ``UpsertPoints``: ids, vectors, and payloads as JSON.

Only what clients usually write is read: one vector without a name a point, and each field once. The rest is
left to protobuf's own reader: a payload is *hard*, a whole message *unusual*. A length is checked against
what is around it before anything behind it is read.

This module is no part of what importing ``workbench.kernels.cpu`` loads: only a server needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import int64, kernel, part, types
from workbench.kernels.cpu.json_arrays import CLOSE_OBJECT, MINUS, OPEN_OBJECT, UNUSUAL, ZERO, is_digit
from workbench.kernels.cpu.memory import copy_bytes, load_u8
from workbench.kernels.cpu.protobuf_json import FIRST, SECOND, content, only, put, read_varint, write_entry

USUAL, HARD = 0, 1

# The bytes that fields begin with: of ``UpsertPoints``, ``PointStruct`` and ``PointId``; and the two that
# ``Vector.dense`` begins with.
POINTS = 0x1A
ID, PAYLOAD, VECTORS = 0x0A, 0x1A, 0x22
NUMBER = 0x08
DENSE, DENSE_TOO = 0xAA, 0x06

UUID_SIZE = 36
# Names of a payload are compared with all before, lest one comes twice: 64 take 2 µs.
MOST_KEYS = 64


@part
def hex_digit(c: Any) -> Any:
    """What a hexadecimal digit means; -1 for another byte."""
    if is_digit(c):
        return int64(c) - ZERO
    letter = int64(c) | 32
    return letter - 87 if letter >= 97 and letter <= 102 else int64(-1)


@part
def read_uuid(text: Any, at: Any, ids: Any, place: Any) -> Any:
    """Read the 36 characters of a UUID; whether they are one."""
    half, value, digits = 1, int64(0), 0
    for i in range(UUID_SIZE):
        c = load_u8(text, at + i)
        if i == 8 or i == 13 or i == 18 or i == 23:
            if c != MINUS:
                return False
            continue
        digit = hex_digit(c)
        if digit < 0:
            return False
        value = (value << 4) | digit
        digits += 1
        if digits == 16:
            ids[place, half] = value
            half, value, digits = 0, int64(0), 0
    return True


@part
def read_id(text: Any, at: Any, stop: Any, ids: Any, is_uuid: Any, place: Any) -> Any:
    """Read a ``PointId``; whether it is a number, or a UUID with hyphens."""
    if at < stop and load_u8(text, at) == NUMBER:
        value, end = read_varint(text, at + 1, stop)
        ids[place, 0], ids[place, 1], is_uuid[place] = value, 0, False
        return end == stop
    start = only(text, at, stop, SECOND)
    is_uuid[place] = True
    return start >= 0 and stop - start == UUID_SIZE and read_uuid(text, start, ids, place)


@part
def copy_numbers(text: Any, at: Any, stop: Any, numbers: Any, counts: Any) -> Any:
    """Copy what ``Vectors`` hold: one dense vector (flat before 1.16), as long as others; whether it is."""
    at = only(text, at, stop, FIRST)
    if at >= 0 and at + 1 < stop and load_u8(text, at) == DENSE and load_u8(text, at + 1) == DENSE_TOO:
        start, end = content(text, at + 2, stop)
        at = start if end == stop else int64(-1)
    at = only(text, at, stop, FIRST)
    size = stop - at
    if at < 0 or size == 0 or size % 4 != 0:
        return False
    if counts[0] == 0:
        counts[1] = size
    out = counts[0] * size
    if size != counts[1] or out + size > numbers.shape[0]:
        return False
    copy_bytes(numbers.ctypes.data + out, text + at, size)
    return True


@part
def take_point(
    text: Any, at: Any, stop: Any, ids: Any, is_uuid: Any, numbers: Any, written: Any, keys: Any, counts: Any
) -> Any:
    """Read a ``PointStruct``, as what `counts` say; return whether it is usual, hard or unusual."""
    identified, placed, entries = False, False, 0
    out = put(written, counts[2], OPEN_OBJECT)
    while at < stop:
        tag = load_u8(text, at)
        start, end = content(text, at + 1, stop)
        if end < 0:
            return UNUSUAL
        if tag == PAYLOAD:
            out = write_entry(text, start, end, written, out, keys, entries)
            entries += 1
        elif tag == ID and not identified:
            identified = read_id(text, start, end, ids, is_uuid, counts[0])
            if not identified:
                return UNUSUAL
        elif tag == VECTORS and not placed:
            placed = copy_numbers(text, start, end, numbers, counts)
            if not placed:
                return UNUSUAL
        else:
            return UNUSUAL
        at = end
    out = put(written, out, CLOSE_OBJECT)
    if out >= 0:
        counts[2] = out
    return (USUAL if out >= 0 else HARD) if identified and placed else UNUSUAL


@kernel(
    types.int64(
        types.int64,
        types.int64,
        types.int64,
        types.int64[:, ::1],
        types.boolean[::1],
        types.uint8[::1],
        types.uint8[::1],
        types.int64[::1],
        types.int64[:, ::1],
        types.int64[::1],
    )
)
def take_points(
    text: Any,
    at: Any,
    size: Any,
    ids: Any,
    is_uuid: Any,
    numbers: Any,
    written: Any,
    stops: Any,
    hard: Any,
    counts: Any,
) -> Any:
    """Read the points that follow one another; return the place behind them, or ``UNUSUAL``.

    Parameters
    ----------
    text, at, size : int
        Address of the message, where in it the points begin, and its length.
    ids : int64 [m, 2]
        Written: the number of each point, or the low and high half of its UUID; of more than m points the
        message is unusual.
    is_uuid : bool [m]
        Written: which of them are UUIDs.
    numbers : uint8 [size]
        Written: the vectors, one behind the other.
    written : uint8 [w]
        Written: the payloads as JSON, one behind the other. That texts are UTF-8 is not checked.
    stops : int64 [m]
        Written: where each payload ends in `written`; a hard one is empty.
    hard : int64 [h, 3]
        Written, for each hard payload: the point's number, and where it begins and ends in the message; with
        more than h of them the message is unusual.
    counts : int64 [4]
        Written: how many points, bytes of each vector, bytes of payloads, and hard payloads there are.
    """
    keys = np.empty((MOST_KEYS, 2), np.int64)
    counts[:] = 0
    while at < size and load_u8(text, at) == POINTS:
        start, at = content(text, at + 1, size)
        place = counts[0]
        if at < 0 or place >= ids.shape[0]:
            return UNUSUAL
        found = take_point(text, start, at, ids, is_uuid, numbers, written, keys, counts)
        if found == HARD and counts[3] < hard.shape[0]:
            hard[counts[3], 0], hard[counts[3], 1], hard[counts[3], 2] = place, start, at
            counts[3] += 1
        elif found != USUAL:
            return UNUSUAL
        stops[place] = counts[2]
        counts[0] += 1
    return at
