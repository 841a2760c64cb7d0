"""Payloads of a protobuf message as JSON: from the bytes of one to the bytes of the other.

Values that are plain, or lists of such, are written as orjson writes them; others are left to protobuf's own
reader. A length is checked against what is around it before anything behind it is read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.kernels.cpu.jit import int64, part
from workbench.kernels.cpu.json_arrays import (
    BACKSLASH,
    CLOSE_LIST,
    COLON,
    COMMA,
    MINUS,
    OPEN_LIST,
    POINT,
    QUOTE,
    ZERO,
    write_number,
)
from workbench.kernels.cpu.memory import load_f64, load_u8

# The bytes that fields begin with: the first and second of a message, if a length is before their content;
# and those of ``Value``.
FIRST, SECOND = 0x0A, 0x12
NULL, DOUBLE, INTEGER, STRING, BOOL, LIST = 0x08, 0x11, 0x18, 0x22, 0x28, 0x3A

# A float64 with up to 15 digits is the only one that they mean, and a quotient of two numbers that float64
# holds is rounded as the digits are. Smaller and larger ones may have exponents in JSON.
MOST_DIGITS, MOST_DECIMALS, SMALLEST, LARGEST = 1e15, 18, 1e-5, 1e15
TENS = np.array([10.0**n for n in range(MOST_DECIMALS + 1)])

SHORT = np.zeros(93, np.uint8)
"""The letter behind the backslash, by the byte that it stands for; 0 for those that are ``\\u00``…"""
for byte, letter in zip(b'\b\t\n\f\r"\\', b'btnfr"\\', strict=True):
    SHORT[byte] = letter
HEX = np.frombuffer(b"0123456789abcdef", np.uint8).copy()
TRUE, FALSE, NONE, CONTROL = (
    np.frombuffer(word, np.uint8).copy() for word in (b"true", b"false", b"null", b"\\u00")
)


@part
def read_varint(text: Any, at: Any, stop: Any) -> Any:
    """Read a number of seven bits a byte; return it and the place behind, -1 if it ends nowhere."""
    value, shift = int64(0), int64(0)
    while at < stop and shift < 64:
        bits = int64(load_u8(text, at))
        at += 1
        if shift == 63 and bits > 1:
            break
        value |= (bits & 127) << shift
        if bits < 128:
            return value, at
        shift += 7
    return int64(0), int64(-1)


@part
def content(text: Any, at: Any, stop: Any) -> Any:
    """Where the content begins whose length stands at `at`, and where it ends; -1 if beyond `stop`."""
    length, start = read_varint(text, at, stop)
    if start < 0 or length < 0 or length > stop - start:
        return int64(-1), int64(-1)
    return start, start + length


@part
def only(text: Any, at: Any, stop: Any, tag: Any) -> Any:
    """Where the content begins of the field at `at`, behind which nothing comes; -1 if it is another."""
    if at < 0 or at >= stop or load_u8(text, at) != tag:
        return int64(-1)
    start, end = content(text, at + 1, stop)
    return start if end == stop else int64(-1)


# -- values, each written behind `out`; the place behind is -1 once one could not be -------------------------


@part
def put(written: Any, out: Any, c: Any) -> Any:
    """Write a byte."""
    if out < 0 or out >= written.shape[0]:
        return int64(-1)
    written[out] = c
    return out + 1


@part
def put_word(written: Any, out: Any, word: Any) -> Any:
    """Write some bytes."""
    for i in range(word.shape[0]):
        out = put(written, out, word[i])
    return out


@part
def write_text(text: Any, at: Any, stop: Any, written: Any, out: Any) -> Any:
    """Write a string, of which nobody has checked that it is UTF-8."""
    out = put(written, out, QUOTE)
    for i in range(at, stop):
        c = load_u8(text, i)
        if c >= 32 and c != QUOTE and c != BACKSLASH:
            out = put(written, out, c)
        elif SHORT[c] != 0:
            out = put(written, put(written, out, BACKSLASH), SHORT[c])
        else:
            out = put(written, put(written, put_word(written, out, CONTROL), HEX[c >> 4]), HEX[c & 15])
    return put(written, out, QUOTE)


@part
def write_integer(value: Any, written: Any, out: Any) -> Any:
    """Write an integer, but for the one whose opposite an int64 does not hold."""
    if value < 0:
        out = put(written, out, MINUS)
        value = -value
    return write_number(value, written, out) if out >= 0 and value >= 0 else int64(-1)


@part
def write_double(value: Any, written: Any, out: Any) -> Any:
    """Write the shortest decimal that means a number, if it has at most 15 digits and needs no exponent."""
    size = abs(value)
    if not (size < LARGEST and (size >= SMALLEST or size == 0)):
        return int64(-1)
    decimals = 0
    digits = np.rint(size)
    while digits / TENS[decimals] != size:
        decimals += 1
        if decimals > MOST_DECIMALS:
            return int64(-1)
        digits = np.rint(size * TENS[decimals])
        if digits >= MOST_DIGITS:
            return int64(-1)
    if np.signbit(value):
        out = put(written, out, MINUS)
    if out < 0:
        return int64(-1)
    whole = int64(size)
    out = put(written, write_number(whole, written, out), POINT)
    rest = int64(digits) - whole * int64(TENS[decimals])
    for left in range(decimals - 1, -1, -1):
        power = int64(TENS[left])
        out = put(written, out, ZERO + rest // power)
        rest %= power
    return out if decimals > 0 else put(written, out, ZERO)


@part
def write_scalar(text: Any, at: Any, stop: Any, written: Any, out: Any) -> Any:
    """Write a ``Value`` that holds no other."""
    if at == stop:
        return put_word(written, out, NONE)
    tag = load_u8(text, at)
    if tag == STRING:
        start = only(text, at, stop, STRING)
        return write_text(text, start, stop, written, out) if start >= 0 else int64(-1)
    if tag == DOUBLE:
        return write_double(load_f64(text, at + 1), written, out) if stop - at == 9 else int64(-1)
    value, end = read_varint(text, at + 1, stop)
    if end != stop:
        return int64(-1)
    if tag == INTEGER:
        return write_integer(value, written, out)
    if tag == BOOL:
        return put_word(written, out, TRUE if value != 0 else FALSE)
    return put_word(written, out, NONE) if tag == NULL else int64(-1)


@part
def write_value(text: Any, at: Any, stop: Any, written: Any, out: Any) -> Any:
    """Write a ``Value`` that holds no other, or a list of such."""
    if at >= stop or load_u8(text, at) != LIST:
        return write_scalar(text, at, stop, written, out)
    at = only(text, at, stop, LIST)
    if at < 0:
        return int64(-1)
    begun = out = put(written, out, OPEN_LIST)
    while at < stop and out >= 0:
        if load_u8(text, at) != FIRST:
            return int64(-1)
        start, end = content(text, at + 1, stop)
        if end < 0:
            return int64(-1)
        if out > begun:
            out = put(written, out, COMMA)
        out = write_scalar(text, start, end, written, out)
        at = end
    return put(written, out, CLOSE_LIST)


@part
def is_new(text: Any, start: Any, stop: Any, keys: Any, count: Any) -> Any:
    """Keep where a name stands; whether it differs from the `count` before, and there is room for it."""
    if count >= keys.shape[0]:
        return False
    for other in range(count):
        if keys[other, 1] - keys[other, 0] == stop - start:
            same = 0
            while start + same < stop and load_u8(text, keys[other, 0] + same) == load_u8(text, start + same):
                same += 1
            if start + same == stop:
                return False
    keys[count, 0], keys[count, 1] = start, stop
    return True


@part
def write_entry(text: Any, at: Any, stop: Any, written: Any, out: Any, keys: Any, count: Any) -> Any:
    """Write a name and its value, before which `count` were written."""
    if out < 0 or at >= stop or load_u8(text, at) != FIRST:
        return int64(-1)
    start, end = content(text, at + 1, stop)
    if end < 0 or not is_new(text, start, end, keys, count):
        return int64(-1)
    if count > 0:
        out = put(written, out, COMMA)
    out = put(written, write_text(text, start, end, written, out), COLON)
    value = only(text, end, stop, SECOND)
    return write_value(text, value, stop, written, out) if value >= 0 else int64(-1)
