"""Work in a process of its own: heard line by line, and ended by whatever interrupts the call."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from workbench import children

SLEEP = "-n1", "-r1", "-s", "print('here', flush=True)", "import time; time.sleep(60)"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[bytes]]]:
    """The processes that were started; at that moment comes Ctrl-C."""
    found: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def starting(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        found.append(start(*arguments, **options))
        os.kill(os.getpid(), signal.SIGUSR1)
        return found[-1]

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGUSR1, interrupt)  # pytest-timeout has SIGALRM
    monkeypatch.setattr(subprocess, "Popen", starting)
    yield found
    signal.signal(signal.SIGUSR1, before)


def test_the_lines_of_a_child_are_heard_by_the_thread_that_runs_it() -> None:
    heard: list[tuple[str, threading.Thread]] = []
    children.run(
        "timeit", "-n1", "-r1", "-s", "print('a'); print('b')", heard=lambda s: heard.append((s, here()))
    )
    assert heard[:2] == [("a\n", here()), ("b\n", here())]


def here() -> threading.Thread:
    return threading.current_thread()


def test_a_child_that_fails_says_why() -> None:
    with pytest.raises(children.ChildFailed, match=r"exit code 1\. ZeroDivisionError: division by zero"):
        children.run("timeit", "-n1", "-r1", "1 / 0")


def test_what_a_listener_raises_ends_the_child() -> None:
    with pytest.raises(ZeroDivisionError):
        children.run("timeit", *SLEEP, heard=lambda _: 1 / 0)


def test_a_child_is_ended_though_ctrl_c_comes_while_it_starts(started: list[subprocess.Popen[bytes]]) -> None:
    with pytest.raises(KeyboardInterrupt):
        children.run("timeit", *SLEEP)
    assert [process.returncode for process in started] == [-signal.SIGKILL]
