"""What opening leaves for later, as the first answer need not wait: graphs, and the check of large files."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from workbench.errors import Corrupted, StorageFailed
from workbench.segments.segment import Segment
from workbench.segments.view import SegmentView
from workbench.tasks import give_way

# The first search of a program comes right after it opened a collection, and reads the same memory.
_GRACE_S = 0.1


class Verification:
    """Reads a collection's graphs, and compares the checksums of vectors, codes and links, in the background.

    Once damaged vectors are found the collection answers nothing more. Whoever copies vectors to other files
    calls :meth:`finish` first, so that damage never gets a good checksum.

    Parameters
    ----------
    segments : callable
        The segments of the newest view.
    checked : callable
        Called when all is checked in the background: a graph that was damaged is to be built again.

    Attributes
    ----------
    found : Corrupted or None
        The damage.
    """

    def __init__(self, segments: Callable[[], Sequence[SegmentView]], checked: Callable[[], None]) -> None:
        self._segments, self._checked = segments, checked
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self.found: Corrupted | None = None

    def start(self) -> None:
        """Check soon, on a thread that ends when all is checked."""
        if not all(segment.checked for segment in self._sealed()):
            self._thread = threading.Thread(target=self._run, name="workbench-verify", daemon=True)
            self._thread.start()

    def finish(self) -> None:
        """Check now what is left.

        Raises
        ------
        Corrupted
            When vectors are damaged.
        """
        try:
            for segment in self._sealed():
                segment.check_left(self._stopped)
        except Corrupted as error:
            self.found = error.again()
            raise

    def stop(self) -> None:
        """End the thread; a file half read stays unchecked."""
        self._stopped.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _run(self) -> None:
        if not self._stopped.wait(_GRACE_S):
            give_way()
            # Damage is kept, and raised to whoever asks the collection; what the system cannot read now, a
            # search will ask for again.
            with suppress(Corrupted, StorageFailed):
                self.finish()
                self._checked()

    def _sealed(self) -> list[Segment]:
        return [view.segment for view in self._segments() if isinstance(view.segment, Segment)]
