"""The same calls to both, ours and Qdrant's own core, and the smallest program on which they part."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from pprint import pformat
from typing import Any

import numpy as np

from tests.api.calls import Api
from tests.oracle.edge_store import EdgeStore, Refused, plain_id
from tests.oracle.excuses import Excuses
from workbench.api.operations import Call
from workbench.api.service import service_of
from workbench.engine import open_engine
from workbench.errors import InvalidRequest, NotFound
from workbench.models.vectors import SparseVector

Body = dict[str, Any]
NEAR = {"rtol": 2e-4, "atol": 2e-5}
_TRIES = 400
_REFUSALS = (InvalidRequest, NotFound)


class Differs(AssertionError):
    """A call that the two answer differently.

    Parameters
    ----------
    place : int
        Which call of the program.
    kind : str
        How they differ: "one refused", or the type of an error.
    """

    def __init__(self, place: int, kind: str, text: str) -> None:
        super().__init__(text)
        self.place, self.kind = place, kind


def replay(program: Body) -> list[str]:
    """Run a program on both; return how each call went, and raise ``Differs`` at the first difference."""
    with stores(program["config"]) as both:
        return [both.step(place, *call) for place, call in enumerate(program["calls"])]


@contextlib.contextmanager
def stores(config: Body) -> Iterator[Both]:
    """Make an empty collection in both."""
    folder = Path(tempfile.mkdtemp(prefix="oracle"))
    try:
        with open_engine() as engine:
            api = Api(service_of(engine))
            api("create_collection", "c", {**config, "optimizers_config": {"indexing_threshold": 0}})
            theirs = EdgeStore(folder / "shard", config)
            try:
                yield Both(api, theirs, Excuses(config))
            finally:
                theirs.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Both:
    """A collection in both."""

    def __init__(self, api: Api, theirs: EdgeStore, excuses: Excuses) -> None:
        self.api, self.theirs, self.excuses = api, theirs, excuses
        self.versions: set[tuple[int, int]] = set()

    def step(self, place: int, operation: str, body: Body) -> str:
        """Make one call to both and compare; return "answered", "refused" or the name of a disagreement."""
        if operation == "optimize":
            self.api.service.engine.collection("c").upkeep.optimize()
            return "answered"
        excused = self.excuses.excuse(operation, body)
        if excused is not None:
            return excused.name
        kind = "answers"
        try:
            ours, theirs = self._ours(operation, body), self._theirs(operation, body)
            if isinstance(ours, _REFUSALS) or isinstance(theirs, Refused):
                kind = "one refused"
                assert isinstance(ours, _REFUSALS), f"theirs: {theirs!r}, ours: {ours!r:.2000}"
                assert isinstance(theirs, Refused), f"ours: {ours!r}, theirs: {theirs!r:.2000}"
                return "refused"
            if compare := getattr(self, operation, None):
                compare(body, ours, theirs)
        except AssertionError as error:
            raise Differs(place, kind, f"{operation} {body}\n{error}") from error
        except Exception as error:
            raise Differs(place, type(error).__name__, f"{operation} {body}\n{error!r}") from error
        return "answered"

    def _ours(self, operation: str, body: Body) -> Any:
        path = {name: body.get(name) for name in ("field_name", "vector_name")}
        try:
            return self.api.service.run(operation, Call("c", body, {}, path))
        except _REFUSALS as error:
            return error

    def _theirs(self, operation: str, body: Body) -> Any:
        try:
            return self.theirs(operation, body)
        except Refused as error:
            return error

    def scroll_points(self, body: Body, ours: Any, theirs: Any) -> None:
        (mine, following), (other, next_one) = ours, theirs
        if "order_by" in body:
            same_ranks(*([(r.id, r.order_value) for r in records] for records in (mine, other)), body)
            return
        same_records(mine, other)
        pages = [None if i is None else plain_id(i) for i in (following, next_one)]
        assert pages[0] == pages[1], pages

    def get_points(self, body: Body, ours: Any, theirs: Any) -> None:
        same_records(ours, theirs)

    def count_points(self, body: Body, ours: Any, theirs: Any) -> None:
        assert ours == theirs, f"{ours} {theirs}"

    def facet(self, body: Body, ours: Any, theirs: Any) -> None:
        theirs = [(value, count) for value, count in theirs if count]  # see known.FACETS_WITHOUT_POINTS
        assert [(type(v), v, n) for v, n in ours] == [(type(v), v, n) for v, n in theirs], f"{ours} {theirs}"

    def query_points(self, body: Body, ours: Any, theirs: Any) -> None:
        if "order_by" in (body["query"] or ()):
            same_ranks(*([(p.id, p.order_value) for p in points] for points in (ours, theirs)), body)
            return
        same_ranks(*([(p.id, p.score) for p in points] for points in (ours, theirs)), body)
        both = [sorted(points, key=lambda p: str(plain_id(p.id))) for points in (ours, theirs)]
        bare = (
            "mmr" in (body["query"] or ()) and "with_vector" not in body
        )  # the core returns vectors for MMR
        if not bare and [plain_id(p.id) for p in both[0]] == [plain_id(p.id) for p in both[1]]:
            same_records(*both)
        if body["query"] not in (None, {"sample": "random"}):  # see known.PLAIN_VERSIONS
            self.same_versions(ours, theirs)

    def same_versions(self, ours: Any, theirs: Any) -> None:
        """Check that points were changed in the same order; the core counts what it refuses too."""
        mine, other = ({plain_id(p.id): p.version for p in points} for points in (ours, theirs))
        self.versions |= {(mine[i], other[i]) for i in mine.keys() & other.keys()}
        ordered = sorted(self.versions)
        rising = all(a < c and b < d for (a, b), (c, d) in itertools.pairwise(ordered))
        assert rising, f"versions: {mine} {other} {ordered}"


def same_records(ours: Sequence[Any], theirs: Sequence[Any]) -> None:
    """Check ids, payloads and vectors of points in order."""
    mine, other = ([plain_id(r.id) for r in records] for records in (ours, theirs))
    assert mine == other, f"{mine} {other}"
    for mine, other in zip(ours, theirs, strict=True):
        assert mine.payload == other.payload, (mine.id, mine.payload, other.payload)
        assert (mine.vectors or {}).keys() == (other.vector or {}).keys(), (mine, other)
        for name, vector in (mine.vectors or {}).items():
            same_vector(vector, other.vector[name])


def same_vector(ours: Any, theirs: Any) -> None:
    """Check a dense vector, a multivector or a sparse vector."""
    if isinstance(ours, SparseVector):
        assert ours.indices.tolist() == list(theirs.indices)
        np.testing.assert_allclose(ours.values, theirs.values, **NEAR)
    else:
        np.testing.assert_allclose(ours, theirs, **NEAR)


def same_ranks(ours: Sequence[Any], theirs: Sequence[Any], body: Body) -> None:
    """Check (id, score) in order; equal scores may change places, or be of others where a page ends."""
    assert len(ours) == len(theirs), f"{ours} {theirs}"
    values = [float(score) for _, score in theirs]
    np.testing.assert_allclose(
        [float(score) for _, score in ours], values, err_msg=f"{ours} {theirs}", **NEAR
    )
    mine, other = ([plain_id(i) for i, _ in points] for points in (ours, theirs))
    for first, last in runs(values):
        cut = (first == 0 and body.get("offset")) or (last == len(values) and last == body.get("limit", 10))
        if not cut:
            assert sorted(mine[first:last], key=str) == sorted(other[first:last], key=str), f"{ours} {theirs}"


def runs(values: Sequence[float]) -> Iterator[tuple[int, int]]:
    """Return where each run of equal values begins and ends."""
    first = 0
    for place in range(1, len(values) + 1):
        if place == len(values) or not np.isclose(values[place], values[place - 1], **NEAR):
            yield first, place
            first = place


def smallest(program: Body, found: Differs) -> tuple[Body, Differs]:
    """Return the program less every call, point and field without which the last call still differs."""
    program, tries = {**program, "calls": program["calls"][: found.place + 1]}, _TRIES
    changed = True
    while changed and tries > 0:
        changed = False
        for shorter in _shorter(program):
            tries -= 1
            try:
                replay(shorter)
            except Differs as error:
                last = error.place == len(shorter["calls"]) - 1
                if last and error.kind == found.kind:
                    program, found, changed = shorter, error, True
                    break
            if tries <= 0:
                break
    return program, found


def _shorter(program: Body) -> Iterator[Body]:
    calls = program["calls"]
    size = len(calls) - 1
    while size >= 1:
        for first in range(0, len(calls) - 1, size):
            last = min(first + size, len(calls) - 1)
            yield {**program, "calls": [*calls[:first], *calls[last:]]}
        size //= 2
    for place, (operation, body) in enumerate(calls):
        for own in _smaller(body):
            yield {**program, "calls": [*calls[:place], (operation, own), *calls[place + 1 :]]}


def _smaller(value: Any) -> Iterator[Any]:
    """Return a value without one of its parts, outermost first; vectors of numbers stay whole."""
    if isinstance(value, dict):
        for key in value:
            if key not in _NEEDED:
                yield {k: v for k, v in value.items() if k != key}
        for key, own in value.items():
            yield from ({**value, key: smaller} for smaller in _smaller(own))
    elif isinstance(value, list) and not (value and isinstance(value[0], float)):
        if len(value) > 3:
            yield value[: len(value) // 2]
            yield value[len(value) // 2 :]
        for place in range(len(value)):
            yield [*value[:place], *value[place + 1 :]]
        for place, own in enumerate(value):
            yield from ([*value[:place], smaller, *value[place + 1 :]] for smaller in _smaller(own))


_NEEDED = frozenset({
    "id", "vector", "points", "filter", "payload", "key", "field_name", "field_schema", "ids", "query",
    "using", "indices", "values", "limit", "update_filter",
})  # fmt: skip


def report(seed: int, program: Body, found: Differs) -> str:
    """Return what to print: the seed, and the smallest program that shows the difference."""
    small, last = smallest(program, found)
    text = pformat(small, width=110, compact=True, sort_dicts=False)
    return f"seed {seed}, call {found.place}. The smallest program:\n\nreplay({text})\n\n{last}"
