"""Lists of numbers taken out of a JSON text: straight from its bytes to float32.

A number's digits are read eight at a time (D. Lemire, *Number parsing at a gigabyte per second*, 2021) into
18 decimal digits and a power of ten, whose product in float64 is a few units in the last place off at most.
That decides the float32 unless the product lies as near to the middle between two of them: such numbers, one
in ten million, are *hard*, and the caller reads them with Python's own ``float``. So each number becomes what
``numpy.float32(json.loads(text))`` is. Qdrant, too, rounds twice: to float64, then to float32.

This module is no part of what importing ``workbench.kernels.cpu`` loads: only a server needs it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import float32, int32, int64, kernel, part, types
from workbench.kernels.cpu.memory import bits_of_f64, load_i64, load_u8, trailing_zeros

ROWS, COLUMNS = 1, 2
"""Where lists are taken from: ``points[].vector``, or ``batch.vectors``; both with or without names."""

UNUSUAL = -1
"""What :func:`take_lists` returns for a text that it leaves to another reader."""

# Powers of ten that a float64 holds to half a unit in the last place, and a product with 18 digits cannot
# leave: what is smaller or larger is hard.
LEAST, MOST = -60, 40
POWERS = np.array([float(f"1e{k}") for k in range(LEAST, MOST + 1)])

# From FULL on, another digit may not fit into an int64; up to ROOM[n], n digits fit.
FULL = 900_000_000_000_000_000
TENS = np.array([10**n for n in range(9)])
ROOM = 10 * FULL // TENS - 1

# float32 has 29 bits less than float64: in the middle between two of them these are 1 and then zeros. The
# product is off by half a unit for its digits, its power and itself, each; 8 is ample.
TAIL, MIDDLE, NEAR = (1 << 29) - 1, 1 << 28, 8
SMALLEST_NORMAL, LARGEST = 1.1754943508222875e-38, 3.4028234e38

DEEPEST = 64

QUOTE, BACKSLASH, COMMA, MINUS, POINT, ZERO, NINE, COLON = 34, 92, 44, 45, 46, 48, 57, 58
OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT = 91, 93, 123, 125
POINTS_KEY, VECTOR_KEY, BATCH_KEY, VECTORS_KEY = 1, 2, 3, 4
HIGH_NIBBLES = -0x0F0F0F0F0F0F0F10  # 0xF0F0…


@part
def is_space(c: Any) -> Any:
    """Whether a byte is JSON's white space."""
    return c == 32 or c == 10 or c == 13 or c == 9


@part
def is_digit(c: Any) -> Any:
    """Whether a byte is a decimal digit."""
    return c >= ZERO and c <= NINE


@part
def after_spaces(text: Any, at: Any, size: Any) -> Any:
    """The place of the next byte that is no white space, or `size`."""
    while at < size and is_space(load_u8(text, at)):
        at += 1
    return at


@part
def after_string(text: Any, at: Any, size: Any) -> Any:
    """The place behind the string that begins at `at`; `size` + 1 if it does not end."""
    at += 1
    while at < size:
        c = load_u8(text, at)
        if c == QUOTE:
            return at + 1
        at += 2 if c == BACKSLASH else 1
    return size + 1


@part
def read_digits(text: Any, at: Any, size: Any, digits: Any) -> Any:
    """Read digits behind `digits`; return them, the place behind, how many of them count, how many do not."""
    start, dropped = at, 0
    while at + 8 <= size:
        word = load_i64(text, at)
        carried = ((word + 0x0606060606060606) & HIGH_NIBBLES) >> 4
        others = ((word & HIGH_NIBBLES) | (carried & 0x0F0F0F0F0F0F0F0F)) ^ 0x3333333333333333
        count = 8 if others == 0 else trailing_zeros(others) >> 3
        if count == 0 or digits > ROOM[count]:
            break
        # What follows the digits is shifted out, and zeros come in before them.
        word = word << (64 - 8 * count)
        word = ((word & 0x0F0F0F0F0F0F0F0F) * 2561) >> 8
        word = ((word & 0x00FF00FF00FF00FF) * 6553601) >> 16
        word = ((word & 0x0000FFFF0000FFFF) * 42949672960001) >> 32
        digits = digits * TENS[count] + word
        at += count
        if count < 8:
            return digits, at, at - start, dropped
    while at < size and is_digit(load_u8(text, at)):
        if digits < FULL:
            digits = digits * 10 + (int64(load_u8(text, at)) - ZERO)
        else:
            dropped += 1
        at += 1
    return digits, at, at - start - dropped, dropped


