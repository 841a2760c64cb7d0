"""A collection as it is at one moment, copied into a folder that can be opened, moved and restored."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from workbench.collection.collection import Collection
from workbench.collection.files import segment_folder
from workbench.segments.segment import Segment
from workbench.storage.files import explained, make_folder


def copy_files(collection: Collection, target: Path) -> None:
    """Copy the files of a collection on disk into the empty folder `target`.

    Runs on the writer's thread, so that the files and the SQLite file are of one moment. Arrays of sealed
    segments never change: they are linked, not copied, where the file system can, so a snapshot of a large
    collection holds writers up for milliseconds. Readers are never held up. ``Corrupted`` is raised, and
    nothing copied, when the vectors are damaged.
    """
    folder = collection.folder
    assert folder is not None

    def copy() -> None:
        collection.store.backup(target / "points.sqlite")
        for view in collection.view.segments:
            source = segment_folder(folder, view.segment.number)
            own = segment_folder(target, view.segment.number)
            sealed = isinstance(view.segment, Segment)
            make_folder(own)
            for path in source.iterdir() if source.is_dir() else ():
                _copy(path, own / path.name, link=sealed)

    collection.verification.finish()
    with explained(target, "copying to"):
        collection.write(copy)


def _copy(source: Path, target: Path, *, link: bool) -> None:
    if link:
        try:
            os.link(source, target)
        except OSError:  # another file system, or one without links
            pass
        else:
            return
    shutil.copyfile(source, target)
