"""Any model of the sentence-transformers library, on the GPU where there is one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from workbench.embedding import Kind, Vectors
from workbench.embedding.batches import check_texts, embed_in_batches
from workbench.errors import MissingDependency, NotFound
from workbench.tasks import Progress, silent

# Large enough to keep a GPU busy; on a CPU the library's default. Neither was tuned here.
_CUDA_BATCH, _CPU_BATCH = 256, 32


class SentenceTransformersEmbedder:
    """Wraps a ``SentenceTransformer``, by name or ready-made.

    Parameters
    ----------
    model : str or SentenceTransformer
        A name of the hub (``"all-MiniLM-L6-v2"``), a folder, or a loaded model. A name is downloaded on first
        use unless ``HF_HUB_OFFLINE=1`` is set; code that comes with a model is never run.
    device : str, optional
        ``"cuda"``, ``"cpu"``, ...; the best one there is by default.
    batch : int, optional
        Texts per step; 256 on CUDA, 32 on a CPU.

    Raises
    ------
    MissingDependency
        sentence-transformers is not installed.
    NotFound
        The model is neither on this machine nor to be had.
    """

    def __init__(self, model: Any, *, device: str | None = None, batch: int | None = None) -> None:
        self._model = _load(model, device) if isinstance(model, str) else model
        label = model if isinstance(model, str) else _label(self._model)
        self.name = f"sentence-transformers/{label.removeprefix('sentence-transformers/')}"
        self.device = str(self._model.device).partition(":")[0]
        self.batch = batch or (_CUDA_BATCH if self.device == "cuda" else _CPU_BATCH)
        self.dim = int(self._dimension())
        # The weights alone: one model may be given by its name, by its folder or ready-made.
        self.fingerprint = f"sentence-transformers@sha256:{_weights_sha256(self._model)}"

    def embed(self, texts: Sequence[str], *, kind: Kind = "document", progress: Progress = silent) -> Vectors:
        """Return one unit vector per text, float32 (n, dim), with the model's own prompt for `kind`."""
        # Models of a question and a passage (E5, BGE) come with prompts, which encode_query and
        # encode_document add; libraries before 5.0 have neither, and plain encode.
        encode = getattr(self._model, f"encode_{kind}", self._model.encode)

        def one_batch(batch: list[str]) -> object:
            return encode(
                batch,
                batch_size=self.batch,
                normalize_embeddings=True,
                convert_to_numpy=True,
                show_progress_bar=False,
            )

        return embed_in_batches(
            check_texts(texts),
            one_batch,
            size=self.batch,
            dim=self.dim,
            name=self.name,
            progress=progress,
            by_length=True,
        )

    def _dimension(self) -> Any:
        # Renamed in 5.x; the old name warns there.
        ask = getattr(self._model, "get_embedding_dimension", None)
        return ask() if ask else self._model.get_sentence_embedding_dimension()

    def __repr__(self) -> str:
        return f"SentenceTransformersEmbedder({self.name!r}, device={self.device!r}, dim={self.dim})"


def _load(name: str, device: str | None) -> Any:
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise MissingDependency(
            f"sentence-transformers cannot be imported ({error}). Install it with: "
            'pip install "vector-workbench[embed]". The embedder "minilm" works without it.'
        ) from error
    try:
        return SentenceTransformer(name, device=device)
    except OSError as error:
        raise NotFound(
            f"The model {name!r} is not on this machine and cannot be downloaded ({error}). "
            "Give a folder that holds it, or unset HF_HUB_OFFLINE where there is a network."
        ) from error


def _label(model: Any) -> str:
    card = getattr(model, "model_card_data", None)
    return str(getattr(card, "base_model", None) or type(model).__name__)


def _weights_sha256(model: Any) -> str:
    """Digest of the first 1,024 values of every tensor, in order of their names.

    Training moves every tensor that it trains, so a part tells two models apart; the whole of a 7B model
    would take longer to read than to load.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        head = tensor.detach().flatten()[:1024].float().cpu().numpy()
        digest.update(f"{name}{tuple(tensor.shape)}".encode() + head.tobytes())
    return digest.hexdigest()
