"""The objects inside arrays, which ``nested`` looks at: rows of their own, which know their parents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.indexes.payload.building import Growing, Payload
from workbench.models.json_path import JsonPath

Fetch = Callable[[int, int], list[Payload]]


class Elements:
    """The objects that a path selects from the rows of a parent table, numbered across all rows.

    Parameters
    ----------
    path : JsonPath
        A path that ends with ``[]``.
    fetch : callable
        ``fetch(start, stop)`` gives the payloads of the parent's rows.
    chunk : int
        Rows fetched at once.
    """

    def __init__(self, path: JsonPath, fetch: Fetch, chunk: int) -> None:
        self._path = path
        self._fetch_parents = fetch
        self._chunk = chunk
        self._parents: Growing[np.int32] = Growing(np.int32)
        self.n_parents = 0

    def extend(self, payloads: list[Payload]) -> None:
        """Add the objects of the parent's next rows."""
        counts = [len(self._objects(payload)) for payload in payloads]
        rows = np.arange(self.n_parents, self.n_parents + len(payloads), dtype=np.int32)
        self._parents.append(np.repeat(rows, counts))
        self.n_parents += len(payloads)

    def parents(self, n: int) -> NDArray[np.int32]:
        """int32[m]: the parent rows of the objects in the first n rows, rising."""
        parents = self._parents.view()
        return parents[: np.searchsorted(parents, n)]

    def fetch(self, start: int, stop: int) -> list[Payload]:
        """The objects start to stop, read again from the parents' payloads; nothing is kept of them.

        A payload that was set meanwhile may have other objects. As many as it had are taken, so that those of
        the rows behind it keep their numbers; what its own row gets is of no account, since whoever asks
        evaluates changed rows one by one.
        """
        parents = self._parents.view()
        first_row, end_row = int(parents[start]), int(parents[stop - 1]) + 1
        objects: list[Payload] = []
        for row in range(first_row, end_row, self._chunk):
            payloads = self._fetch_parents(row, min(row + self._chunk, end_row))
            ends = np.searchsorted(parents, np.arange(row, row + len(payloads) + 1))
            for payload, count in zip(payloads, np.diff(ends).tolist(), strict=True):
                own = self._objects(payload)[:count]
                objects += [*own, *([None] * (count - len(own)))]
        skipped = start - int(np.searchsorted(parents, first_row))
        return objects[skipped : skipped + stop - start]

    def _objects(self, payload: Payload) -> list[dict[str, Any]]:
        values = self._path.select(payload) if payload else []
        return [value for value in values if isinstance(value, dict)]
