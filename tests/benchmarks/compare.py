"""Several engines over the same queries, in turn, round after round, in one process and on one thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.benchmarks import curves
from tests.benchmarks.peers import REFERENCE, Peer

RECALLS = (0.90, 0.95, 0.99)
CELL_SECONDS = 0.5
"""CPU time of one engine at one effort in one round: 2,000 queries of 0.25 ms, or as many as fit."""
FIRST_SECONDS = 8.0
"""No first pass, which finds the recall, takes longer; a slow engine is asked fewer queries."""


@dataclass
class Cell:
    """One engine at one effort: its recall over `first` queries, then queries a second of each round."""

    effort: int
    recall: float
    first: int
    queries: int
    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)


Curves = dict[str, list[Cell]]


def sweep(
    engines: Mapping[str, Peer],
    queries: Any,
    truth: Any,
    rounds: int,
    efforts: Sequence[int] | None = None,
    say: Callable[[str], None] = lambda text: None,
    failed: dict[str, str] | None = None,
) -> Curves:
    """Measure every engine at each of its efforts, or at those of `efforts` that it has.

    An engine that raises at its first queries is left out, and `failed` says why if it is given: the others
    have taken minutes to build.

    Returns
    -------
    dict of list of Cell
        By engine. CPU time is that of all threads of the process, so a thread that an engine starts counts.
    """
    k, found = truth.shape[1], {}
    for name, engine in engines.items():
        own = [e for e in engine.efforts if efforts is None or e in efforts] or [0]
        say(f"recall of {name}")
        try:
            found[name] = [_first(engine, k, effort, queries, truth) for effort in own]
        except Exception as error:
            if failed is None:
                raise
            failed[name] = f"{type(error).__name__}: {error}"
    for number in range(rounds):
        say(f"round {number + 1} of {rounds}")
        for place in range(max(map(len, found.values()))):
            for name in list(found) if number % 2 == 0 else list(found)[::-1]:
                if place < len(found[name]):
                    _again(engines[name], k, found[name][place], queries)
    return found


def _first(engine: Peer, k: int, effort: int, queries: Any, truth: Any) -> Cell:
    ask = engine.searcher(k, effort)
    answers, started = [], time.perf_counter()
    for query in queries:
        answers.append(ask(query))
        if len(answers) >= 20 and time.perf_counter() - started > FIRST_SECONDS:
            break
    took = (time.perf_counter() - started) / len(answers)
    recall = hits([engine.ids(answer) for answer in answers], truth)
    fit = min(max(int(CELL_SECONDS / took), 10), len(queries))
    return Cell(effort, round(recall, 4), len(answers), fit)


def _again(engine: Peer, k: int, cell: Cell, queries: Any) -> None:
    ask = engine.searcher(k, cell.effort)
    wall, cpu = time.perf_counter(), time.process_time()
    for query in queries[: cell.queries]:
        ask(query)
    cell.cpu.append(cell.queries / (time.process_time() - cpu))
    cell.wall.append(cell.queries / (time.perf_counter() - wall))


def hits(found: Sequence[Sequence[int]], truth: Any) -> float:
    """Return the share of the exact answers to the first queries that were found."""
    right = sum(len(set(own) & set(true.tolist())) for own, true in zip(found, truth, strict=False))
    return right / (len(found) * truth.shape[1])


def reached(found: Curves, recalls: Sequence[float] = RECALLS) -> dict[str, dict[str, Any]]:
    """Return, by recall and engine, queries a second and their ratio to the reference's of the same round."""
    return {f"{wanted:.2f}": _reached(found, wanted) for wanted in recalls}


def _reached(found: Curves, wanted: float) -> dict[str, Any]:
    cpu = {name: _rounds(cells, wanted, "cpu") for name, cells in found.items()}
    told: dict[str, Any] = {}
    for name, cells in found.items():
        if cpu[name] is None:
            told[name] = None
            continue
        rates = [own.rate for own in cpu[name]]
        told[name] = {
            "floor": cpu[name][0].floor,
            "cpu": curves.summary(rates),
            "wall": curves.summary([own.rate for own in _rounds(cells, wanted, "wall")]),
        }
        if cpu.get(REFERENCE):
            pairs = zip(rates, cpu[REFERENCE], strict=True)
            told[name]["ratio"] = curves.summary([rate / reference.rate for rate, reference in pairs])
    return told


def _rounds(cells: Sequence[Cell], wanted: float, clock: str) -> list[curves.Reached] | None:
    """Return what each round reached; None when the recall is out of reach."""
    own = [
        curves.at_recall([(cell.recall, getattr(cell, clock)[number]) for cell in cells], wanted)
        for number in range(len(cells[0].cpu))
    ]
    return own if None not in own else None


def batches(
    engines: Mapping[str, Peer],
    found: Curves,
    queries: Any,
    truth: Any,
    wanted: float,
    rounds: int,
    threads: int,
) -> dict[str, Any]:
    """Measure calls for many queries on several threads, at the two efforts around a recall."""
    around = {name: _around(cells, wanted) for name, cells in found.items() if engines[name].batch}
    cells: Curves = {name: [] for name, own in around.items() if own}
    for name in cells:
        for effort in around[name]:
            ask = engines[name].batch(truth.shape[1], effort, threads)
            recall = hits(engines[name].batch_ids(ask(queries)), truth)
            cells[name].append(Cell(effort, round(recall, 4), len(queries), len(queries)))
    for number in range(rounds):
        for name in list(cells) if number % 2 == 0 else list(cells)[::-1]:
            for cell in cells[name]:
                ask = engines[name].batch(truth.shape[1], cell.effort, threads)
                wall, cpu = time.perf_counter(), time.process_time()
                ask(queries)
                cell.cpu.append(len(queries) / (time.process_time() - cpu))
                cell.wall.append(len(queries) / (time.perf_counter() - wall))
    return _reached(cells, wanted)


def _around(cells: Sequence[Cell], wanted: float) -> list[int]:
    """Return the last effort below a recall and the first that reaches it."""
    enough = [cell.effort for cell in cells if cell.recall >= wanted]
    below = [cell.effort for cell in cells if cell.recall < wanted]
    return [*below[-1:], enough[0]] if enough and enough[0] else []


def milliseconds(rates: Sequence[float]) -> dict[str, Any]:
    """Return milliseconds a query from the rates of the rounds."""
    return curves.summary([1000 / rate for rate in rates])
