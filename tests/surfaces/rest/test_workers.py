"""Threads that work for an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

import pytest

from workbench.surfaces.rest.workers import Workers

T = TypeVar("T")


@pytest.fixture
def workers() -> Iterator[Workers]:
    own = Workers(2, "test-worker")
    yield own
    own.close()


def run(ask: Callable[[], Awaitable[T]]) -> T:
    """Return what a coroutine gives, in a loop of its own."""

    async def main() -> T:
        return await ask()

    return asyncio.run(main())


def test_a_function_runs_in_a_thread_of_theirs(workers: Workers) -> None:
    name = run(lambda: workers.run(lambda: threading.current_thread().name))
    assert name in ("test-worker_0", "test-worker_1")


def test_what_a_function_raises_is_raised_where_it_is_awaited(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        run(lambda: workers.run(lambda: 1 // 0))


def test_as_many_functions_as_threads_run_at_once(workers: Workers) -> None:
    both = threading.Barrier(2, timeout=10)

    async def two() -> list[int]:
        return sorted(await asyncio.gather(workers.run(both.wait), workers.run(both.wait)))

    assert run(two) == [0, 1]


def test_they_go_on_after_a_caller_that_gave_up(workers: Workers) -> None:
    go = threading.Event()

    async def give_up() -> str:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(workers.run(lambda: go.wait(10)), 0.01)
        go.set()
        return await workers.run(lambda: "next")

    assert run(give_up) == "next"


def test_they_go_on_after_a_loop_that_closed(workers: Workers) -> None:
    go = threading.Event()

    async def leave() -> None:
        asyncio.get_running_loop().create_task(workers.run(lambda: go.wait(10)))
        await asyncio.sleep(0.01)

    run(leave)
    go.set()
    assert run(lambda: workers.run(lambda: "next")) == "next"


def test_closing_waits_for_what_is_running() -> None:
    workers, done = Workers(1, "test-worker"), threading.Event()

    async def leave() -> None:
        asyncio.get_running_loop().create_task(workers.run(done.set))
        await asyncio.sleep(0)

    run(leave)
    workers.close()
    assert done.is_set()
