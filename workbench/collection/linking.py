"""Linking the vectors of a collection's tail to its sealed graph in the background."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from workbench.errors import Closed, Corrupted
from workbench.segments import tail_links
from workbench.segments.view import View

log = logging.getLogger("workbench")

# While one write follows another the cores are theirs, and the optimizer's: a client that sends a batch when
# the last is acknowledged leaves 50 ms between them.
_QUIET_S = 0.2
_POLL_S = 0.02


class Linking:
    """Links what is written, on a thread that lives only while there is something to link.

    Parameters
    ----------
    view : callable
        The newest view.
    name : str
        The collection's, for the thread.
    """

    def __init__(self, view: Callable[[], View], name: str) -> None:
        self._view, self._name = view, f"workbench-link-{name[:40]}"
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopping, self._woken = False, 0.0

    @property
    def working(self) -> bool:
        """Whether there is something to link."""
        return self._thread is not None

    def wake(self) -> None:
        """Link what is there soon; called after each write."""
        self._woken = time.monotonic()
        if self._thread is None and tail_links.waiting(self._view()):
            with self._changed:
                if self._thread is None and not self._stopping:
                    self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                    self._thread.start()

    def wait(self) -> None:
        """Wait until everything is linked that can be."""
        self.wake()
        with self._changed:
            self._changed.wait_for(lambda: self._thread is None)

    def stop(self) -> None:
        """End the thread, and start no other."""
        self._stopping = True
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except (Closed, Corrupted):
            log.debug("linking in %s was stopped", self._name)
        except Exception:
            self._stopping = True
            log.exception("linking new vectors failed; they are scanned until they are sealed")
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # else a write started the next
                    self._thread = None
                self._changed.notify_all()

    def _step(self) -> bool:
        """Link some vectors; False when there are no more, which is decided where no write is overlooked."""
        if self._stopping:
            return False
        if time.monotonic() - self._woken < _QUIET_S:
            time.sleep(_POLL_S)
            return True
        if tail_links.advance(self._view()):
            return True
        with self._changed:
            if self._stopping or not tail_links.waiting(self._view()):
                self._thread = None
                return False
        return True
