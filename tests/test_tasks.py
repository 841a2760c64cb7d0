from __future__ import annotations

import threading

import pytest

from workbench.errors import Cancelled
from workbench.tasks import Progress, Task, give_way, in_front, silent


def count_to_three(progress: Progress) -> str:
    for done in range(1, 4):
        progress(done, 3, f"step {done}")
    return "three"


def test_a_task_runs_and_knows_how_far_it_is() -> None:
    task = Task("counting")
    assert task.state == "pending"
    assert task.run(count_to_three) == "three"
    assert (task.state, task.done, task.total, task.text) == ("done", 3, 3, "step 3")
    assert task.result() == "three"
    assert task.ended >= task.started


def test_a_task_runs_on_a_thread_of_its_own() -> None:
    task = Task("where").start(lambda progress: threading.current_thread().name)
    assert task.result(10) == "workbench-where"


def test_a_cancelled_task_stops_at_its_next_report() -> None:
    task, begun = Task("endless"), threading.Event()

    def work(progress: Progress) -> None:
        while True:
            progress(1, 2)
            begun.set()

    task.start(work)
    assert begun.wait(10)
    task.cancel()
    with pytest.raises(Cancelled, match="endless: cancelled"):
        task.result(10)
    assert (task.state, task.cancelled) == ("cancelled", True)


def test_a_failed_task_keeps_its_error() -> None:
    task = Task("dividing").start(lambda progress: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        task.result(10)
    assert (task.state, type(task.error)) == ("failed", ZeroDivisionError)


def test_waiting_for_a_task_ends_in_time() -> None:
    hold = threading.Event()
    task = Task("holding").start(lambda progress: hold.wait(10))
    with pytest.raises(TimeoutError, match=r"holding: still running after 0.01 s"):
        task.result(0.01)
    hold.set()
    task.result(10)


def test_observers_see_the_beginning_and_the_end() -> None:
    task, seen = Task("counting"), list[str]()
    task.observe(lambda t: seen.append(t.state))
    task.run(count_to_three)
    assert seen[0] == "running"
    assert seen[-1] == "done"


def test_ctrl_c_is_a_cancellation() -> None:
    task = Task("typing")

    def work(progress: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        task.run(work)
    assert task.state == "cancelled"


def test_silence_takes_everything() -> None:
    assert silent(1, 2, "text") is None  # type: ignore[func-returns-value]


def test_what_gives_way_goes_on_when_nobody_is_in_front_any_more() -> None:
    order, begun, ended = [], threading.Event(), threading.Event()

    def behind(progress: Progress) -> None:
        begun.set()
        give_way()
        order.append("behind")
        ended.set()

    with in_front():
        with in_front():
            task = Task("behind").start(behind)
        begun.wait(10)
        assert not ended.wait(0.05)
        order.append("in front")
    task.result(10)
    assert order == ["in front", "behind"]


def test_nobody_is_kept_in_front_for_ever() -> None:
    with in_front():
        task = Task("behind").start(lambda progress: give_way())
        task.result(10)
    assert task.state == "done"
