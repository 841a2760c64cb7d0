"""Large writes take turns at the cores."""

from __future__ import annotations

import threading
from concurrent.futures import Future, wait

import pytest

from workbench.surfaces.turns import InTurn, Turns


class Asked(threading.Thread):
    """Asks for a turn, and keeps it until told to end."""

    def __init__(self, turns: Turns) -> None:
        super().__init__(daemon=True)
        self._turns, self.begun, self.may_end = turns, threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        with self._turns.turn():
            self.begun.set()
            self.may_end.wait(60)


def begins(asked: Asked) -> bool:
    return asked.begun.wait(60)


def waits(asked: Asked) -> bool:
    return not asked.begun.wait(0.05)


def test_as_many_have_their_turn_as_there_are_cores() -> None:
    turns = Turns(2, longest=60)
    first, second, third = Asked(turns), Asked(turns), Asked(turns)

    assert [begins(first), begins(second), waits(third)] == [True, True, True]
    second.may_end.set()
    assert begins(third)
    first.may_end.set()
    third.may_end.set()


def test_the_next_is_who_came_first() -> None:
    turns, order = Turns(1, longest=60), list[int]()
    running = Asked(turns)
    begins(running)

    def ask(number: int) -> None:
        with turns.turn():
            order.append(number)

    waiting = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in waiting:
        thread.start()
        thread.join(0.02)
    running.may_end.set()
    for thread in waiting:
        thread.join(60)
    assert order == [0, 1, 2, 3, 4]


def test_a_turn_that_lasts_too_long_keeps_nobody_waiting() -> None:
    turns = Turns(1, longest=0.01)
    stuck = Asked(turns)
    begins(stuck)

    assert begins(Asked(turns))
    stuck.may_end.set()


def test_a_late_end_of_a_long_turn_is_not_the_end_of_another() -> None:
    turns = Turns(1, longest=0.2)
    stuck = Asked(turns)
    begins(stuck)
    second = Asked(turns)
    begins(second)

    stuck.may_end.set()
    stuck.join(60)
    third = Asked(turns)
    assert waits(third)
    second.may_end.set()
    assert begins(third)
    third.may_end.set()


def test_what_fails_in_its_turn_ends_it() -> None:
    turns = Turns(1, longest=60)
    with pytest.raises(ZeroDivisionError), turns.turn():
        1 // 0  # noqa: B018

    asked = Asked(turns)
    assert begins(asked)
    asked.may_end.set()


def test_functions_run_in_turn_and_return_what_they_find(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.surfaces.turns.cores", lambda: 1)
    running, most, guard = 0, 0, threading.Lock()

    def square(number: int) -> int:
        nonlocal running, most
        with guard:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.005)
        with guard:
            running -= 1
        return number**2

    with InTurn("test-large") as threads:
        found: list[Future[int]] = [threads.submit(square, number) for number in range(4)]
        wait(found)
    assert [own.result() for own in found] == [0, 1, 4, 9]
    assert most == 1


def test_one_that_was_given_up_before_its_turn_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.surfaces.turns.cores", lambda: 1)
    monkeypatch.setattr("workbench.surfaces.turns.THREADS", 1)
    go = threading.Event()
    with InTurn("test-large") as threads:
        first, second, third = threads.submit(go.wait, 60), threads.submit(int), threads.submit(int, "3")
        assert second.cancel()
        go.set()
        assert [first.result(60), third.result(60)] == [True, 3]
