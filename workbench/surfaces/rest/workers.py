"""Threads that work for an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")

_Task = tuple[asyncio.AbstractEventLoop, "asyncio.Future[Any]", Callable[[], Any]]


class Workers:
    """Runs functions in threads, each for a caller that awaits it.

    ``loop.run_in_executor`` makes two futures a call, with a lock and a chain of callbacks between them; here
    is only the loop's own.

    Parameters
    ----------
    count : int
        How many threads; they start with the first function.
    name : str
        What their names begin with.
    """

    def __init__(self, count: int, name: str) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"{name}_{i}", daemon=True) for i in range(count)
        ]
        self._started = False

    async def run(self, function: Callable[[], T]) -> T:
        """Return what `function` does, or raise what it raises."""
        if not self._started:
            self._started = True
            for thread in self._threads:
                thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._tasks.put((loop, future, function))
        return await future

    def close(self) -> None:
        """Wait for what was asked so far, and end the threads."""
        if self._started:
            for _ in self._threads:
                self._tasks.put(None)
            for thread in self._threads:
                thread.join()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            loop, future, function = task
            try:
                finish, outcome = future.set_result, function()
            except BaseException as error:
                finish, outcome = future.set_exception, error
            try:
                loop.call_soon_threadsafe(_finish, future, finish, outcome)
            except RuntimeError:
                continue  # the loop closed meanwhile: nobody waits any more
            finally:
                del (
                    task,
                    future,
                    function,
                    finish,
                    outcome,
                )  # free what they hold now


def _finish(future: asyncio.Future[Any], finish: Callable[[Any], None], outcome: Any) -> None:
    if not future.done():  # it may have been canceled
        finish(outcome)