@part
def read_exponent(text: Any, at: Any, size: Any) -> Any:
    """Read what may follow an ``e``; return it and the place behind, which is 0 if it is none."""
    sign = 1
    c = load_u8(text, at) if at < size else 0
    if c == MINUS or c == 43:
        sign = -1 if c == MINUS else 1
        at += 1
    start, found = at, 0
    while at < size and is_digit(load_u8(text, at)):
        found = min(found * 10 + (int64(load_u8(text, at)) - ZERO), 100_000)
        at += 1
    return sign * found, (at if at > start else 0)


@part
def read_number(text: Any, at: Any, size: Any) -> Any:
    """Read a number; return it, the place behind (0 if it is none), and whether it is hard."""
    # Every second number has a sign, which no processor can guess: so nothing branches on it.
    negative = int64(load_u8(text, at) == MINUS)
    at += negative
    sign = float(1 - 2 * negative)
    if at >= size or not is_digit(load_u8(text, at)):
        return float32(0), 0, False
    if load_u8(text, at) == ZERO:
        digits, power = int64(0), 0
        at += 1
        if at < size and is_digit(load_u8(text, at)):
            return float32(0), 0, False
    else:
        digits, at, _, power = read_digits(text, at, size, int64(0))
    if at < size and load_u8(text, at) == POINT:
        start = at + 1
        digits, at, counted, _ = read_digits(text, start, size, digits)
        if at == start:
            return float32(0), 0, False
        power -= counted
    if at < size and (load_u8(text, at) | 32) == 101:
        exponent, at = read_exponent(text, at + 1, size)
        power += exponent
        if at == 0:
            return float32(0), 0, False
    if digits == 0:
        return float32(0.0 * sign), at, False
    if power < LEAST or power > MOST:
        return float32(0), at, True
    value = float(digits) * POWERS[power - LEAST]
    hard = abs((bits_of_f64(value) & TAIL) - MIDDLE) <= NEAR or value < SMALLEST_NORMAL or value > LARGEST
    return float32(value * sign), at, hard


@part
def read_list(text: Any, at: Any, size: Any, numbers: Any, counts: Any, hard: Any) -> Any:
    """Read the list of numbers that begins at `at`; return the place behind, or 0 if it is none.

    `counts` is [lists, numbers, hard ones] so far, of which the last two are moved on.
    """
    found, doubts = counts[1], counts[2]
    at += 1
    while True:
        at = after_spaces(text, at, size)
        if at >= size or found >= numbers.shape[0]:
            return 0
        start = at
        number, at, is_hard = read_number(text, at, size)
        if at == 0:
            return 0
        if is_hard:
            if doubts >= hard.shape[0]:
                return 0
            hard[doubts, 0], hard[doubts, 1], hard[doubts, 2] = found, start, at
            doubts += 1
        numbers[found] = number
        found += 1
        at = after_spaces(text, at, size)
        c = load_u8(text, at) if at < size else 0
        at += 1
        if c == CLOSE_LIST:
            counts[1], counts[2] = found, doubts
            return at
        if c != COMMA:
            return 0


@part
def spells(text: Any, at: Any, word: Any) -> Any:
    """Whether the bytes of `word` stand at `at`."""
    same = True
    for i in range(word.shape[0]):
        same &= load_u8(text, at + i) == word[i]
    return same


POINTS, VECTOR = np.frombuffer(b"points", np.uint8).copy(), np.frombuffer(b"vector", np.uint8).copy()
BATCH, VECTORS = np.frombuffer(b"batch", np.uint8).copy(), np.frombuffer(b"vectors", np.uint8).copy()


@part
def known_key(text: Any, start: Any, stop: Any) -> Any:
    """Which key stands between two quotes; 0 for any other, -1 for one that hides behind a backslash."""
    length = stop - start - 2
    found = 0
    if length == 6 and spells(text, start + 1, POINTS):
        found = POINTS_KEY
    elif length == 6 and spells(text, start + 1, VECTOR):
        found = VECTOR_KEY
    elif length == 5 and spells(text, start + 1, BATCH):
        found = BATCH_KEY
    elif length == 7 and spells(text, start + 1, VECTORS):
        found = VECTORS_KEY
    for i in range(start, stop):
        if load_u8(text, i) == BACKSLASH:
            found = -1
    return found


