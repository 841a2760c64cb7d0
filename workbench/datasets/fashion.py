"""Fashion-MNIST: 60,000 pictures of clothes as raw pixels, and 2,000 test pictures to search with.

Source: Debian package ``dataset-fashion-mnist`` (Zalando Research, MIT). File format: idx, big-endian, as
described on Yann LeCun's MNIST page: 2 zero bytes, a type byte, the number of dimensions, each dimension as
uint32, then the data.
"""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from workbench.datasets.tables import Record
from workbench.errors import Corrupted

N_QUERIES = 2000
CLASSES = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip

FIELDS = {
    "id": "row number",
    "label": "class, 0 to 9",
    "cls": "name of the class",
    "ink": "mean of the pixels, 0 to 255",
    "ink_sd": "standard deviation of the pixels",
    "n_on": "number of pixels above 0",
    "rows_on": "rows with any ink",
    "cols_on": "columns with any ink",
    "max_px": "brightest pixel",
    "top_heavy": "whether the upper half has more ink than the lower",
    "split": "train or test",
}


def read(root: Path) -> tuple[NDArray[np.float32], NDArray[np.float32], list[Record], list[Record]]:
    """Return vectors float32[60000, 784], queries float32[2000, 784] and the records of both."""
    folder = root / "usr/share/datasets/fashion-mnist"
    parts = []
    for prefix, split, count in (("train", "train", None), ("t10k", "test", N_QUERIES)):
        images = idx((folder / f"{prefix}-images-idx3-ubyte.gz").read_bytes())[:count]
        labels = idx((folder / f"{prefix}-labels-idx1-ubyte.gz").read_bytes())[:count]
        parts.append((images.reshape(len(images), -1).astype(np.float32), records(images, labels, split)))
    (vectors, about), (queries, about_queries) = parts
    return vectors, queries, about, about_queries


def idx(packed: bytes) -> NDArray[np.uint8]:
    """Read a gzip-compressed idx file of unsigned bytes.

    Raises
    ------
    Corrupted
        The header is not that of unsigned bytes, or announces another size than there is.
    """
    data = gzip.decompress(packed)
    if data[:3] != b"\0\0\x08":
        raise Corrupted("idx file", f"expected a header 00 00 08, found {data[:3].hex(' ')}")
    n_dims = data[3]
    shape = struct.unpack_from(f">{n_dims}I", data, 4)
    body = np.frombuffer(data, dtype=np.uint8, offset=4 + 4 * n_dims)
    if body.size != np.prod(shape):
        raise Corrupted("idx file", f"expected {shape} bytes, found {body.size}")
    return body.reshape(shape)


def records(images: NDArray[np.uint8], labels: NDArray[np.uint8], split: str) -> list[Record]:
    """Describe pictures uint8[n, h, w] by eleven fields computed from their pixels and labels."""
    half = images.shape[1] // 2
    on = images > 0
    columns = {
        "id": np.arange(len(images)),
        "label": labels,
        "cls": np.array(CLASSES)[labels],
        "ink": images.mean(axis=(1, 2)).round(2),
        "ink_sd": images.std(axis=(1, 2)).round(2),
        "n_on": on.sum(axis=(1, 2)),
        "rows_on": on.any(axis=2).sum(axis=1),
        "cols_on": on.any(axis=1).sum(axis=1),
        "max_px": images.max(axis=(1, 2)),
        "top_heavy": images[:, :half].sum(axis=(1, 2)) > images[:, half:].sum(axis=(1, 2)),
        "split": np.full(len(images), split),
    }
    rows = zip(*(column.tolist() for column in columns.values()), strict=True)
    return [dict(zip(columns, row, strict=True)) for row in rows]
