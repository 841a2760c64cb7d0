"""The state of one collection and the rule by which it changes.

All writes run one after the other on one thread of the collection. A caller waits for its write there, so
that an interrupted notebook cell stops waiting but never leaves a write half done. A write ends by
publishing a new :class:`~workbench.segments.view.View` in one assignment; readers take the view once and use
it to the end.
"""

from __future__ import annotations

import itertools
import logging
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from workbench.collection.upkeep import Upkeep
from workbench.collection.verification import Verification
from workbench.errors import Closed
from workbench.models.config import CollectionConfig
from workbench.segments.tail import Tail
from workbench.segments.view import SegmentView, View
from workbench.storage.files import remove_folder
from workbench.storage.points import PointStore

log = logging.getLogger("workbench")

T = TypeVar("T")
Listener = Callable[[str, "Collection"], None]


# Counted by the system's own hook, because asking for the process id at each search is a system call.
_forks = 0


def _count_fork() -> None:
    global _forks
    _forks += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_count_fork)


class Collection:
    """Points under one name.

    Parameters
    ----------
    name : str
        Its name in the database.
    folder : Path or None
        Where it is kept; None in memory.
    store : PointStore
        Its SQLite file.
    config : CollectionConfig
        Vectors and settings.
    segments : sequence of SegmentView
        What the manifest names; the last is the tail that takes writes.
    """

    def __init__(
        self,
        name: str,
        folder: Path | None,
        store: PointStore,
        config: CollectionConfig,
        segments: Sequence[SegmentView],
        operation: int = 0,
    ) -> None:
        self.name, self.folder, self.store = name, folder, store
        self._view = View(tuple(segments), config, store, operation)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix=f"workbench-write-{name[:40]}")
        # Begun now: an executor that Ctrl-C hits as its thread begins would forget it, and begin another.
        self._writer_thread = self._writer.submit(threading.get_ident).result()
        self._closed, self._forks = False, _forks
        self._numbers = itertools.count(1 + max(s.segment.number for s in segments))
        self.listeners: list[Listener] = []
        self.verification = Verification(lambda: self._view.segments, lambda: self.upkeep.wake())
        self.upkeep = Upkeep(self)

    # -- reading ---------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The newest published view."""
        view = self._view  # before the check: closing empties it
        self._check_open()
        return view

    @property
    def config(self) -> CollectionConfig:
        """The current configuration."""
        return self._view.config

    @property
    def tail(self) -> Tail:
        """The segment that takes new points."""
        tail = self._view.segments[-1].segment
        assert isinstance(tail, Tail)
        return tail

    # -- writing ---------------------------------------------------------------------------------------

    def write(self, change: Callable[[], T]) -> T:
        """Run `change` on the writer's thread and return what it returns."""
        self._check_open()
        if threading.get_ident() == self._writer_thread:
            return change()
        try:
            return self._writer.submit(self._write, change).result()
        except RuntimeError as error:
            if self._closed:
                raise self._gone() from error
            raise

    def _write(self, change: Callable[[], T]) -> T:
        self._check_open()
        return change()

    def _gone(self) -> Closed:
        return Closed(
            f"collection {self.name!r} was closed or deleted; open the database again if it is closed, and "
            f"take db[{self.name!r}] from it"
        )

    def _check_open(self) -> None:
        if self._closed:
            raise self._gone()
        if self.verification.found is not None:
            raise self.verification.found.again()
        if _forks != self._forks:  # the writer's thread stayed in the parent: waiting would never end
            raise Closed(
                f"collection {self.name!r} was opened before this process was forked; open the database "
                "again in the child, after the parent has closed it"
            )

    def new_number(self) -> int:
        """Return a number that no segment has, had, or is being built under."""
        return next(self._numbers)

    def publish(
        self,
        segments: Sequence[SegmentView] | None = None,
        *,
        config: CollectionConfig | None = None,
        operation: int | None = None,
    ) -> None:
        """Let readers see new segments; only the writer may call it."""
        view = self._view
        self._view = replace(
            view,
            segments=view.segments if segments is None else tuple(segments),
            config=view.config if config is None else config,
            derived=view.derived if config is None else {},
            operation=view.operation if operation is None else operation,
        )

    def announce(self, event: str) -> None:
        """Tell listeners that something happened: ``"updated"``, ``"indexed"`` or ``"configured"``."""
        for listener in list(self.listeners):
            try:
                listener(event, self)
            except Exception:  # the write is done and acknowledged, whatever a listener makes of it
                log.exception("a listener of collection %s failed on %r", self.name, event)

    # -- end -------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Stop background work and close the files; what was acknowledged is on disk already.

        Readers that hold a view keep its mappings, which go with the last of them.
        """
        self.upkeep.stop()
        self.verification.stop()
        if self._closed:
            return
        self._closed = True
        self._writer.shutdown(wait=True)
        for view in self._view.segments:
            if isinstance(view.segment, Tail):
                view.segment.close()
        self.store.close()
        # The collection is in cycles with what works for it: mappings would stay until the garbage collector
        # comes, and with each of them a handle and the disk space of a file that was removed.
        self._view = View((), self._view.config, self.store, self._view.operation)

    def drop(self) -> None:
        """Close, and remove every file."""
        self.close()
        if self.folder is not None:
            remove_folder(self.folder)