@part
def place_of(depth: Any, keys: Any, is_list: Any) -> Any:
    """Which kind of vector a value is that stands at this depth; 0 for any other value."""
    named = depth == 4 and not is_list[4]
    if depth == 3 or named:
        if keys[1] == POINTS_KEY and keys[3] == VECTOR_KEY and is_list[2] and not is_list[3]:
            return ROWS
        if keys[1] == BATCH_KEY and keys[2] == VECTORS_KEY and not is_list[2] and is_list[3] and depth == 3:
            return COLUMNS
    if depth == 4 and keys[1] == BATCH_KEY and keys[2] == VECTORS_KEY and is_list[4] and not is_list[3]:
        return COLUMNS
    return 0


@part
def is_before_colon(text: Any, at: Any, size: Any) -> Any:
    """Whether the next byte that is no white space is a colon."""
    at = after_spaces(text, at, size)
    return at < size and load_u8(text, at) == COLON


@part
def write_number(number: Any, rest: Any, at: Any) -> Any:
    """Write a number of at least 0 at a place of `rest`; return the place behind it, -1 if there is no room.

    It stands for a list, of which the shortest, [0], has three bytes, and has more digits only where a
    thousand lists came before it.
    """
    stop, left = at + 1, number
    while left > 9:
        left //= 10
        stop += 1
    if stop > rest.shape[0]:
        return -1
    for i in range(stop - 1, at - 1, -1):
        rest[i] = ZERO + number % 10
        number //= 10
    return stop


@kernel(
    types.int64(
        types.int64,
        types.int64,
        types.uint8[::1],
        types.float32[::1],
        types.int64[::1],
        types.int64[:, ::1],
        types.int64[::1],
    )
)
def take_lists(text: Any, size: Any, rest: Any, numbers: Any, starts: Any, hard: Any, counts: Any) -> Any:
    """Take the vectors out of the body of an upsert; return the length of the rest, or ``UNUSUAL``.

    Only what is taken out is checked to be JSON; whoever parses the rest checks that.

    Parameters
    ----------
    text, size : int
        Address and length of the body.
    rest : uint8 [size]
        Written: the body with the number of each list in place of the list, counted from 0.
    numbers : float32 [size / 2]
        Written: the numbers of all lists, one list behind the other.
    starts : int64 [m]
        Written: where each list begins in `numbers`; a body with more lists is unusual.
    hard : int64 [h, 3]
        Written, for each hard number: its place in `numbers`, and where it begins and ends in the body.
    counts : int64 [3]
        Written: how many lists, numbers and hard numbers there are.
    """
    keys = np.zeros(DEEPEST + 2, np.int32)
    is_list = np.zeros(DEEPEST + 2, np.bool_)
    counts[:] = 0
    at, out, depth = 0, 0, 0
    while at < size:
        c = load_u8(text, at)
        stop = at + 1
        if c == QUOTE:
            stop = after_string(text, at, size)
            if stop > size:
                return UNUSUAL
            if depth <= 3 and not is_list[depth] and is_before_colon(text, stop, size):
                keys[depth] = int32(known_key(text, at, stop))
                if keys[depth] < 0:
                    return UNUSUAL
        elif c in (OPEN_LIST, OPEN_OBJECT):
            if c == OPEN_LIST and place_of(depth, keys, is_list) != 0:
                if counts[0] >= starts.shape[0]:
                    return UNUSUAL
                starts[counts[0]] = counts[1]
                behind = read_list(text, at, size, numbers, counts, hard)
                if behind > 0:
                    out = write_number(counts[0], rest, out)
                    if out < 0:
                        return UNUSUAL
                    counts[0] += 1
                    at = behind
                    continue
            depth += 1
            if depth > DEEPEST:
                return UNUSUAL
            keys[depth], is_list[depth] = 0, c == OPEN_LIST
        elif c in (CLOSE_LIST, CLOSE_OBJECT):
            depth -= 1
            if depth < 0:
                return UNUSUAL
        elif (is_digit(c) or c == MINUS) and place_of(depth, keys, is_list) != 0:
            return UNUSUAL  # it would be taken for the number of a list
        if out + stop - at > rest.shape[0]:
            return UNUSUAL
        for i in range(at, stop):
            rest[out] = load_u8(text, i)
            out += 1
        at = stop
    return out
