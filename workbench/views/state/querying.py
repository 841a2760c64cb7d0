"""One query of a collection without a face: what screens share that find something out about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Int, Unicode

from workbench.views.state.query_inputs import query_code, read_query
from workbench.views.state.working import Working

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection


class Querying(Working):
    """A query and how it is asked.

    Parameters
    ----------
    collection : Collection
    query : str or array_like
        A text, ``#`` and the id of a point whose vector is taken, or a vector.
    vector : str, optional
        Needed only when there are several.
    embedder : optional
        For a text, when the collection has none on record.

    Attributes
    ----------
    text : str
        What is searched for; empty for a query that was given as a vector.
    k : int
    ef : int
        0 for what the collection is configured to.
    where : mapping, Filter or None
    """

    text = Unicode("")
    k = Int(10, min=1)
    ef = Int(0, min=0)
    where = Anything(None, allow_none=True)

    def __init__(self, collection: Collection, query: Any, vector: str | None, embedder: Any) -> None:
        super().__init__()
        self.collection, self.embedder = collection, embedder
        self.vector = collection._vector_name(vector)
        self._given = None if isinstance(query, str) else query

    @property
    def asked(self) -> bool:
        """Whether there is a query."""
        return bool(self.text.strip()) or self._given is not None

    # -- inside ----------------------------------------------------------------------------------------

    def _query(self) -> Any:
        """Return what is asked for, as methods of the collection take it."""
        text = self.text.strip()
        return read_query(self.collection, text, self.vector) if text else self._given

    def _parameters(self) -> dict[str, Any]:
        """Return how it is asked, likewise."""
        return {
            "where": self.where,
            "k": self.k,
            "ef": self.ef or None,
            "vector": self.vector,
            "embedder": self.embedder,
        }

    def _call(self, method: str, *more: str) -> str:
        """Return the Python that asks by a method of the collection, with `more` behind the query."""
        told = [query_code(self.text.strip(), self.vector) if self.text.strip() else "query", *more]
        told.append(f"k={self.k}")
        told += [f"ef={self.ef}"] if self.ef else []
        told += [f"where={self.where!r}"] if self.where is not None else []
        return f"collection.{method}({', '.join(told)})"
