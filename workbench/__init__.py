"""Workbench: a vector database that lives in your notebook's kernel.

>>> import workbench as wb
>>> db = wb.open()                                    # in memory; wb.open("folder/") keeps it on disk
>>> articles = db.create("articles", wb.datasets.load("wikipedia"), progress=False)
>>> articles.search("how plants make food from sunlight", k=1)[0]["title"]
'Photosynthesis'
"""

from __future__ import annotations

import gc
import importlib
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench import datasets, embedding, errors
    from workbench.surfaces.client.asynchronous import AsyncQdrantClient
    from workbench.surfaces.client.compat import QdrantClient
    from workbench.surfaces.notebook import Collection, Database, Hits
    from workbench.surfaces.notebook.devices import Devices
    from workbench.surfaces.notebook.hit import Hit

__version__ = "0.1.0"

__all__ = [
    "AsyncQdrantClient",
    "Collection",
    "Database",
    "Hit",
    "Hits",
    "QdrantClient",
    "datasets",
    "devices",
    "embedding",
    "errors",
    "open",
]

# Loaded when first used, so that importing Workbench costs no more than it must.
_LAZY = {
    "Collection": "workbench.surfaces.notebook",
    "Database": "workbench.surfaces.notebook",
    "Hit": "workbench.surfaces.notebook.hit",
    "Hits": "workbench.surfaces.notebook",
    "AsyncQdrantClient": "workbench.surfaces.client.asynchronous",
    "QdrantClient": "workbench.surfaces.client.compat",
    "datasets": "workbench.datasets",
    "embedding": "workbench.embedding",
    "errors": "workbench.errors",
}


def open(  # noqa: A001
    path: str | os.PathLike[str] | None = None, *, wait: float = 5.0, device: str | None = None
) -> Database:
    """Open a database: the folder `path`, made if it is not there, or one in memory.

    Parameters
    ----------
    path : path-like, optional
        A folder. Opening it again in the same process gives the same database, so a cell can be run twice.
    wait : float
        Seconds to wait for another process that has the folder open.

    device : str, optional
        On what graphs are built: ``"gpu"``, ``"cpu"``, or ``"auto"``, a GPU where there is one and the points
        are worth it. What is not said stays as it was; at first it is "auto".

    Raises
    ------
    FolderLocked
        When another process still has it open; the message names the process.
    DeviceUnavailable
        When `device` is "gpu" and there is none.
    """
    # What is imported stays. To look through it for garbage took 12 of the 94 ms to the first answer.
    collecting = gc.isenabled()
    gc.disable()
    try:
        from workbench.engine import open_engine
        from workbench.surfaces.notebook import Database
    finally:
        if collecting:
            gc.enable()

    if device is None:
        return Database(open_engine(path, wait=wait))
    from workbench.kernels.gpu.devices import check

    wanted = check(device)
    database = Database(open_engine(path, wait=wait))
    database.engine.device = wanted
    return database


def devices() -> Devices:
    """Return the GPUs that graphs can be built on, or why there is none; shows itself."""
    from workbench.surfaces.notebook.devices import Devices

    return Devices.here()


def load_ipython_extension(shell: Any) -> None:
    """Give a notebook ``%workbench`` and ``%%search``: what ``%load_ext workbench`` calls."""
    from workbench.surfaces.notebook.magics import WorkbenchMagics

    shell.register_magics(WorkbenchMagics)


def __getattr__(name: str) -> Any:
    if name not in _LAZY:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    module = importlib.import_module(_LAZY[name])
    return module if _LAZY[name] == f"workbench.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
