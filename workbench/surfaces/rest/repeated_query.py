"""``points/query`` by a program that asks again and again: only the numbers of its vector are read anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import orjson

from workbench.api import queries
from workbench.api.known_queries import KnownQueries, KnownQuery
from workbench.api.service import Service
from workbench.api.values import read_vector
from workbench.errors import WorkbenchError
from workbench.models.requests import Nearest, QueryRequest
from workbench.surfaces.rest import answers, bodies, formatting
from workbench.surfaces.rest.answers import Answer

# Up to where the vector begins, as a list or as the `nearest` of an object.
_QUERY: Final = re.compile(rb'"query"\s*:\s*(?:\{\s*"nearest"\s*:\s*)?(?=\[)')


@dataclass(slots=True)
class Asked:
    """A known query, and the vector that it comes with: float32[d]."""

    known: KnownQuery
    vector: npt.NDArray[np.float32]


class RepeatedQueries:
    """Answers queries, and reads of one that comes again with another vector only that.

    Parameters
    ----------
    service : Service
        Whom the queries are for.
    """

    def __init__(self, service: Service) -> None:
        self._service, self._known = service, KnownQueries()

    def find(self, path: bytes, body: bytes, *, quick: bool = False) -> Asked | None:
        """Return what a request asks if all but its vector is known and, where asked for, its like was quick.

        Parameters
        ----------
        path, body : bytes
            As they came.
        quick : bool
            Whether others are None too.
        """
        place = place_of(body)
        if place is None or (known := self._known.find(_key(path, body, place))) is None:
            return None
        if quick and not known.quick:
            return None
        vector = _numbers(body, place)
        return None if vector is None else Asked(known, vector)

    def answer(self, path: bytes, collection_name: str, body: bytes, started: float) -> Answer:
        """Return the answer to a request, or what its error is for the caller."""
        asked = self.find(path, body)
        if asked is not None:
            return self.answered(asked, started)
        try:
            return answers.enveloped(self._first(path, collection_name, body), started)
        except Exception as error:
            return answers.failed(error, started)

    def answered(self, asked: Asked, started: float) -> Answer:
        """Return the answer to a known query, or what its error is for the caller."""
        known = asked.known
        try:
            found = known.answered(asked.vector, partial(self._found, known.collection_name))
            return answers.enveloped(found, started)
        except Exception as error:
            return answers.failed(error, started)

    def _first(self, path: bytes, collection_name: str, body: bytes) -> Any:
        """Answer a request that is not known, and keep what may come again with another vector."""
        value = bodies.parse(body)
        self._service.engine.collection(collection_name)  # not found, whatever else is wrong
        asked = queries.reader(self._service).request(value)
        found = self._found(collection_name, asked)
        place = place_of(body)
        if place is not None and _is_vector(asked, _numbers(body, place)):
            self._known.learn(_key(path, body, place), collection_name, asked)
        return found

    def _found(self, collection_name: str, asked: QueryRequest) -> Any:
        if asked.payload.enabled or asked.vectors.enabled:
            return formatting.shaped("query_points", queries.ask(self._service, collection_name, asked))
        return formatting.columns(*queries.ask_columns(self._service, collection_name, asked))


def place_of(body: bytes) -> tuple[int, int] | None:
    """Return where the numbers of a request's vector begin and end, brackets included.

    None unless there is one ``query`` and it is a list, and nothing in the rest may be another by an escape.
    """
    begun = _QUERY.search(body)
    if begun is None:
        return None
    start, end = begun.end(), body.find(b"]", begun.end()) + 1
    if not end or b"\\" in body[:start] or b"\\" in body[end:]:
        return None
    return None if b'"query"' in body[end:] or body.find(b'"query"') < begun.start() else (start, end)


def _key(path: bytes, body: bytes, place: tuple[int, int]) -> bytes:
    start, end = place
    return b" ".join((path, body[:start], body[end:]))


def _numbers(body: bytes, place: tuple[int, int]) -> npt.NDArray[np.float32] | None:
    """Return the vector at a place; None where it is none, which is told to whoever reads the whole."""
    try:
        vector = read_vector(orjson.loads(body[place[0] : place[1]]), "query")
    except (orjson.JSONDecodeError, WorkbenchError):
        return None
    return vector if isinstance(vector, np.ndarray) and vector.ndim == 1 else None


def _is_vector(asked: QueryRequest, numbers: npt.NDArray[np.float32] | None) -> bool:
    """Whether what a query is read to ask for is what stands at the place of its vector."""
    own = asked.query.vector if isinstance(asked.query, Nearest) else None
    return isinstance(own, np.ndarray) and numbers is not None and np.array_equal(own, numbers)
