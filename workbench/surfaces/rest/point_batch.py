"""Large upserts: from bytes straight to arrays, for the shapes that clients send.

simdjson parses onto a tape, from which a vector's numbers are copied in one piece and a payload's bytes are
taken as they are: 8 MB with 1000 vectors of 384 numbers take 16 ms, where objects for every number take 37.
What is unusual in any way is left to the ordinary path, so errors are the same whichever way a body went.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from workbench.api.values import read_ids
from workbench.models.points import PointBatch, VectorBatch

SMALLEST: Final = 1 << 16
"""Bytes from which a body is worth it."""

OPERATIONS: Final = frozenset({"upsert_points", "update_vectors"})
"""Whose bodies may hold a batch of points."""

# The buffers stay as large as for the largest body: those of a very large one are let go.
_KEPT: Final = 16 << 20

_DISGUISED: Final = re.compile(rb"\\u005")

Matrix = npt.NDArray[np.float32]


class _Unusual(Exception):
    """The body has another shape; the ordinary path reads it, or says what is wrong with it."""


class _Tape:
    """The one parser: its buffers are several times a body's size, and it holds the interpreter anyway."""

    def __init__(self) -> None:
        self.guard = threading.Lock()
        self.parser: Any = None

    def read(self, body: bytes) -> dict[str, Any]:
        import simdjson

        with self.guard:
            if self.parser is None:
                self.parser = simdjson.Parser()
            # Taken away while it is used: after an error something may still refer to the tape, and then it
            # must not be used again.
            parser, self.parser = self.parser, None
            found = _read(parser.parse(body), body)
            if len(body) <= _KEPT:
                self.parser = parser
            return found


_tape = _Tape()


def read_large(body: bytes) -> dict[str, Any] | None:
    """Return the body with its points as a :class:`PointBatch`; None when it is for the ordinary path."""
    # A bracket in disguise, see _count_brackets. Most bodies have no backslash, which is seen far sooner.
    if b"\\" in body and _DISGUISED.search(body):
        return None
    try:
        return _tape.read(body)
    except (_Unusual, ValueError, TypeError, KeyError, AttributeError, RuntimeError, OverflowError):
        return None


def _read(document: Any, body: bytes) -> dict[str, Any]:
    fields = {}
    for key in _keys(document):
        fields[key] = document[key]
    kind = "points" if "points" in fields else "batch"
    batch = (_rows if kind == "points" else _columns)(fields.pop(kind), body)
    rest = {key: _plain(value) for key, value in fields.items()}
    if any(_has_brackets(value) for value in rest.values()):
        raise _Unusual
    return {kind: batch, **rest}


def _keys(node: Any) -> list[str]:
    """Return the keys of an object, each of which must be there once: parsers disagree on which counts."""
    keys = list(node.keys())
    if len(set(keys)) != len(keys):
        raise _Unusual
    return keys


def _plain(node: Any) -> Any:
    if hasattr(node, "as_dict"):
        return node.as_dict()
    return node.as_list() if hasattr(node, "as_list") else node


def _has_brackets(value: Any) -> bool:
    if isinstance(value, dict):
        return any("[" in str(k) or _has_brackets(v) for k, v in value.items())
    return isinstance(value, list) or (isinstance(value, str) and "[" in value)


def _rows(points: Any, body: bytes) -> PointBatch:
    """Read ``[{"id", "vector", "payload"}, …]``."""
    ids: list[Any] = []
    payloads: list[bytes] = []
    buffers: dict[str, list[Any]] = {}
    places: dict[str, list[int]] = {}
    for place, point in enumerate(points):
        # Three keys at most, all of them known: so none is there twice.
        if len(point) != 2 + ("payload" in point):
            raise _Unusual
        payload = point.get("payload")
        ids.append(point["id"])
        payloads.append(b"{}" if payload is None else payload.mini)
        for name, vector in _named(point["vector"]):
            buffers.setdefault(name, []).append(vector.as_buffer(of_type="d"))
            places.setdefault(name, []).append(place)
    _count_brackets(body, 1 + sum(map(len, places.values())), payloads)
    vectors = {
        name: VectorBatch(
            _matrix(column), None if len(column) == len(ids) else np.array(places[name], np.intp)
        )
        for name, column in buffers.items()
    }
    return PointBatch(read_ids(ids, "points.id"), vectors, payloads)


def _named(vector: Any) -> Iterable[tuple[str, Any]]:
    if hasattr(vector, "as_buffer"):
        return [("", vector)]
    return [(name, vector[name]) for name in _keys(vector)]


def _columns(batch: Any, body: bytes) -> PointBatch:
    """Read ``{"ids", "vectors", "payloads"}``."""
    if not set(_keys(batch)) <= {"ids", "vectors", "payloads"}:
        raise _Unusual
    ids = batch["ids"].as_list()
    payloads = [b"{}"] * len(ids)
    given = batch.get("payloads")
    lists = 2
    if given is not None:
        payloads = [b"{}" if payload is None else payload.mini for payload in given]
        lists += 1
    named = _named(batch["vectors"])
    columns = {name: [row.as_buffer(of_type="d") for row in rows] for name, rows in named}
    if not ids or any(len(column) != len(ids) for column in (payloads, *columns.values())):
        raise _Unusual
    _count_brackets(body, lists - 1 + len(columns) * (len(ids) + 1), payloads)
    vectors = {name: VectorBatch(_matrix(column)) for name, column in columns.items()}
    return PointBatch(read_ids(ids, "batch.ids"), vectors, payloads)


def _count_brackets(body: bytes, lists: int, payloads: list[bytes]) -> None:
    """Refuse a vector with lists in it, which simdjson would flatten in silence.

    Every bracket of the body begins one of the lists that are known, or stands in a payload.
    """
    found = int(np.count_nonzero(np.frombuffer(body, np.uint8) == ord("[")))  # twice as fast as bytes.count
    if found != lists + sum(payload.count(b"[") for payload in payloads):
        raise _Unusual
    if not all(payload[:1] == b"{" for payload in payloads):
        raise _Unusual


def _matrix(buffers: list[Any]) -> Matrix:
    """Return vectors of one length as float32[v, d]; what is no finite float32 is unusual."""
    width = len(memoryview(buffers[0])) // 8 if buffers else 0
    out = np.empty((len(buffers), width), np.float32)
    if width == 0:
        raise _Unusual
    with np.errstate(over="ignore"):
        for row, buffer in enumerate(buffers):
            numbers = np.frombuffer(buffer, np.float64)
            if len(numbers) != width:
                raise _Unusual
            out[row] = numbers
    if not np.isfinite(out).all():
        raise _Unusual
    return out
