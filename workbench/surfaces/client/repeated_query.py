"""``query_points`` by a program that asks again and again: only the numbers of its vector are read anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from qdrant_client.http import models

from workbench.api import queries
from workbench.api.known_queries import KnownQueries
from workbench.api.service import Service
from workbench.api.values import read_vector
from workbench.surfaces.client.results import client_columns, client_points

Key = tuple[Any, ...]

_PLAIN = frozenset((str, int, float, bool, type(None)))


class RepeatedQueries:
    """Answers queries by dense vectors, and reads the rest of each only once.

    Parameters
    ----------
    service : Service
        Whom the queries are for.
    """

    def __init__(self, service: Service) -> None:
        self._service, self._known = service, KnownQueries()

    def answer(
        self, key: Key, collection_name: str, vector: Any, body: Callable[[], dict[str, Any]]
    ) -> list[models.ScoredPoint]:
        """Return the points nearest to a dense vector.

        Parameters
        ----------
        key : tuple
            From :func:`key_of`.
        collection_name : str
        vector : list or array
            What :func:`is_dense` knows.
        body : callable
            Returns the whole request in the shape of the REST API.

        Raises
        ------
        WorkbenchError
            As the operation ``query_points`` does.
        """
        known = self._known.find(key)
        if known is not None:
            numbers = read_vector(vector, "query")
            assert isinstance(numbers, np.ndarray)
            asked = known.having(numbers)
        else:
            self._service.engine.collection(collection_name)  # not found, whatever else is wrong
            asked = queries.reader(self._service).request(body())
            self._known.learn(key, collection_name, asked)
        if asked.payload.enabled or asked.vectors.enabled:
            return client_points(queries.ask(self._service, collection_name, asked))
        ids, scores, versions = queries.ask_columns(self._service, collection_name, asked)
        return client_columns(ids, scores.tolist(), versions)


def is_dense(query: Any) -> bool:
    """Whether a query is a dense vector: surely, and without a look at every number."""
    return type(query) is np.ndarray or (type(query) is list and bool(query) and type(query[0]) is float)


def key_of(search_params: Any, *given: Any) -> Key | None:
    """Return what tells a query from others but for its vector, None unless that is a few plain values.

    Their types belong to it: True equals 1, and is no limit.
    """
    whole = given
    if search_params is not None:
        if type(search_params) is not models.SearchParams or search_params.__pydantic_extra__:
            return None
        own = search_params.__dict__
        whole = (*given, *own, *own.values())
    kinds = tuple(map(type, whole))
    return (*whole, *kinds) if _PLAIN.issuperset(kinds) else None
