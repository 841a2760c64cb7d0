"""``Points/Query`` by a program that asks again and again: only the numbers of its vector are read anew."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import grpc
import numpy as np

from workbench.api import queries
from workbench.api.known_queries import KnownQueries, KnownQuery
from workbench.models.requests import QueryRequest
from workbench.surfaces.grpc import answers
from workbench.surfaces.grpc.answering import Answering
from workbench.surfaces.grpc.written_hits import written

# The bytes that fields begin with: of QueryPoints `collection_name` and `query`; and what is nested in that,
# `nearest`, `dense` and `data`.
_NAME, _QUERY, _VECTOR = 0x0A, 0x1A, (0x0A, 0x12, 0x0A)


@dataclass(slots=True)
class Request:
    """A request for one query.

    Parameters
    ----------
    wire : bytes
        As it came.
    key : bytes or None
        All of it but the query; None where that is not one dense vector.
    vector : float32[d] or None
        The numbers of that.
    known : KnownQuery or None
        What the rest means, if it was read before.
    message : QueryPoints or None
        The whole request, if it was not.
    """

    wire: bytes
    key: bytes | None = None
    vector: Any = None
    known: KnownQuery | None = None
    message: Any = None

    @property
    def collection_name(self) -> str:
        """Whom it asks."""
        name: str = self.message.collection_name if self.known is None else self.known.collection_name
        return name


class QueryAnswering(Answering):
    """Answers queries; the parameters are those of :class:`Answering`."""

    def __init__(self, *parameters: Any) -> None:
        super().__init__(*parameters)
        self._known = KnownQueries()

    def read(self, wire: bytes) -> Request:
        """Return what a request asks, as far as that is not known."""
        place = place_of(wire)
        if place is None:
            return Request(wire, message=super().read(wire))
        start, first, end = place
        key, vector = wire[:start] + wire[end:], np.frombuffer(wire, "<f4", (end - first) // 4, first)
        known = self._known.find(key)
        return Request(wire, key, vector, known, super().read(wire) if known is None else None)

    def at_once(self, request: Request) -> bytes | None:
        """Return the answer, written, if its like was quick the last time."""
        known = request.known
        if known is None or not known.quick:
            return None
        started, asked = perf_counter(), known.request
        try:
            if asked.payload.enabled or asked.vectors.enabled:
                message = self._answered(request)
                message.time = perf_counter() - started
                wire: bytes = message.SerializeToString()
            else:
                ask = partial(queries.ask_columns, self._service, known.collection_name)
                wire = written(*known.answered(request.vector, ask), perf_counter() - started)
        except Exception:
            return None  # the ordinary way finds it too, and tells the caller
        self._observe(request, grpc.StatusCode.OK, started)
        return wire

    def _answered(self, request: Any) -> Any:
        known = request.known
        if known is None:
            return self._first(request)
        return known.answered(request.vector, partial(self._found, known.collection_name))

    def _first(self, request: Request) -> Any:
        """Answer a request that is not known, and keep what may come again with another vector."""
        message, key = request.message, request.key
        # What is written as it came has each field once: protobuf joins those that come again.
        if key is None or message.SerializeToString() != request.wire:
            return super()._answered(message)
        call = self._rpc.read(message)
        if call.params:
            return super()._answered(message)
        self._service.engine.collection(call.collection_name)  # not found, whatever else is wrong
        asked = queries.reader(self._service).request(call.body)
        answer = self._found(call.collection_name, asked)
        self._known.learn(key, call.collection_name, asked)
        return answer

    def _found(self, collection_name: str, asked: QueryRequest) -> Any:
        answer = self._answer()
        if asked.payload.enabled or asked.vectors.enabled:
            answers.scored(answer, queries.ask(self._service, collection_name, asked))
        else:
            ids, scores, versions = queries.ask_columns(self._service, collection_name, asked)
            answers.columns(answer, ids, scores.tolist(), versions)
        return answer


def place_of(wire: bytes) -> tuple[int, int, int] | None:
    """Return where a request's query begins, where its numbers do, and where both end.

    None unless the query follows the collection's name and is one dense vector, and so are most.
    """
    try:
        start = 2 + wire[1]
        if wire[0] != _NAME or wire[1] > 0x7F or wire[start] != _QUERY:
            return None
        size, at = length_at(wire, start + 1)
        end = at + size
        for tag in _VECTOR:
            if wire[at] != tag:
                return None
            size, at = length_at(wire, at + 1)
            if at + size != end:
                return None
    except IndexError:
        return None
    return (start, at, end) if size and size % 4 == 0 and end <= len(wire) else None


def length_at(wire: bytes, at: int) -> tuple[int, int]:
    """Return the length written at a place, seven bits a byte, and the place behind it.

    Raises
    ------
    IndexError
        When it does not end within the five bytes that a length has at most, or within the message.
    """
    size = shift = 0
    while (byte := wire[at]) > 0x7F:
        if shift == 28:
            raise IndexError(f"the length at {at - 4} does not end")
        size |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
    return size | byte << shift, at + 1
