"""An embedder without a model: signed feature hashing of words and parts of words.

It compares words, not meaning: "cat" is near "cats" and no nearer to "kitten" than to "invoice". It is always
there, needs no file and gives the same vectors on every machine, which makes it the last resort of
:func:`workbench.embedding.default` and a good embedder for tests.

Signed hashing after Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009): the
signs make the inner product of two hashed vectors an unbiased estimate of that of the unhashed ones.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence

import numpy as np

from workbench.embedding import Kind, Vectors
from workbench.embedding.batches import check_texts, embed_in_batches
from workbench.errors import InvalidRequest
from workbench.tasks import Progress, silent

_WORDS = re.compile(r"\w+|[^\w\s]")
# Between two reports of progress, so that Cancel is felt at once.
_BATCH = 64


class HashingEmbedder:
    """Words and their 3- to 5-grams, hashed into `dim` signed counts: compares words, not meaning.

    Parameters
    ----------
    dim : int
        Length of the vectors; 384 by default, as MiniLM's.
    """

    name = "hashing"

    def __init__(self, dim: int = 384) -> None:
        if dim < 1:
            raise InvalidRequest(f"dim must be at least 1, got {dim}")
        self.dim = dim
        self.fingerprint = f"hashing-v1-{dim}"  # no weights to check: the version names the rules below

    def embed(self, texts: Sequence[str], *, kind: Kind = "document", progress: Progress = silent) -> Vectors:
        """Return one unit vector per text, float32 (n, dim), the same on every machine."""
        return embed_in_batches(
            check_texts(texts), self._encode, size=_BATCH, dim=self.dim, name=self.name, progress=progress
        )

    def _encode(self, texts: list[str]) -> Vectors:
        return np.stack([self._vector(text) for text in texts])

    def _vector(self, text: str) -> Vectors:
        counts = Counter(_features(text))
        # crc32 is the same on every machine and in every process, which hash() is not.
        codes = np.array([zlib.crc32(feature.encode()) for feature in counts], dtype=np.int64)
        # Sublinear: a word said ten times does not say ten times as much.
        weights = 1 + np.log(np.fromiter(counts.values(), dtype=np.float64, count=len(counts)))
        signs = np.where(codes & 0x80000000, -1.0, 1.0)
        vector = np.bincount((codes & 0x7FFFFFFF) % self.dim, signs * weights, self.dim).astype(np.float32)
        if not vector.any():  # features that cancel each other must not leave a text without a direction
            vector[codes[0] % self.dim] = 1.0
        return vector

    def __repr__(self) -> str:
        return f"HashingEmbedder(dim={self.dim}; compares words, not meaning)"


def _features(text: str) -> list[str]:
    """Words, and the 3- to 5-grams of each in its boundaries (``<cat>``); case and accents are folded."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in folded if not unicodedata.combining(char))
    features = []
    for word in _WORDS.findall(plain):
        features.append(word)
        bounded = f"<{word}>"
        for size in (3, 4, 5):
            features += (f"#{bounded[at : at + size]}" for at in range(len(bounded) - size + 1))
    return features or [""]  # an empty text has a vector too, and all empty texts the same
