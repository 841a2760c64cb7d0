"""What a benchmark asks of an engine; each of the other files here speaks to one engine's own Python API.

An engine keeps the rows of an array under the ids 0, 1, 2, …. What it returns is timed as its API gives it;
turning an answer into a list of ids is not timed. What an engine cannot do is ``None``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from workbench.errors import InvalidRequest

M, EF_CONSTRUCT = 16, 100
"""The graph of every engine: 16 links a point, 32 on the ground layer, 100 candidates while building."""
BUILD_THREADS = 2
EFS = (10, 16, 24, 32, 48, 64, 96, 128, 200, 300, 400)

Where = dict[str, Any]
Ask = Callable[[Any], Any]


class Points(NamedTuple):
    """What is kept: float32[n, d] in C order, how it is compared, and a row of payload each or none."""

    vectors: Any
    distance: str
    payloads: Any = None


class Peer:
    """An engine with an index in a folder.

    Attributes
    ----------
    name, package : str
        As tables call it, and the distribution whose version they tell.
    module : str
        What must be importable.
    setting : str
        What of its settings a reader must know.
    efforts : tuple of int
        The sweep of its knob, `ef` for most; ``()`` for an engine that is always exact.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    module: ClassVar[str]
    setting: ClassVar[str] = ""
    efforts: ClassVar[tuple[int, ...]] = EFS
    most: ClassVar[int | None] = None
    """More points than this are not worth waiting for; None for no limit."""

    exact: Callable[[int], Ask] | None = None
    """``exact(k)``: what compares a query with every vector, through no graph."""
    batch: Callable[[int, int, int], Ask] | None = None
    """``batch(k, effort, threads)``: what answers float32[q, d] in one call."""
    filtered: Callable[[int, int, Where], Ask] | None = None
    """``filtered(k, effort, where)``: `where`: a key and a value, or a key and a bound (``lt``, ``lte``)."""
    delete: Callable[[list[int]], None] | None = None
    replace: Callable[[list[int], Any], None] | None = None
    settle: Callable[[], None] | None = None
    """Finish what the engine puts off until it is told, or does in the background."""

    @classmethod
    def missing(cls) -> str:
        """Return why the engine cannot be measured here; nothing when it can."""
        if importlib.util.find_spec(cls.module) is None:
            return f"{cls.package} is not installed"
        return ""

    @classmethod
    def version(cls) -> str:
        """Return the version of its package."""
        return version(cls.package)

    def build(self, points: Points, folder: Path) -> None:
        """Index `points` with `BUILD_THREADS` threads, leave the index in `folder`, be ready to answer."""
        raise NotImplementedError

    def open(self, folder: Path) -> None:
        """Open what `build` left."""
        raise NotImplementedError

    def ready(self) -> None:
        """Wait for what the engine does once, in the background, after it was opened."""

    def searcher(self, k: int, effort: int) -> Ask:
        """Set the knob and return what answers one query, float32[d], on one thread with ids and scores."""
        raise NotImplementedError

    def ids(self, answer: Any) -> list[int]:
        """Return the ids of an answer, best first."""
        raise NotImplementedError

    def batch_ids(self, answer: Any) -> list[list[int]]:
        """Return the ids of an answer to several queries."""
        return [self.ids(one) for one in answer]

    def close(self) -> None:
        """Let go of the index."""


def accepted(payloads: Any, where: Where) -> Any:
    """Return bool[n]: which rows of payload a filter accepts."""
    key, operator, value = bounds(where)
    return getattr(payloads[key], {"lte": "le"}.get(operator, operator))(value).to_numpy()


def bounds(where: Where) -> tuple[str, str, Any]:
    """Return the key, the operator (``eq``, ``lt`` or ``lte``) and the value of a filter.

    Raises
    ------
    InvalidRequest
        The filter has another form.
    """
    ((key, wanted),) = where.items()
    if not isinstance(wanted, dict):
        return key, "eq", wanted
    ((operator, value),) = wanted.items()
    if operator not in ("lt", "lte"):
        raise InvalidRequest(f"A benchmark's filter has the bound lt or lte, not {operator!r}")
    return key, operator, value
