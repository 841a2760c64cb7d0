"""One collection: its files, its writer, its view and its background work.

``collection`` owns the state, ``opening`` reads it from disk, ``updates`` and ``payloads`` change it,
``upkeep`` seals and merges in the background, ``info`` describes it. Questions live in
:mod:`workbench.query`.
"""

from workbench.collection.collection import Collection

__all__ = ["Collection"]
