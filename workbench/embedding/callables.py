"""Any function from texts to vectors, as an embedder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from workbench.embedding import Kind, Vectors
from workbench.embedding.batches import check_texts, embed_in_batches, unit_vectors
from workbench.tasks import Progress, silent


class CallableEmbedder:
    """Wraps ``function(list of str) -> array (n, d)``; its vectors are checked and scaled to unit length.

    Parameters
    ----------
    function : callable
        May return a NumPy array, a torch tensor or nested lists.
    name : str, optional
        What the collection remembers the function by; its qualified name by default. Give a version with it
        when the function may change, for the code behind a name cannot be checked.
    dim : int, optional
        Length of its vectors; found by embedding one short text when it is first needed.
    batch : int
        Texts per call. Progress is shown, and Cancel felt, between two calls.
    """

    def __init__(
        self,
        function: Callable[..., object],
        *,
        name: str | None = None,
        dim: int | None = None,
        batch: int = 256,
    ) -> None:
        self._function, self._dim, self._batch = function, dim, batch
        self.name = name or _qualified_name(function)

    @property
    def dim(self) -> int:
        """Length of the function's vectors."""
        if self._dim is None:
            self._dim = unit_vectors(self._function(["probe"]), 1, None, self.name).shape[1]
        return self._dim

    @property
    def fingerprint(self) -> str:
        """The name and the length of the vectors: all that can be known of a function."""
        return f"callable:{self.name}@dim:{self.dim}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document", progress: Progress = silent) -> Vectors:
        """Return one unit vector per text, float32 (n, dim); a row of zeros stays zero.

        Raises
        ------
        InvalidVector, DimensionMismatch
            The function returned another shape, or values that are not finite numbers.
        """
        return embed_in_batches(
            check_texts(texts),
            self._function,
            size=self._batch,
            dim=self.dim,
            name=self.name,
            progress=progress,
        )

    def __repr__(self) -> str:
        return f"CallableEmbedder({self.name})"


def _qualified_name(function: Callable[..., object]) -> str:
    named = function if hasattr(function, "__qualname__") else type(function)
    return f"{named.__module__}.{named.__qualname__}"
