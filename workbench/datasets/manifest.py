"""What a data set says about itself: its ``manifest.json``, read, written and checked.

A folder with a manifest is a data set, in the repository's ``data/`` as in the cache of large sets. The
checksums in it are compared at every load: SHA-256 reads about 1 GB/s, so the largest committed file (4 MB)
costs 4 ms.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from workbench.errors import Corrupted

FILE_NAME = "manifest.json"


@dataclass(frozen=True)
class Manifest:
    """The description of one data set.

    Attributes
    ----------
    name, title : str
        The name to load it by, and what it is called in a sentence.
    rows : int
        Number of records.
    fields : dict[str, str]
        Name of each column and what it means, in column order.
    text : str | None
        The column to embed (and the one that was embedded, where vectors come along).
    license, attribution, source : str
        Terms of the data, the credit they ask for, and where the data came from.
    embedder, embedder_name : str | None
        Fingerprint of the embedder that made the vectors, and the name that makes it again.
    files : dict[str, dict]
        ``{"bytes": int, "sha256": str}`` of every data file, by file name.
    """

    name: str
    title: str
    rows: int
    fields: dict[str, str]
    text: str | None
    license: str
    attribution: str
    source: str
    embedder: str | None = None
    embedder_name: str | None = None
    files: dict[str, dict[str, int | str]] = field(default_factory=dict)

    @property
    def bytes(self) -> int:
        """Size of the data files, without manifest, license and README."""
        return sum(int(mark["bytes"]) for mark in self.files.values())

    def attrs(self, with_vectors: bool) -> dict[str, str]:
        """Return what a DataFrame carries in ``attrs``: strings, because pandas compares and copies them."""
        about = {"dataset": self.name, "text": self.text}
        if with_vectors:
            about |= {"embedder": self.embedder, "embedder_name": self.embedder_name}
        return {key: value for key, value in about.items() if value is not None}


def digest(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write(folder: Path, manifest: Manifest, files: list[str]) -> Manifest:
    """Write ``manifest.json`` with the checksums of ``files`` in ``folder``; return what was written."""
    marks = {
        name: {"bytes": (folder / name).stat().st_size, "sha256": digest(folder / name)} for name in files
    }
    complete = Manifest(**{**asdict(manifest), "files": marks})
    text = json.dumps(asdict(complete), indent=2, ensure_ascii=False) + "\n"
    (folder / FILE_NAME).write_text(text, encoding="utf-8")
    return complete


def read(folder: Path) -> Manifest:
    """Read the manifest of a folder.

    Raises
    ------
    Corrupted
        The manifest is missing, is not JSON, or lacks a field.
    """
    path = folder / FILE_NAME
    try:
        return Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise Corrupted(str(path), f"cannot be read as a manifest ({error})", remedy(folder)) from error


def verify(folder: Path, manifest: Manifest, name: str) -> Path:
    """Return the path of a data file after comparing it with its checksum.

    Raises
    ------
    Corrupted
        The file is missing or its bytes are not those that the manifest lists.
    """
    path, mark = folder / name, manifest.files[name]
    if not path.is_file():
        raise Corrupted(str(path), "the file is missing", remedy(folder))
    size = path.stat().st_size
    if size != mark["bytes"]:
        raise Corrupted(str(path), f"expected {mark['bytes']:,} bytes, found {size:,}", remedy(folder))
    found = digest(path)
    if found != mark["sha256"]:
        raise Corrupted(str(path), f"expected SHA-256 {mark['sha256']}, found {found}", remedy(folder))
    return path


def remedy(folder: Path) -> str:
    """Return what a person does about a damaged file of ``folder``."""
    return (
        f"Restore {folder} from the repository or reinstall; if it was built on this machine, build it again."
    )
