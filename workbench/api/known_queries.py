"""Queries that were read before: a program repeats all of a query but the numbers of its vector.

Reading a request, checking each of its fields and finding its filter costs as much as a third of a search. A
surface that can tell the vector from the rest of a request reads the rest once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Sized
from dataclasses import dataclass
from time import perf_counter, thread_time
from typing import Final, Protocol, TypeVar

import numpy as np
import numpy.typing as npt

from workbench.models.requests import Nearest, QueryRequest

T = TypeVar("T")

QUICK_S: Final = 0.0005
"""Processor seconds of an answer that no other thread is asked for: handing it over costs 0.1 to 0.2 ms."""

PROMPT_S: Final = 0.005
"""Seconds of such an answer with its waiting, for the disk or a lock: more would keep others waiting too."""

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

    def answered(self, vector: npt.NDArray[np.float32], answer: Callable[[QueryRequest], T]) -> T:
        """Return what `answer` makes of the query with another vector, and keep whether that was quick."""
        started, used = perf_counter(), thread_time()
        found = answer(self.having(vector))
        self.quick = thread_time() - used < QUICK_S and perf_counter() - started < PROMPT_S
        return found

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
