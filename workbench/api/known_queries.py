"""Queries that were read before: a program repeats all of a query but the numbers of its vector.

Reading a request, checking each of its fields and finding its filter costs as much as a third of a search. A
surface that can tell the vector from the rest of a request reads the rest once.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Sized
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from workbench.models.requests import Nearest, QueryRequest

KEPT: Final = 256
"""How many are known at a time: those of many programs at once, in at most 1 MB of keys."""

LONGEST: Final = 1 << 12
"""Bytes, or values, of the longest request, less its numbers, that is kept."""


class Key(Hashable, Sized, Protocol):
    """All of a request but the numbers of its vector: its bytes, or its values."""


@dataclass(slots=True)
class KnownQuery:
    """A query by one dense vector that was read, whatever its vector is.

    Parameters
    ----------
    collection_name : str
        Whom it asks.
    request : QueryRequest
        As it came first.

    Attributes
    ----------
    quick : bool
        Whether it was answered so fast the last time that giving it to another thread would cost more.
    """

    collection_name: str
    request: QueryRequest
    quick: bool = False

    def having(self, vector: npt.NDArray[np.float32]) -> QueryRequest:
        """Return the query with another vector, float32[d]."""
        own = self.request
        return QueryRequest(
            query=Nearest(vector),
            using=own.using,
            flt=own.flt,
            params=own.params,
            score_threshold=own.score_threshold,
            limit=own.limit,
            offset=own.offset,
            payload=own.payload,
            vectors=own.vectors,
        )


class KnownQueries:
    """The queries that one surface has read, by the rest of their requests; any thread may ask."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._known: dict[Key, KnownQuery] = {}

    def find(self, key: Key) -> KnownQuery | None:
        """Return the query of a request, all of which but the numbers is `key`."""
        return self._known.get(key)

    def learn(self, key: Key, collection_name: str, request: QueryRequest) -> None:
        """Keep a query that was read, if it asks for no more than what is near one dense vector."""
        own = request.query
        plain = type(own) is Nearest and own.mmr is None and isinstance(own.vector, np.ndarray)
        if not plain or request.prefetches or request.lookup is not None or len(key) > LONGEST:
            return
        with self._guard:
            while len(self._known) >= KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = KnownQuery(collection_name, request)
