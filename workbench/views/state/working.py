"""What every state with background work shares: one task at a time, its progress in words, and Cancel."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import Any, Self

from traitlets import Bool, Float, HasTraits, Unicode

from workbench.errors import Cancelled, WorkbenchError
from workbench.tasks import Progress, Task, give_way

Work = Callable[[Task, Progress], None]


class Working(HasTraits):
    """A state that does long work in the background, the newest instead of the one before.

    Attributes
    ----------
    status, problem : str
        What is going on, in words; what last went wrong.
    working : bool
        Whether something runs in the background; `done` is its progress from 0 to 1, 0 while unknown.
    """

    status = Unicode("")
    problem = Unicode("")
    working = Bool(False)
    done = Float(0.0)

    cancelled_text = "Cancelled."

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self._lock = threading.RLock()
        self._task: Task | None = None

    def cancel(self) -> None:
        """Stop what runs in the background."""
        if self._task is not None:
            self._task.cancel()

    def wait(self, timeout: float | None = None) -> Self:
        """Wait until nothing runs in the background, as long as it takes, or `timeout` seconds.

        Raises
        ------
        TimeoutError
            After `timeout` seconds.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        while self.working:
            if time.monotonic() > end:
                raise TimeoutError(f"still {self.status} after {timeout} s")
            time.sleep(0.01)
        with self._lock:  # whoever watches has been told
            return self

    def _start(self, title: str, work: Work) -> None:
        """Do `work` in the background instead of what runs there now."""
        with self._lock:
            before, self._task = self._task, Task(title)
            task = self._task
            self.working, self.done, self.problem, self.status = True, 0.0, "", f"{title} …"
            if before is not None:
                before.cancel()
            task.observe(self._progressed)
            task.start(lambda progress: self._body(task, progress, work))

    def _newest(self, task: Task, **found: Any) -> bool:
        """Set traits from `task`, unless another was started meanwhile; return whether they were set."""
        with self._lock:
            if task is not self._task:
                return False
            for name, value in found.items():
                setattr(self, name, value)
            return True

    def _progressed(self, task: Task) -> None:
        with self._lock:
            if task is self._task and task.state == "running":
                self.done = task.done / task.total if task.total else 0.0
                amount = f": {task.done:,} of {task.total:,}" if task.total else ""
                self.status = f"{task.text or task.title}{amount} …"

    def _body(self, task: Task, progress: Progress, work: Work) -> None:
        problem = ""
        give_way()
        try:
            work(task, progress)
        except Cancelled:
            problem = self.cancelled_text
        except WorkbenchError as error:
            problem = str(error)
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            if task is self._task:
                problem = self._ended(task, problem)
                self.working, self.done, self.status, self.problem = False, 1.0, "", problem

    def _ended(self, task: Task, problem: str) -> str:
        """Put in order what a task left that ended with `problem`, empty if with none; return what to say."""
        return problem
