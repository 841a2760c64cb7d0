"""Build a large data set: ``python -m workbench.datasets.build fashion|wordnet|debian``.

Fetches the source with the machine's own package client, embeds its texts once and keeps the result in the
user's cache. Measured on 2 cores: fashion 8 s, wordnet 10 minutes, debian (longer texts) estimated at 15.
"""

from __future__ import annotations

import argparse
import pkgutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from workbench.datasets import debian, fashion, packages, wordnet
from workbench.datasets.large import LARGE, cache_folder, store
from workbench.datasets.manifest import Manifest
from workbench.datasets.tables import Record
from workbench.errors import NotFound
from workbench.tasks import Progress, silent

# Named, not imported: data sets and embedders do not depend on each other, and any other may be named. This
# one fails where the model is missing; workbench.embedding.default would fall back to comparing words.
DEFAULT_EMBEDDER = "workbench.embedding.minilm:MiniLM"

ABOUT = {
    "fashion": Manifest(
        name="fashion",
        title="Fashion-MNIST",
        rows=0,
        fields=fashion.FIELDS,
        text=None,
        license="MIT",
        attribution="Fashion-MNIST, Copyright (c) 2017 Zalando SE",
        source="Debian package dataset-fashion-mnist",
    ),
    "wordnet": Manifest(
        name="wordnet",
        title="WordNet 3.0 definitions",
        rows=0,
        fields=wordnet.FIELDS,
        text="text",
        license="WordNet 3.0 license",
        attribution="WordNet 3.0, Copyright 2006 by Princeton University. All rights reserved.",
        source="Debian package wordnet-base",
    ),
    "debian": Manifest(
        name="debian",
        title="Descriptions of Debian packages",
        rows=0,
        fields=debian.FIELDS,
        text="text",
        license="as each package; for use on this machine",
        attribution="The Debian project and the maintainers named in each record",
        source="Package lists of the Debian release this machine follows",
    ),
}


class Embedder(Protocol):
    """What is needed of an embedder here."""

    @property
    def name(self) -> str:
        """What makes it again."""
        ...

    @property
    def fingerprint(self) -> str:
        """The model and its weights."""
        ...

    def embed(self, texts: list[str], *, progress: Progress = silent) -> NDArray[np.float32]:
        """Return one unit vector a text."""
        ...


def build(
    name: str, *, embedder: Embedder | None = None, folder: Path | None = None, progress: Progress = silent
) -> Path:
    """Build a large set and return its folder.

    Parameters
    ----------
    name : str
        ``"fashion"``, ``"wordnet"`` or ``"debian"``.
    embedder : Embedder | None
        Makes the vectors of texts; the default embedder when None. Fashion-MNIST needs none.
    folder : Path | None
        Where to keep it; the user's cache by default.
    progress : Progress
        Told how many texts are embedded.

    Raises
    ------
    NotFound
        No such set.
    MissingDependency, StorageFailed
        The package client is missing, or failed; the message holds what it said.
    """
    if name not in LARGE:
        raise NotFound(f"No large data set {name!r}; there are: {', '.join(LARGE)}")
    home = folder or cache_folder()
    home.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{name}-source-", dir=home) as scratch:
        if name == "fashion":
            root = packages.debian_package("dataset-fashion-mnist", Path(scratch))
            vectors, queries, records, query_records = fashion.read(root)
            return store(home, _about(name, records), vectors, queries, records, query_records)
        records, query_records = _texts(name, Path(scratch))
    embedder = embedder or named_embedder()
    texts = [str(record["text"]) for record in [*records, *query_records]]
    embedded = embedder.embed(texts, progress=progress)
    vectors, queries = embedded[: len(records)], embedded[len(records) :]
    return store(home, _about(name, records, embedder), vectors, queries, records, query_records)


def named_embedder(name: str = DEFAULT_EMBEDDER) -> Embedder:
    """Return what the function ``"module:function"`` returns."""
    made: Embedder = pkgutil.resolve_name(name)()
    return made


def _texts(name: str, scratch: Path) -> tuple[list[Record], list[Record]]:
    if name == "wordnet":
        return wordnet.read(packages.debian_package("wordnet-base", scratch))
    return debian.read(scratch)


def _about(name: str, records: list[Record], embedder: Embedder | None = None) -> Manifest:
    about = replace(ABOUT[name], rows=len(records))
    return replace(about, embedder=embedder.fingerprint, embedder_name=embedder.name) if embedder else about


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show a terminal progress bar for the length of the block."""
    from tqdm import tqdm

    with tqdm(desc=title, unit=" texts", unit_scale=True) as bar:

        def progress(done: int, total: int, text: str = "") -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield progress


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m workbench.datasets.build", description=__doc__)
    parser.add_argument("name", choices=LARGE, help="the set to build")
    parser.add_argument("--folder", type=Path, help=f"where to keep it (default: {cache_folder()})")
    parser.add_argument("--embedder", default=DEFAULT_EMBEDDER, help="module:function (default: %(default)s)")
    options = parser.parse_args(arguments)
    extra: dict[str, Any] = {}
    if options.name != "fashion":
        extra["embedder"] = named_embedder(options.embedder)
    with progress_bar(options.name) as progress:
        made = build(options.name, folder=options.folder, progress=progress, **extra)
    sys.stdout.write(f"{made}\n")


if __name__ == "__main__":
    main()
