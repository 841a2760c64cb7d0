"""``Points/Upsert`` of many points: a kernel reads them from the bytes that came, without a message each.

1,000 points of 384 numbers and two fields take 0.8 ms so, where messages, and objects made of them, take 5.4.
What is unusual in any way, or comes before the kernel is loaded, is read by protobuf as a whole, and so has
the same meaning and the same errors.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson
from google.protobuf.message import DecodeError
from qdrant_client import grpc

from workbench import kernels
from workbench.api.operations import Call
from workbench.errors import FormatError
from workbench.models.points import IdArray, PointBatch, VectorBatch
from workbench.surfaces.grpc.answering import Answering
from workbench.surfaces.grpc.messages import payload
from workbench.surfaces.grpc.repeated_query import length_at

SMALLEST: Final = 1 << 14
"""Bytes from which a message is worth it."""

# The bytes that fields begin with: `collection_name`, `wait` and `points`.
_NAME, _WAIT, _POINTS = 0x0A, 0x10, 0x1A
# No point is shorter: its own tag and length, those of its id and vectors, and one number.
_SHORTEST: Final = 16
# A payload that the kernel leaves to protobuf is read twice; where many are, a message is read once instead.
_MOST_HARD: Final = 256
# Bytes of JSON for each of the message: few payloads become longer; one that finds no room is hard.
_ROOM: Final = 2


def warm(block: bool = False) -> None:
    """Load the kernel on a background thread; with `block`, return when it can be called or has failed."""
    kernels.warm(block, kernels.PROTOBUF)


@dataclass(frozen=True, slots=True)
class Upsert:
    """A request whose points are read.

    Parameters
    ----------
    message : UpsertPoints
        The request without points.
    points : PointBatch
        Those that it had.
    """

    message: Any
    points: PointBatch

    @property
    def collection_name(self) -> str:
        """Where they are to go."""
        name: str = self.message.collection_name
        return name


class UpsertAnswering(Answering):
    """Answers upserts; the parameters are those of :class:`Answering`."""

    def read(self, wire: bytes) -> Any:
        """Return a request out of its bytes: a message, or an :class:`Upsert`."""
        taken = take_points(wire) if len(wire) >= SMALLEST else None
        if taken is not None:
            rest, points = taken
            message = super().read(rest)
            if not message.points:  # else they came in two places
                return Upsert(message, points)
        return super().read(wire)

    def _call(self, request: Any) -> Call:
        if not isinstance(request, Upsert):
            return super()._call(request)
        call = super()._call(request.message)
        call.body["points"] = request.points
        return call


def take_points(wire: bytes) -> tuple[bytes, PointBatch] | None:
    """Return a message without its points, and these; None when they are unusual."""
    start = _points_at(wire)
    if not start or not kernels.ready(kernels.PROTOBUF):
        return None
    kernel: Any = importlib.import_module(kernels.PROTOBUF)
    size = len(wire)
    most = size // _SHORTEST + 1
    ids, is_uuid = np.empty((most, 2), np.int64), np.empty(most, np.bool_)
    numbers, written = np.empty(size, np.uint8), np.empty(_ROOM * size, np.uint8)
    stops, hard, counts = np.empty(most, np.int64), np.empty((_MOST_HARD, 3), np.int64), np.zeros(4, np.int64)
    text = np.frombuffer(wire, np.uint8).ctypes.data
    end = kernel.take_points(text, start, size, ids, is_uuid, numbers, written, stops, hard, counts)
    count, width, length, doubts = counts.tolist()
    if end < 0 or not count:
        return None
    try:
        payloads = _payloads(written[:length].tobytes(), stops[:count])
        for place, first, last in hard[:doubts].tolist():
            point = grpc.PointStruct.FromString(wire[first:last])
            payloads[place] = orjson.dumps(payload(point.payload))
    except (UnicodeDecodeError, DecodeError, FormatError, orjson.JSONEncodeError):
        return None  # the ordinary way finds it too, and tells the caller
    vectors = numbers[: count * width].view("<f4").reshape(count, -1)
    batch = PointBatch(_ids(ids[:count], is_uuid[:count]), {"": VectorBatch(vectors)}, payloads)
    return wire[:start] + wire[end:], batch


def _points_at(wire: bytes) -> int:
    """Return where the points begin behind the collection's name and `wait`; 0 where something else does."""
    try:
        if wire[0] != _NAME:
            return 0
        size, at = length_at(wire, 1)
        at += size
        if wire[at] == _WAIT and wire[at + 1] <= 1:
            at += 2
        return at if wire[at] == _POINTS else 0
    except IndexError:
        return 0


def _payloads(written: bytes, stops: npt.NDArray[np.int64]) -> list[bytes]:
    """Return JSON in parts; raise ``UnicodeDecodeError`` where a text in it is not UTF-8."""
    if not written.isascii():
        written.decode()
    ends = stops.tolist()
    return [written[start:end] for start, end in zip([0, *ends], ends, strict=False)]


def _ids(values: npt.NDArray[np.int64], is_uuid: npt.NDArray[np.bool_]) -> IdArray:
    low, high = np.ascontiguousarray(values.T).view(np.uint64)
    return IdArray(low, high, is_uuid) if is_uuid.any() else IdArray(low)
