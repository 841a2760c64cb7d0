"""Slices of the id space."""

from __future__ import annotations

import uuid

from workbench.models.points import IdArray
from workbench.models.slices import slices

# Answers of qdrant-edge-py 0.9.0 for the ids 0 to 63: those in slice 0 of 4.
FIRST_OF_FOUR = [4, 5, 7, 10, 14, 29, 30, 40, 41, 44, 47, 57, 62]


def test_integer_ids_fall_into_qdrants_slices() -> None:
    found = slices(IdArray.of(range(64)), 4)
    assert [point for point, part in enumerate(found.tolist()) if part == 0] == FIRST_OF_FOUR


def test_a_uuid_is_hashed_as_its_16_bytes() -> None:
    # The published example of SipHash-2-4 has another key; this value was computed with a zero key from the
    # definition, by Python integers.
    point = uuid.UUID(int=0x000102030405060708090A0B0C0D0E0F)
    total = 2**32 - 1
    assert slices(IdArray.of([point, 7]), total).tolist() == [
        siphash(point.bytes) % total,
        siphash(b"\7" + bytes(7)) % total,
    ]


def siphash(message: bytes) -> int:
    """SipHash-2-4 with a zero key of whole 8-byte words, straight from the paper."""
    v = [0x736F6D6570736575, 0x646F72616E646F6D, 0x6C7967656E657261, 0x7465646279746573]
    mask = 2**64 - 1

    def turn(word: int, bits: int) -> int:
        return (word << bits | word >> (64 - bits)) & mask

    def rounds(count: int) -> None:
        for _ in range(count):
            v[0], v[2] = (v[0] + v[1]) & mask, (v[2] + v[3]) & mask
            v[1], v[3] = turn(v[1], 13) ^ v[0], turn(v[3], 16) ^ v[2]
            v[0] = turn(v[0], 32)
            v[2], v[0] = (v[2] + v[1]) & mask, (v[0] + v[3]) & mask
            v[1], v[3] = turn(v[1], 17) ^ v[2], turn(v[3], 21) ^ v[0]
            v[2] = turn(v[2], 32)

    words = [int.from_bytes(message[at : at + 8], "little") for at in range(0, len(message), 8)]
    for word in (*words, len(message) << 56):
        v[3] ^= word
        rounds(2)
        v[0] ^= word
    v[2] ^= 0xFF
    rounds(4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]
