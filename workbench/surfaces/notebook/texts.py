"""Which text column a collection was embedded from, and by which model: kept in its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import InvalidRequest

if TYPE_CHECKING:
    from workbench import embedding

# Where the record stands in a collection's free-form metadata.
KEY = "workbench.text"


class TextRecord(NamedTuple):
    """The text column of a collection, the vector it became, and the model."""

    column: str
    vector: str
    embedder: str
    fingerprint: str

    def to_json(self) -> dict[str, str]:
        """Return what :meth:`of` reads."""
        return {
            "column": self.column,
            "vector": self.vector,
            "embedder": self.embedder,
            "fingerprint": self.fingerprint,
        }

    @classmethod
    def of(cls, metadata: Mapping[str, Any]) -> TextRecord | None:
        """Return the record in `metadata`, if there is one."""
        found = metadata.get(KEY)
        return None if found is None else cls(**found)


def resolve(record: TextRecord | None, given: Any, name: str) -> embedding.Embedder:
    """Return the embedder for a query text.

    Raises
    ------
    EmbedderMismatch
        When `given`, or what the recorded name stands for now, is another model than the recorded one.
    InvalidRequest
        When nobody said how texts become vectors of this collection.
    """
    if record is None and given is None:
        raise InvalidRequest(
            f"collection {name!r} was made from vectors, so a text cannot be searched: pass a vector, or say "
            f"which model made the vectors: search(text, embedder=...)"
        )
    from workbench import embedding

    embedder = embedding.resolve(given if given is not None or record is None else record.embedder)
    if record is not None:
        embedding.require_same_space(record.fingerprint, embedder, f"collection {name!r}")
    return embedder
