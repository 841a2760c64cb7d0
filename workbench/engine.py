"""What lives in the kernel: collections by name, in one folder or in memory.

Opening the same folder twice in one process gives the same engine, so a notebook cell can be run again; a
second process is told who has the folder open.
"""

from __future__ import annotations

import logging
import os
import re
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from workbench import kernels
from workbench.collection import Collection
from workbench.collection.opening import create, open_collection
from workbench.errors import (
    Closed,
    Conflict,
    Corrupted,
    InvalidRequest,
    NotFound,
    StorageFailed,
    WorkbenchError,
)
from workbench.models.config import CollectionConfig
from workbench.storage.catalog import Catalog
from workbench.storage.files import explained, make_folder, remove_folder
from workbench.storage.lock import FolderLock

log = logging.getLogger("workbench")

Listener = Callable[[str, str], None]

_open_engines: dict[Path, Engine] = {}
_opening = threading.RLock()

# Qdrant's signs, and halves of surrogate pairs, which no UTF-8 can hold.
_FORBIDDEN = r'[\x00-\x1f/\\<>:"|?*\ud800-\udfff]'

_ADVICE = "; workbench.QdrantClient(url=...) talks to a server"


def open_engine(path: str | os.PathLike[str] | None = None, *, wait: float = 5.0) -> Engine:
    """Open the database in the folder `path`, made if it is not there; in memory for None or ``":memory:"``.

    Raises
    ------
    FolderLocked
        When another process has it open, after `wait` seconds.
    InvalidRequest, StorageFailed
        When it is a file or a URL, or cannot be made.
    Corrupted
        When the catalog is damaged. A damaged collection raises when it is asked for; the others open.
    """
    if path is None or path == ":memory:":
        return Engine(None)
    if not isinstance(path, str | os.PathLike) or "://" in str(path):
        raise InvalidRequest(
            f"expected the path of a folder, got {path!r}{_ADVICE if '://' in str(path) else ''}"
        )
    root = Path(path).expanduser().resolve()
    with _opening:
        known = _open_engines.get(root)
        if known is not None and not known.closed and known.pid == os.getpid():
            return known
        engine = _open_engines[root] = Engine(root, wait=wait)
        return engine


