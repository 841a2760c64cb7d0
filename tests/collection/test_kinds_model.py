"""Dense vectors, sparse vectors and multivectors cannot be told from those of a dictionary of points."""

from __future__ import annotations

import tempfile
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.collection.kinds import CONFIG, Rows, batch_of, state
from workbench.collection import updates
from workbench.collection.vector_names import create_vector, delete_vector
from workbench.engine import open_engine
from workbench.models.config import SparseVectorParams, VectorParams
from workbench.models.points import IdArray

# Vectors that are stored as they come: whole bytes, unit vectors, ascending indices.
number = st.integers(0, 255).map(float)
pair = st.tuples(number, number).map(list)
unit = st.sampled_from([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0], [0.0, 0.0]])
terms = st.dictionaries(st.integers(0, 9) | st.just(2**32 - 1), number, max_size=4)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "dense": pair,
    "cosine": unit,
    "bytes": pair,
    "multi": st.lists(unit, min_size=1, max_size=3),
    "sparse": terms.map(lambda found: dict(sorted(found.items()))),
}
ids = st.integers(0, 9)
payloads = st.fixed_dictionaries({}, optional={"a": st.integers(0, 3)})


def vectors(*names: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional={name: KINDS[name] for name in names or KINDS})


class Vectors(RuleBasedStateMachine):
    """Points written, changed, deleted, sealed, merged and read again, in any order."""

    @initialize()
    def create(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.engine = open_engine(self.folder.name)
        self.collection = self.engine.create("c", CONFIG)
        self.points: Rows = {}
        self.names = set(KINDS)

    def known(self, rows: Rows) -> Rows:
        return {
            i: ({n: v for n, v in own.items() if n in self.names}, body) for i, (own, body) in rows.items()
        }

    @rule(
        rows=st.dictionaries(ids, st.tuples(vectors(), payloads), min_size=1, max_size=8),
        mode=st.sampled_from(updates.MODES),
    )
    def upsert(self, rows: Rows, mode: str) -> None:
        rows = self.known(rows)
        updates.upsert(self.collection, batch_of(rows), mode=mode)
        for i, row in rows.items():
            if mode == "upsert" or (mode == "insert_only") != (i in self.points):
                self.points[i] = row

    @rule(rows=st.dictionaries(ids, st.tuples(vectors(), st.just({})), max_size=4))
    def update_vectors(self, rows: Rows) -> None:
        rows = {i: row for i, row in self.known(rows).items() if i in self.points}
        updates.update_vectors(self.collection, batch_of(rows))
        for i, (changed, _) in rows.items():
            own, payload = self.points[i]
            self.points[i] = ({**own, **changed}, payload)

    @rule(chosen=st.sets(ids), names=st.sets(st.sampled_from(sorted(KINDS)), max_size=3))
    def delete_vectors(self, chosen: set[int], names: set[str]) -> None:
        chosen, names = chosen & set(self.points), names & self.names
        updates.delete_vectors(self.collection, IdArray.of(sorted(chosen)), sorted(names))
        for i in chosen:
            own, payload = self.points[i]
            self.points[i] = ({n: v for n, v in own.items() if n not in names}, payload)

    @rule(chosen=st.sets(ids, max_size=3))
    def delete(self, chosen: set[int]) -> None:
        updates.delete(self.collection, IdArray.of(sorted(chosen)))
        self.points = {i: row for i, row in self.points.items() if i not in chosen}

    @rule(name=st.sampled_from(sorted(KINDS)))
    def delete_or_make_name(self, name: str) -> None:
        if name in self.names:
            self.names.discard(name)
            delete_vector(self.collection, name)
            self.points = self.known(self.points)
        else:
            self.names.add(name)
            params: VectorParams | SparseVectorParams = (
                CONFIG.vectors[name] if name in CONFIG.vectors else CONFIG.sparse_vectors[name]
            )
            create_vector(self.collection, name, params)

    @rule()
    def seal_and_merge(self) -> None:
        self.collection.upkeep.optimize()
        assert len(self.collection.view.segments) <= 2

    @rule()
    def reopen(self) -> None:
        self.engine.close()
        self.engine = open_engine(self.folder.name)
        self.collection = self.engine.collection("c")

    @invariant()
    def is_the_dictionary(self) -> None:
        if hasattr(self, "points"):
            assert state(self.collection) == self.points

    def teardown(self) -> None:
        if hasattr(self, "engine"):
            self.engine.close()
            self.folder.cleanup()


Vectors.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)


class TestVectors(Vectors.TestCase):
    pass
