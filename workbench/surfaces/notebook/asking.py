"""What every question to a collection needs: which vector is meant, and a text made into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import InvalidRequest
from workbench.query import nearest
from workbench.surfaces.notebook import texts

if TYPE_CHECKING:
    from workbench import collection as core
    from workbench import embedding


class Asking:
    """The part of a notebook's collection that its questions share."""

    _inner: core.Collection
    _embedder: embedding.Embedder | None

    def _vector_name(self, vector: str | None) -> str:
        """Return the name of the vector meant: the only one, the unnamed one, or that of the texts."""
        known = self._inner.config.vectors
        if vector is None and not known:
            sparse = ", ".join(map(repr, self._inner.config.sparse_vectors)) or "none"
            raise InvalidRequest(
                f"vector: expected dense vectors, and collection {self._inner.name!r} has none; "
                f"sparse ones: {sparse}"
            )
        if vector is None and "" in known:
            return ""
        if vector is None and len(known) > 1:
            record = texts.TextRecord.of(self._inner.config.metadata)
            if record is None:
                raise InvalidRequest(
                    f"vector: expected one of {', '.join(map(repr, known))}, because there are several"
                )
            return record.vector
        name = vector if vector is not None else next(iter(known), "")
        nearest.params_of(self._inner.config, name)
        return name

    def _query_embedder(self, given: Any) -> Any:
        """Return the model `given`, or else the collection's own, loaded."""
        record = texts.TextRecord.of(self._inner.config.metadata)
        chosen = given if given is not None else self._embedder
        return texts.resolve(record, chosen, self._inner.name)

    def _embed_query(self, text: str, given: Any) -> Any:
        """Return the vector of a text, by the model `given` or else the collection's own."""
        return self._query_embedder(given).embed([text], kind="query")[0]