class Engine:
    """Collections by name; made by :func:`open_engine`.

    Attributes
    ----------
    root : Path or None
        The database folder; None in memory.
    pid : int
        The process that opened it, and the only one that may use it.
    device : str
        On what graphs are built unless a collection says otherwise: "auto", "cpu" or "gpu".
    listeners : list of callable
        Called as ``listener(event, collection_name)`` after ``"created"``, ``"deleted"``, ``"updated"``,
        ``"indexed"`` and ``"configured"``, on whatever thread did it.
    beside : dict
        What layers above keep with the engine, by their name; it lives as long as the engine.
    """

    def __init__(self, root: Path | None, *, wait: float = 5.0) -> None:
        self.root, self.closed, self.listeners, self.device = root, False, list[Listener](), "auto"
        self.beside: dict[str, Any] = {}
        self.pid = os.getpid()
        self._guard = threading.RLock()
        self._collections: dict[str, Collection] = {}
        self._prepared: set[Collection] = set()
        self._damaged: dict[str, Corrupted | StorageFailed] = {}
        self._lock: FolderLock | None = None
        if root is not None:
            if root.exists() and not root.is_dir():
                raise InvalidRequest(f"expected the path of a folder, got the file {root}")
            with explained(root, "opening"):
                make_folder(root)
                self._lock = FolderLock(root, wait)
        with ExitStack() as undo:
            undo.callback(self._release)
            self._catalog = undo.enter_context(closing(Catalog(root)))
            self._catalog.sweep()
            self._aliases = self._catalog.aliases()
            for name, folder in self._catalog.folders().items():
                if folder is not None:
                    undo.callback(self._load(name, folder))
            undo.pop_all()
        for collection in self._collections.values():
            collection.upkeep.wake()
        # Last, because importing numba beside the loading above would take turns with it at the interpreter.
        kernels.warm()

    # -- collections -----------------------------------------------------------------------------------

    def names(self) -> list[str]:
        """Return the names of all collections, sorted; damaged ones included."""
        self._check_open()
        return sorted([*self._collections, *self._damaged])

    def exists(self, name: str) -> bool:
        """Whether there is a collection of this name; aliases are not looked at, see :meth:`resolve`."""
        self._check_open()
        return name in self._collections or name in self._damaged

    def resolve(self, name: str) -> str:
        """Return the name of the collection that `name`, itself or as an alias, stands for."""
        self._check_open()
        return name if self.exists(name) else self._aliases.get(name, name)

    def collection(self, name: str) -> Collection:
        """Return a collection, by its name or an alias.

        Raises
        ------
        NotFound
            When there is none of this name.
        Corrupted
            When its files are damaged; the text names the file.
        """
        self._check_open()
        try:
            collection = self._collections[name]
        except KeyError:
            pass
        else:
            if collection.verification.found is not None:
                raise collection.verification.found.again()
            return collection
        if name in self._damaged:
            raise self._damaged[name].again()
        if name in self._aliases:
            return self.collection(self._aliases[name])
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
        collection = self.prepare(name, config)
        try:
            self.adopt(collection)
        except BaseException:
            self.discard(collection)
            raise
        return collection

    def prepare(self, name: str, config: CollectionConfig, *, replace: bool = False) -> Collection:
        """Make an empty collection that nobody finds, and no crash leaves behind, until :meth:`adopt`.

        Raises
        ------
        Conflict
            When the name is taken and `replace` is False.
        InvalidRequest
            When it is no name.
        """
        check_name(name)
        with self._guard:
            self._check_free(name, replace)
            collection = create(name, self._catalog.new_folder(name), config)
            collection.upkeep.default_device = lambda: self.device
            self._prepared.add(collection)
        return collection

    def adopt(self, collection: Collection, *, replace: bool = False) -> None:
        """Give a prepared collection its name, in one step, in place of an older one if `replace` is True.

        Raises
        ------
        Conflict
            When the name is taken and `replace` is False.
        """
        name = collection.name
        with self._guard:
            self._check_free(name, replace)
            # First: Ctrl-C from here on must not remove what is registered.
            self._prepared.discard(collection)
            try:
                self._catalog.register(name, collection.folder, replaced=self._catalog.folders().get(name))
            except WorkbenchError:
                self._prepared.add(collection)
                raise
            old = self._collections.get(name)
            self._damaged.pop(name, None)
            self._keep(collection)
            if old is not None:
                old.drop()
        self._announce("created", name)

    def install(
        self, name: str, fill: Callable[[Path], None], check: Callable[[Collection], None]
    ) -> Collection:
        """Make the collection `name` of files, in one step, in place of what it was.

        Parameters
        ----------
        name : str
            What it is to be called.
        fill : callable
            Puts the files into a new, empty folder.
        check : callable
            Is given the new collection before it gets its name, and raises if it is not wanted.
        """
        import tempfile

        check_name(name)
        folder = self._catalog.new_folder(name) or Path(tempfile.mkdtemp(prefix="workbench-"))
        try:
            fill(folder)
            collection = open_collection(name, folder)
        except BaseException:
            remove_folder(folder)
            raise
        with self._guard:
            self._prepared.add(collection)
        try:
            check(collection)
            self.adopt(collection, replace=True)
        except BaseException:
            self.discard(collection)
            raise
        collection.upkeep.wake()
        return collection

    def discard(self, collection: Collection) -> None:
        """Remove a prepared collection that is not wanted any more; one that was adopted stays."""
        with self._guard:
            if collection in self._prepared:
                self._prepared.discard(collection)
                collection.drop() if self._catalog.settled else collection.close()

    def delete(self, name: str) -> bool:
        """Remove a collection with all its files; False when there is none."""
        with self._guard:
            if not self.exists(name):
                return False
            self._catalog.forget(name)
            self._aliases = self._catalog.aliases()
            collection = self._collections.pop(name, None)
            if collection is not None:
                collection.drop()
            elif self._damaged.pop(name, None) is not None and not self._prepared:
                self._catalog.sweep()
        self._announce("deleted", name)
        return True

    # -- aliases ---------------------------------------------------------------------------------------

    def aliases(self) -> dict[str, str]:
        """Return the collection of each alias."""
        self._check_open()
        return dict(self._aliases)

    def change_aliases(self, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Replace the aliases by what `change` makes of them, all at once; durable when it returns.

        Raises
        ------
        NotFound
            When an alias is to stand for a collection that is not there.
        Conflict
            When an alias is called like a collection.
        InvalidRequest
            When it is no name.
        """
        with self._guard:
            changed = change(self.aliases())
            for alias, name in changed.items():
                check_name(alias)
                if not self.exists(name):
                    raise NotFound(f"Collection `{name}` doesn't exist!")
                if self.exists(alias):
                    raise Conflict(f"Collection `{alias}` already exists!")
            self._catalog.set_aliases(changed)
            self._aliases = changed

    def close(self) -> None:
        """Close every collection and let other processes open the folder; doing it twice is harmless."""
        with self._guard:
            if self.closed:
                return
            self.closed = True
            if os.getpid() != self.pid:
                return  # a forked child: the files and the lock are its parent's
            with ExitStack() as last:  # in reverse: the lock is let go whatever happens before
                last.callback(self._release)
                last.callback(self._catalog.close)
                for collection in self._collections.values():
                    # What a database in memory restored lies in a temporary folder of its own.
                    last.callback(collection.close if self.root is not None else collection.drop)
                for collection in self._prepared:
                    last.callback(collection.drop if self._catalog.settled else collection.close)
        if self.root is not None:
            with _opening:
                if _open_engines.get(self.root) is self:
                    del _open_engines[self.root]

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- inside ----------------------------------------------------------------------------------------

    def _load(self, name: str, folder: Path) -> Callable[[], None]:
        """Open a collection, or note why it cannot be; return what closes it again."""
        try:
            collection = open_collection(name, folder)
        except (Corrupted, StorageFailed) as error:
            found = self._damaged[name] = error.again()
            log.error("collection %s is damaged and left closed: %s", name, found)
            return lambda: None
        self._keep(collection)
        return collection.close

    def _check_free(self, name: str, replace: bool) -> None:
        if self.exists(name) and not replace:
            raise Conflict(f"Collection `{name}` already exists!")
        if name in self._aliases:
            raise InvalidRequest(
                f"Can't create collection with name {name}. Alias with the same name already exists"
            )

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.release()

    def _keep(self, collection: Collection) -> None:
        collection.upkeep.default_device = lambda: self.device
        collection.listeners.append(lambda event, changed: self._announce(event, changed.name))
        self._collections[collection.name] = collection

    def _announce(self, event: str, name: str) -> None:
        for listener in list(self.listeners):
            try:
                listener(event, name)
            except Exception:  # what it was told of is done, whatever it makes of it
                log.exception("a listener of the database failed on %r of %s", event, name)

    def _check_open(self) -> None:
        if self.closed:
            raise Closed("the database was closed; open it again with workbench.open(path)")
        if os.getpid() != self.pid:
            raise Closed(
                "the database was opened before this process was forked; open it again in the child, "
                "after the parent has closed it"
            )


def check_name(name: str) -> str:
    """Return `name` if a collection may be called so.

    Raises
    ------
    InvalidRequest
        When it is empty, longer than 255 bytes, or has one of the signs that Qdrant forbids.
    """
    if not isinstance(name, str) or not name or len(name.encode(errors="surrogatepass")) > 255:
        raise InvalidRequest(f"collection name: expected 1 to 255 bytes, got {name!r:.80}")
    if found := re.search(_FORBIDDEN, name):
        raise InvalidRequest(f"collection name cannot contain {found.group()!r}, got {name!r:.80}")
    if name in (".", ".."):  # a URL would lose them on its way
        raise InvalidRequest(f"collection name cannot be {name!r}")
    return name
