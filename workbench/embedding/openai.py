"""Embeddings from OpenAI, or from any service that answers like it (vLLM, Ollama, llama.cpp, LM Studio, ...).

Texts leave the machine: this embedder is used only when it is named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from workbench.embedding import Kind, Vectors
from workbench.embedding.batches import check_texts, embed_in_batches
from workbench.errors import InvalidRequest, InvalidVector, MissingDependency
from workbench.tasks import Progress, silent

# A request takes up to 2,048 inputs, but no more than 300,000 tokens: 100 texts of a page each stay below it.
BATCH = 100


class OpenAIEmbedder:
    """Asks an OpenAI-compatible ``/embeddings`` endpoint, 100 texts a request.

    Timeouts and retries are those of the ``openai`` package, and so are the errors of the service
    (``openai.OpenAIError``), which carry its own words.

    Parameters
    ----------
    model : str
        As the service calls it.
    base_url : str, optional
        Address of the service; ``OPENAI_BASE_URL`` or OpenAI itself by default.
    api_key : str, optional
        ``OPENAI_API_KEY`` by default; a service at another address may need none.
    dimensions : int, optional
        Ask for shorter vectors, where the model can (``text-embedding-3``).

    Raises
    ------
    MissingDependency
        The ``openai`` package is not installed.
    InvalidRequest
        No key for OpenAI itself.
    """

    def __init__(
        self,
        model: str = "text-embedding-3-small",
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        dimensions: int | None = None,
    ) -> None:
        self.model, self.name, self._dimensions = model, f"openai/{model}", dimensions
        self._client = _client(base_url, api_key)
        self._dim = dimensions

    @property
    def dim(self) -> int:
        """Length of the model's vectors; asked of the service once unless `dimensions` was given."""
        if self._dim is None:
            self._dim = len(self._encode(["probe"])[0])
        return self._dim

    @property
    def fingerprint(self) -> str:
        """The model's name and the length of its vectors: the weights of a service cannot be checked."""
        return f"{self.name}@dim:{self.dim}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document", progress: Progress = silent) -> Vectors:
        """Return one unit vector per text, float32 (n, dim)."""
        return embed_in_batches(
            check_texts(texts), self._encode, size=BATCH, dim=self.dim, name=self.name, progress=progress
        )

    def _encode(self, texts: list[str]) -> list[list[float]]:
        options: dict[str, Any] = {} if self._dimensions is None else {"dimensions": self._dimensions}
        # OpenAI refuses an empty input, and with it the other 99 of its request.
        inputs = [text or " " for text in texts]
        answer = self._client.embeddings.create(model=self.model, input=inputs, **options)
        # Each row says which input it answers; not every service keeps their order.
        rows = {item.index: item.embedding for item in answer.data}
        if sorted(rows) != list(range(len(texts))):
            raise InvalidVector(f"{self.name}: asked for {len(texts)} vectors, got {len(answer.data)}")
        return [rows[row] for row in range(len(texts))]

    def __repr__(self) -> str:
        return f"OpenAIEmbedder({self.model!r}, base_url={str(self._client.base_url)!r})"


def _client(base_url: str | None, api_key: str | None) -> Any:
    try:
        import openai
    except ImportError as error:
        raise MissingDependency(
            f'openai cannot be imported ({error}). Install it with: pip install "vector-workbench[openai]".'
        ) from error
    key = api_key or os.environ.get("OPENAI_API_KEY")
    if not key:
        if not (base_url or os.environ.get("OPENAI_BASE_URL")):
            raise InvalidRequest(
                "OpenAI needs a key: set OPENAI_API_KEY in the environment of the kernel, or give "
                "base_url= of a service that needs none."
            )
        key = "none"  # the package insists on a key; a local service ignores it
    return openai.OpenAI(base_url=base_url, api_key=key)
