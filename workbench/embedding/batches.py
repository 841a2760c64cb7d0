"""What every embedder does around its model: check texts, cut batches, check and scale vectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from workbench.embedding import Vectors
from workbench.errors import DimensionMismatch, InvalidRequest, InvalidVector
from workbench.tasks import Progress


def check_texts(texts: Sequence[str]) -> list[str]:
    """Return `texts` as a list of strings that UTF-8 can hold.

    Raises
    ------
    InvalidRequest
        `texts` is one string, or an item is not a string (a missing value of a DataFrame, most often).
    """
    if isinstance(texts, str | bytes):
        raise InvalidRequest("Expected a list of texts, got one text: write embed([text]).")
    checked = []
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise InvalidRequest(
                f"Text {row} is {text!r} ({type(text).__name__}), expected str. "
                'Fill missing values of a column first: frame["text"].fillna("").'
            )
        # Half a surrogate pair (cut emoji, bad JSON) is a legal str that no tokenizer and no service takes.
        checked.append(text.encode("utf-8", "replace").decode("utf-8"))
    return checked


def embed_in_batches(
    texts: list[str],
    encode: Callable[[list[str]], object],
    *,
    size: int,
    dim: int,
    name: str,
    progress: Progress,
    by_length: bool = False,
) -> Vectors:
    """Encode `texts` in batches of `size`, and return their unit vectors in the order of `texts`.

    Parameters
    ----------
    texts : list of str
        As :func:`check_texts` returned them.
    encode : callable
        Takes the texts of one batch, returns an array-like of shape (n, dim).
    size, dim : int
        Texts per batch; length of a vector.
    name : str
        Stands in progress reports and errors.
    progress : Progress
        Called before the first batch and after each; what it raises ends the work.
    by_length : bool
        Batch texts of like length together, so that little padding is computed. The length is that of the
        text in characters: it needs no pass of the tokenizer over all texts before the first batch.
    """
    vectors = np.empty((len(texts), dim), dtype=np.float32)
    order = sorted(range(len(texts)), key=lambda row: len(texts[row])) if by_length else range(len(texts))
    progress(0, len(texts), name)
    for start in range(0, len(texts), size):
        rows = order[start : start + size]
        vectors[rows] = unit_vectors(encode([texts[row] for row in rows]), len(rows), dim, name)
        progress(start + len(rows), len(texts), name)
    return vectors


def unit_vectors(array: object, count: int, dim: int | None, name: str) -> Vectors:
    """Check what a model returned, and scale each row to unit length; a row of zeros stays as it is.

    Raises
    ------
    InvalidVector
        Not numbers, not of shape (count, dim), or not finite.
    DimensionMismatch
        Rows of another length than `dim`.
    """
    if hasattr(array, "detach"):  # a torch tensor: on a GPU, with a gradient, of a type that NumPy lacks
        array = array.detach().float().cpu()
    elif isinstance(array, Iterator):  # fastembed yields its vectors one by one
        array = list(array)
    try:
        vectors = np.asarray(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InvalidVector(
            f"{name}: expected an array of {count} vectors, got {type(array).__name__}: {error}"
        ) from error
    if vectors.ndim != 2 or len(vectors) != count or vectors.shape[1] == 0:
        raise InvalidVector(
            f"{name}: expected one vector per text, shape ({count}, dim); got shape {vectors.shape}"
        )
    if dim is not None and vectors.shape[1] != dim:
        raise DimensionMismatch(dim, vectors.shape[1], name)
    if not np.isfinite(vectors).all():
        row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
        raise InvalidVector(f"{name}: the vector of text {row} of its batch holds NaN or infinite values")
    # Through the largest value first: squares of huge or tiny components leave float32's range.
    peak = np.abs(vectors).max(axis=1, keepdims=True)
    scaled = vectors / np.where(peak > 0, peak, 1)
    norm = np.linalg.norm(scaled, axis=1, keepdims=True)
    return np.asarray(scaled / np.where(norm > 0, norm, 1), dtype=np.float32)
