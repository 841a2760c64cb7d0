"""What lives in the kernel: collections by name, in one folder or in memory.

Opening the same folder twice in one process gives the same engine, so a notebook cell can be run again; a second
process is told who has the folder open.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path

from workbench import kernels
from workbench.collection import Collection
from workbench.collection.opening import create, open_collection
from workbench.errors import Closed, Conflict, Corrupted, InvalidRequest, NotFound
from workbench.models.config import CollectionConfig
from workbench.storage.catalog import Catalog
from workbench.storage.files import make_folder
from workbench.storage.lock import FolderLock

log = logging.getLogger("workbench")

Listener = Callable[[str, str], None]

_open_engines: dict[Path, Engine] = {}
_opening = threading.RLock()

_FORBIDDEN = re.compile(r'[\x00-\x1f/\\<>:"|?*]')


def open_engine(path: str | os.PathLike[str] | None = None, *, wait: float = 5.0) -> Engine:
    """Open the database in the folder `path`, made if it is not there; in memory when it is None.

    Raises
    ------
    FolderLocked
        When another process has it open, after `wait` seconds.
    Corrupted
        When the catalog is damaged. A damaged collection raises when it is asked for; the others open.
    """
    if path is None:
        return Engine(None)
    root = Path(path).expanduser().resolve()
    with _opening:
        known = _open_engines.get(root)
        if known is not None and not known.closed:
            return known
        engine = _open_engines[root] = Engine(root, wait=wait)
        return engine


class Engine:
    """Collections by name; made by :func:`open_engine`.

    Attributes
    ----------
    root : Path or None
        The database folder; None in memory.
    listeners : list of callable
        Called as ``listener(event, collection_name)`` after ``"created"``, ``"deleted"``, ``"updated"``,
        ``"indexed"`` and ``"configured"``, on whatever thread did it.
    """

    def __init__(self, root: Path | None, *, wait: float = 5.0) -> None:
        self.root, self.closed, self.listeners = root, False, list[Listener]()
        self._pid = os.getpid()
        self._guard = threading.RLock()
        self._collections: dict[str, Collection] = {}
        self._damaged: dict[str, Corrupted] = {}
        self._lock: FolderLock | None = None
        kernels.warm()
        if root is not None:
            make_folder(root)
            self._lock = FolderLock(root, wait)
        try:
            self._catalog = Catalog(root)
            self._catalog.sweep()
            for name, folder in self._catalog.folders().items():
                if folder is not None:
                    self._load(name, folder)
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    # -- collections -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Return the names of all collections, sorted; damaged ones included."""
        self._check_open()
        return sorted([*self._collections, *self._damaged])

    def exists(self, name: str) -> bool:
        """Whether there is a collection of this name."""
        self._check_open()
        return name in self._collections or name in self._damaged

    def collection(self, name: str) -> Collection:
        """Return a collection.

        Raises
        ------
        NotFound
            When there is none of this name.
        Corrupted
            When its files are damaged; the text names the file.
        """
        self._check_open()
        try:
            return self._collections[name]
        except KeyError:
            pass
        if name in self._damaged:
            raise self._damaged[name]
        raise NotFound(f"Collection `{name}` doesn't exist!")

    def create(self, name: str, config: CollectionConfig) -> Collection:
        """Make an empty collection; after this returns it survives a crash.

        Raises
        ------
        Conflict
            When the name is taken.
        InvalidRequest
            When it is no name.
        """
        check_name(name)
        with self._guard:
            if self.exists(name):
                raise Conflict(f"Collection `{name}` already exists!")
            folder = self._catalog.new_folder(name)
            collection = create(name, folder, config)
            self._catalog.register(name, folder)
            self._keep(collection)
        self._announce("created", name)
        return collection

    def delete(self, name: str) -> bool:
        """Remove a collection with all its files; False when there is none."""
        with self._guard:
            if not self.exists(name):
                return False
            self._catalog.forget(name)
            collection = self._collections.pop(name, None)
            if collection is not None:
                collection.drop()
            elif self._damaged.pop(name, None) is not None:
                self._catalog.sweep()
        self._announce("deleted", name)
        return True

    def close(self) -> None:
        """Close every collection and let other processes open the folder; doing it twice is harmless."""
        with self._guard:
            if self.closed:
                return
            self.closed = True
            if os.getpid() != self._pid:
                return  # a forked child: the files and the lock are its parent's
            for collection in self._collections.values():
                collection.close()
            self._catalog.close()
            if self._lock is not None:
                self._lock.release()
        if self.root is not None:
            with _opening:
                if _open_engines.get(self.root) is self:
                    del _open_engines[self.root]

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- inside ----------------------------------------------------------------------------------------

    def _load(self, name: str, folder: Path) -> None:
        try:
            collection = open_collection(name, folder)
        except Corrupted as error:
            log.error("collection %s is damaged and left closed: %s", name, error)
            self._damaged[name] = error
            return
        self._keep(collection)
        collection.upkeep.wake()

    def _keep(self, collection: Collection) -> None:
        collection.listeners.append(lambda event, changed: self._announce(event, changed.name))
        self._collections[collection.name] = collection

    def _announce(self, event: str, name: str) -> None:
        for listener in list(self.listeners):
            listener(event, name)

    def _check_open(self) -> None:
        if self.closed:
            raise Closed("the database was closed; open it again with workbench.open(path)")
        if os.getpid() != self._pid:
            raise Closed("the database was opened before this process was forked; open it again in the child, "
                         "after the parent has closed it")  # fmt: skip


def check_name(name: str) -> str:
    """Return `name` if a collection may be called so.

    Raises
    ------
    InvalidRequest
        When it is empty, longer than 255 bytes, or has one of the signs that Qdrant forbids.
    """
    if not isinstance(name, str) or not name.strip() or len(name.encode()) > 255:
        raise InvalidRequest(f"collection name: expected 1 to 255 bytes, got {name!r:.80}")
    if found := _FORBIDDEN.search(name):
        raise InvalidRequest(f"collection name cannot contain {found.group()!r}, got {name!r:.80}")
    return name
