"""Pictures as queries, where the model that made the vectors takes pictures too."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.surfaces.notebook import texts

if TYPE_CHECKING:
    from workbench import collection as core
    from workbench import embedding

# Decoded pictures beyond this are refused before they take the memory: a photograph has 12 to 100 million.
_MAX_PIXELS = 100_000_000


class Images:
    """The part of a notebook's collection that asks with pictures.

    The embedder says whether it takes pictures by having a method ``embed_images``, which takes a list of
    ``PIL.Image`` and returns float32 of shape (n, dim), in the space of its texts.
    """

    _inner: core.Collection
    _embedder: embedding.Embedder | None

    @property
    def takes_images(self) -> bool:
        """Whether a picture can be searched for."""
        # What is recorded by name are models of texts. They are not loaded to be asked: that took as much of
        # a search box's first paint as all else together.
        return hasattr(self._embedder, "embed_images")

    def image_vector(self, image: Any) -> npt.NDArray[np.float32]:
        """Return the vector of a picture, to be searched for.

        Parameters
        ----------
        image : PIL.Image, path, bytes, or str ``data:image/…;base64,…``

        Returns
        -------
        float32[dim]

        Raises
        ------
        InvalidRequest
            When the embedder takes no pictures, or this is none.
        """
        model = self._image_model()
        if not hasattr(model, "embed_images"):
            raise InvalidRequest(
                f"image: expected an embedder that takes pictures, and {model.name!r} takes texts only; "
                "make the collection with an embedder that has a method embed_images(list of PIL.Image)"
            )
        return np.asarray(model.embed_images([_opened(image)])[0], np.float32)

    def _image_model(self) -> Any:
        record = texts.TextRecord.of(self._inner.config.metadata)
        return texts.resolve(record, self._embedder, self._inner.name)


def _opened(image: Any) -> Any:
    import base64
    import binascii

    from PIL import Image, UnidentifiedImageError

    if isinstance(image, Image.Image):
        return image.convert("RGB")
    try:
        if isinstance(image, str) and image.startswith("data:"):
            image = base64.b64decode(image.partition(",")[2], validate=True)
        if not isinstance(image, bytes | str | Path):
            raise InvalidRequest(
                f"image: expected a PIL.Image, a path, bytes or a data URI, got {type(image).__name__}"
            )
        with Image.open(io.BytesIO(image) if isinstance(image, bytes) else image) as opened:
            if opened.width * opened.height > _MAX_PIXELS:
                raise InvalidRequest(f"image: expected at most {_MAX_PIXELS:,} pixels")
            return opened.convert("RGB")
    except (UnidentifiedImageError, OSError, binascii.Error) as error:
        raise InvalidRequest(f"image: expected a picture that Pillow reads: {error}") from None
