"""Text in, unit vectors out: the embedders of Workbench behind one small interface.

Offline by default: all-MiniLM-L6-v2 comes inside a package and runs on the CPU, and where even that package
is missing or damaged, a hashing embedder that needs no model takes its place with a warning. Importing this
module loads NumPy and nothing heavier; a model is loaded when it is first resolved.

Examples
--------
>>> from workbench import embedding
>>> embedding.resolve("hashing").embed(["a cat", "a tax form"]).shape
(2, 384)
"""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from workbench.errors import Corrupted, EmbedderMismatch, InvalidRequest, MissingDependency
from workbench.tasks import Progress, silent

Vectors: TypeAlias = npt.NDArray[np.float32]
Kind: TypeAlias = Literal["document", "query"]


class Embedder(Protocol):
    """What turns texts into vectors of one space."""

    @property
    def name(self) -> str:
        """What a person calls it, and what :func:`resolve` makes it from again (callables excepted)."""
        ...

    @property
    def dim(self) -> int:
        """Length of every vector."""
        ...

    @property
    def fingerprint(self) -> str:
        """The model and, where its weights can be read, their sha256.

        A collection records it, so that vectors of two spaces are never compared: :func:`require_same_space`.
        """
        ...

    def embed(self, texts: Sequence[str], *, kind: Kind = "document", progress: Progress = silent) -> Vectors:
        """Return one unit vector per text, float32 of shape (len(texts), dim), in the order of `texts`.

        `kind` matters to models that embed a question and a passage differently. `progress` is called with
        the number of texts done after each batch, and may raise ``Cancelled`` to stop between two batches.
        """
        ...


Spec: TypeAlias = str | Embedder | Callable[..., object] | None

_loaded: dict[str, Embedder] = {}
_lock = threading.RLock()


def default() -> Embedder:
    """Return the embedder used when none is named, loaded once per process: MiniLM, or else hashing.

    A first cell must not fail for want of a model, so a missing or damaged one is a warning, given once.
    """
    with _lock:
        if "default" not in _loaded:
            _loaded["default"] = _minilm_or_hashing()
        return _loaded["default"]


def resolve(spec: Spec = None) -> Embedder:
    """Return the embedder that `spec` stands for.

    Parameters
    ----------
    spec : None, str, Embedder or callable
        - ``None``: :func:`default`;
        - ``"minilm"``: all-MiniLM-L6-v2, offline on the CPU;
        - ``"hashing"``: no model; compares words, not meaning;
        - ``"sentence-transformers/NAME"`` or a ``SentenceTransformer``: on the GPU where there is one;
        - ``"openai/MODEL"``: an OpenAI-compatible service;
        - an embedder: itself;
        - a callable that takes a list of texts and returns an array of shape (n, d).

    Raises
    ------
    InvalidRequest
        `spec` is none of these.
    MissingDependency
        The package that `spec` needs is not installed; the message gives the command that installs it.
    Corrupted
        A file of the model is not the one that was pinned.
    """
    if spec is None:
        return default()
    if isinstance(spec, str):
        return _by_name(spec)
    # Looked up without being read: a property might load a model or call a service.
    if all(inspect.getattr_static(spec, part, None) is not None for part in ("embed", "fingerprint")):
        return spec  # type: ignore[return-value]
    # A SentenceTransformer is also callable (it is a torch module), but not with texts: ask for encode first.
    if hasattr(type(spec), "encode"):
        from workbench.embedding.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(spec)
    if callable(spec):
        from workbench.embedding.callables import CallableEmbedder

        return CallableEmbedder(spec)
    raise InvalidRequest(
        f"An embedder is a name, an Embedder or a callable, not {type(spec).__name__}. {_NAMES}"
    )


def require_same_space(recorded: str, embedder: Embedder, where: str = "this collection") -> None:
    """Raise ``EmbedderMismatch`` unless `embedder` made the vectors whose `recorded` fingerprint is given."""
    if embedder.fingerprint != recorded:
        raise EmbedderMismatch(
            f"The vectors of {where} were made by {recorded}, and the text would be embedded by "
            f"{embedder.fingerprint}: their distances would mean nothing. Pass the embedder that made them, "
            "or a vector instead of a text, or embed the texts again into a new collection."
        )


_NAMES = 'Names: "minilm", "hashing", "sentence-transformers/NAME", "openai/MODEL".'


def _by_name(name: str) -> Embedder:
    family, _, model = name.partition("/")
    if family == "openai" and model:
        from workbench.embedding.openai import OpenAIEmbedder

        # Not kept: it costs nothing to make, and a key that was mended in the environment must be read again.
        return OpenAIEmbedder(model)
    with _lock:  # two threads that ask at once must not load one model twice
        if name not in _loaded:
            _loaded[name] = _load(name, family, model)
        return _loaded[name]


def _load(name: str, family: str, model: str) -> Embedder:
    if name == "minilm":
        from workbench.embedding.minilm import MiniLM

        return MiniLM()
    if name == "hashing":
        from workbench.embedding.hashing import HashingEmbedder

        return HashingEmbedder()
    if family == "sentence-transformers" and model:
        from workbench.embedding.sentence_transformers import SentenceTransformersEmbedder

        return SentenceTransformersEmbedder(model)
    raise InvalidRequest(f"Unknown embedder {name!r}. {_NAMES}")


def _minilm_or_hashing() -> Embedder:
    try:
        return _by_name("minilm")
    except (MissingDependency, Corrupted) as problem:
        warnings.warn(
            f"No embedding model: {problem} Until then texts are compared by their words, not their meaning "
            "(the hashing embedder); restart the kernel once it is installed.",
            RuntimeWarning,
            stacklevel=4,
        )
        return _by_name("hashing")
