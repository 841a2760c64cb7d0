"""The data sets that come with Workbench: real data of known terms, offline, whole and checked.

They lie in ``data/`` of a source checkout, and in ``workbench/_data`` of an installed wheel.
"""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.datasets import manifest as manifests
from workbench.datasets import tables
from workbench.datasets import vectors as quantized
from workbench.errors import Corrupted, NotFound

if TYPE_CHECKING:
    import pandas as pd

NAMES = ("wikipedia", "recipes", "emoji", "cities")
TABLE, VECTORS, PICTURES = "records.jsonl.xz", "vectors.npz", "pictures.zip"

INSTALLED = Path(__file__).parents[1] / "_data"
CHECKOUT = Path(__file__).parents[2] / "data"


def names() -> list[str]:
    """Return the names of the data sets that come with Workbench."""
    return list(NAMES)


def path(name: str) -> Path:
    """Return the folder of a data set: its files, README, license and manifest.

    Raises
    ------
    NotFound
        No such set; the message lists those there are.
    """
    if name not in NAMES:
        raise NotFound(
            f"No data set {name!r}; there are: {', '.join(NAMES)}. "
            "Large sets (fashion, wordnet, debian) are loaded by load_large."
        )
    return (INSTALLED if INSTALLED.is_dir() else CHECKOUT) / name


def load(name: str, *, vectors: bool = True) -> pd.DataFrame:
    """Load a data set as a DataFrame, one record a row.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    vectors : bool
        Whether to add the column ``vector`` where the set has vectors: unit rows of one float32[n, d] array.

    Returns
    -------
    pandas.DataFrame
        Numbers with gaps are ``Int64``, other missing values are None. ``attrs`` holds strings: ``dataset``
        (the name); ``text`` (the column to embed; the embedded one if there are vectors), where there is
        one; and beside vectors ``embedder`` (fingerprint of the model that made them) and ``embedder_name``
        (what :func:`workbench.embedding.resolve` makes that model from).

    Raises
    ------
    NotFound
        No such set; the message lists those there are.
    Corrupted
        A file is damaged or missing; the message names it.

    Examples
    --------
    >>> load("cities")["name"][0]
    'Shanghai'
    """
    folder = path(name)
    manifest = manifests.read(folder)
    frame = tables.frame(tables.read(manifests.verify(folder, manifest, TABLE)))
    if len(frame) != manifest.rows:
        raise Corrupted(str(folder / TABLE), f"holds {len(frame):,} records, expected {manifest.rows:,}")
    with_vectors = vectors and VECTORS in manifest.files
    if with_vectors:
        frame["vector"] = _rows(manifests.verify(folder, manifest, VECTORS), len(frame))
    frame.attrs.update(manifest.attrs(with_vectors))
    return frame


def describe() -> pd.DataFrame:
    """Return one row for each data set: title, rows, fields, text column, terms, credit and size in bytes."""
    import pandas as pd

    listed = [manifests.read(path(name)) for name in NAMES]
    rows = [
        {
            "title": m.title,
            "rows": m.rows,
            "fields": list(m.fields),
            "text": m.text,
            "vectors": VECTORS in m.files,
            "license": m.license,
            "attribution": m.attribution,
            "bytes": m.bytes,
        }
        for m in listed
    ]
    return pd.DataFrame(rows, index=pd.Index(NAMES, name="name"))


def emoji_picture(emoji: str) -> bytes:
    """Return the picture of an emoji: WebP, 64 x 64 pixels, transparent.

    Parameters
    ----------
    emoji : str
        The value of the column ``emoji``. A variation selector (U+FE0F) may be missing or surplus.

    Raises
    ------
    NotFound
        The set has no such emoji.
    Corrupted
        The file of pictures is damaged.
    """
    try:
        return _pictures(path("emoji"))[_bare(emoji)]
    except KeyError:
        raise NotFound(f"No picture of {emoji!r}; those there are stand in load('emoji').emoji") from None


def _rows(file: Path, count: int) -> list[object]:
    array = quantized.load(file)
    if len(array) != count:
        raise Corrupted(
            str(file), f"holds {len(array):,} vectors for {count:,} records", manifests.remedy(file.parent)
        )
    return list(array)


# Checked and read once: a screen that shows 100 emoji would otherwise hash the 2.6 MB file 100 times.
@lru_cache(maxsize=1)
def _pictures(folder: Path) -> dict[str, bytes]:
    """Return the picture of each emoji, by the emoji without variation selectors."""
    file = manifests.verify(folder, manifests.read(folder), PICTURES)
    with zipfile.ZipFile(file) as archive:
        return {_from_hexcode(Path(name).stem): archive.read(name) for name in archive.namelist()}


def _from_hexcode(hexcode: str) -> str:
    return _bare("".join(chr(int(point, 16)) for point in hexcode.split("-")))


def _bare(emoji: str) -> str:
    return emoji.replace("\ufe0f", "")
