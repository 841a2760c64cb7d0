"""The benchmarks by name: what measures, what tells the result, and how long it takes.

A benchmark is a module with ``run``, whose result is plain JSON, ``table``, which tells that result in
Markdown, and a line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.benchmarks import (
    churn,
    client,
    columns,
    exact,
    filtered,
    growth,
    ingest,
    kinds,
    memory,
    quantization,
    replaced,
    responsiveness,
    search,
    startup,
    surfaces,
)
from tests.benchmarks.report import Table
from tests.benchmarks.session import Session


class Benchmark(NamedTuple):
    """What ``make bench`` can run.

    Attributes
    ----------
    run, table : callable
    minutes : float
        On two idle cores, for the default data and five rounds: reckoned from the engines' builds and from
        the time that a cell of a round takes. A run's JSON has the minutes it took.
    always : bool
        Whether ``make bench`` runs it without being told to.
    """

    run: Callable[[Session], dict[str, Any]]
    table: Table
    minutes: float
    always: bool = True


BENCHMARKS = {
    "search": Benchmark(search.run, search.table, 19),
    "exact": Benchmark(exact.run, exact.table, 2),
    "client": Benchmark(client.run, client.table, 1),
    "filtered": Benchmark(filtered.run, filtered.table, 9),
    "churn": Benchmark(
        lambda s: churn.run(s.data, 2 if s.quick else churn.TURNS), churn.table, 5, always=False
    ),
    "replaced": Benchmark(replaced.run, replaced.table, 4, always=False),
    "ingest": Benchmark(lambda s: ingest.run(s.data, s.rounds), ingest.table, 1),
    "startup": Benchmark(lambda s: startup.run(s.data, s.rounds), startup.table, 1),
    "growth": Benchmark(growth.run, growth.table, 6),
    "memory": Benchmark(lambda s: memory.run(s.data), memory.table, 2),
    "columns": Benchmark(lambda s: columns.run(s.rounds), columns.table, 0.2),
    "responsiveness": Benchmark(lambda s: responsiveness.run(), responsiveness.table, 1, always=False),
    "kinds": Benchmark(lambda s: kinds.run(s.rounds), kinds.table, 0.5),
    "quantization": Benchmark(quantization.run, quantization.table, 4, always=False),
    "surfaces": Benchmark(lambda s: surfaces.run(s.data, min(s.rounds, 3)), surfaces.table, 6, always=False),
}
