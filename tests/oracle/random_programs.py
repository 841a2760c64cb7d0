"""Random programs: a collection, writes of every kind and questions of every kind, from a seed, as JSON.

Ids, keys and words are few, so that calls meet what earlier calls wrote; some are refused, and that is
compared as well.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from tests.oracle import random_queries
from tests.oracle.random_points import DATATYPES, DISTANCES, IDS, KEYS, Values

Body = dict[str, Any]
Call = tuple[str, Body]
Program = dict[str, Any]

_STEM = {"stemmer": {"type": "snowball", "language": "english"}}
TEXTS: tuple[Body, ...] = (
    {},
    {"phrase_matching": True},
    {"tokenizer": "whitespace", "lowercase": False},
    {"tokenizer": "prefix", "min_token_len": 2, "max_token_len": 4},
    {"ascii_folding": True, "stopwords": "english", "phrase_matching": True, **_STEM},
)
TYPES = {"n": "integer", "price": "float", "many": "integer", "at": "datetime", "place": "geo",
         "word": "keyword", "text": "text", "uuid": "uuid", "flag": "bool"}  # fmt: skip
ANY_TYPE = ("keyword", "integer", "float", "bool", "uuid", "text", "datetime", "geo")


def program(seed: int, count: int = 40) -> Program:
    """Return the settings of a collection, and `count` calls after the first points and indexes."""
    return Writer(seed).program(count)


class Writer(Values):
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.vectors, self.sparse = self._vectors()

    def program(self, count: int) -> Program:
        config = copy.deepcopy({"vectors": self.vectors, "sparse_vectors": self.sparse})
        calls: list[Call] = [self.create_field_index() for _ in range(self.rng.randrange(6))]
        calls += [("upsert_points", {"points": self.points(IDS)}), ("optimize", {})]
        for _ in range(count):
            kinds = WRITES if self.rng.random() < 0.4 else READS
            calls.append(getattr(self, self.rng.choice(kinds))())
        return {"config": config, "calls": calls}

    def _vectors(self) -> tuple[Body, Body]:
        vectors: Body = {}
        for name in ("dense", "other", "multi"):
            if name == "dense" or self.rng.random() < 0.6:
                vectors[name] = self._dense(name)
        sparse: Body = {"sparse": {}} if self.rng.random() < 0.6 else {}
        if self.rng.random() < 0.5:
            sparse["words"] = {"modifier": "idf"}
        return vectors, sparse

    def _dense(self, name: str) -> Body:
        made = {"size": self.rng.randint(2, 5), "distance": self.rng.choice(DISTANCES)}
        made["datatype"] = self.rng.choice(DATATYPES)
        return made | ({"multivector_config": {"comparator": "max_sim"}} if name == "multi" else {})

    def which(self) -> Body:
        """Return a selector: mostly ids, some of which may be gone."""
        if self.rng.random() < 0.6:
            return {"points": self.some(IDS, 2)}
        return {"filter": self.filter()}

    # -- writes ----------------------------------------------------------------------------------------

    def upsert_points(self) -> Call:
        body: Body = {"points": self.points(self.some(IDS, 8))}
        body |= self.maybe(0.3, update_filter=self.filter)
        body |= self.maybe(0.3, update_mode=lambda: self.rng.choice(["upsert", "insert_only", "update_only"]))
        return "upsert_points", body

    def update_vectors(self) -> Call:
        points = [{"id": i, "vector": self.named()} for i in self.some(IDS, 2)]
        return "update_vectors", {"points": points, **self.maybe(0.3, update_filter=self.filter)}

    def delete_vectors(self) -> Call:
        return "delete_vectors", {**self.which(), "vector": self.some([*self.vectors, *self.sparse], 2)}

    def delete_points(self) -> Call:
        if self.rng.random() < 0.6:
            return "delete_points", {"points": self.some(IDS)}
        return "delete_points", {"filter": {"must": [self.filter(), {"has_id": self.some(IDS, 9)}]}}

    def set_payload(self) -> Call:
        body = {**self.which(), "payload": self.payload()}
        paths = ("a", "b", "a.b", "rows[]", "rows[0]", "a.b.c", "new.x", "a[1]", "place", '"x.y"')
        return "set_payload", body | self.maybe(0.5, key=lambda: self.rng.choice(paths))

    def overwrite_payload(self) -> Call:
        return "overwrite_payload", {**self.which(), "payload": self.payload()}

    def delete_payload(self) -> Call:
        paths = (*KEYS, "a[]", "a[0]", "a[].b", "rows[].y", "rows[0].x", "place.lon", '"x.y"', "b.a")
        return "delete_payload", {**self.which(), "keys": self.some(paths)}

    def clear_payload(self) -> Call:
        return "clear_payload", self.which()

    def create_field_index(self) -> Call:
        key = self.rng.choice(KEYS)
        kind = TYPES.get(key, self.rng.choice(ANY_TYPE))
        if key in ("word", "text", "rows[].x") and self.rng.random() < 0.5:
            kind = "text"
        params = {"type": kind, **self.rng.choice(TEXTS)} if kind == "text" else kind
        return "create_field_index", {"field_name": key, "field_schema": params}

    def delete_field_index(self) -> Call:
        return "delete_field_index", {"field_name": self.rng.choice(KEYS)}

    def create_vector_name(self) -> Call:
        """Return a call that adds a name, or does nothing; one with other parameters is refused by both."""
        name = self.rng.choice(["other", "multi", "new", "sparse"])
        if name == "sparse":
            self.sparse.setdefault(name, {})
            return "create_vector_name", {"vector_name": name, "sparse": {}}
        return "create_vector_name", {
            "vector_name": name, "dense": self.vectors.setdefault(name, self._dense(name))
        }  # fmt: skip

    def delete_vector_name(self) -> Call:
        name = self.rng.choice(["other", "multi", "new", "sparse"])
        self.vectors.pop(name, None)
        self.sparse.pop(name, None)
        return "delete_vector_name", {"vector_name": name}

    def optimize(self) -> Call:
        return "optimize", {}

    # -- reads -----------------------------------------------------------------------------------------

    def scroll_points(self) -> Call:
        body = {"limit": self.rng.choice([3, 10, 100])}
        body |= self.maybe(0.3, offset=lambda: self.rng.choice(IDS), with_payload=self.fields)
        body |= self.maybe(0.5, filter=self.filter, with_vector=lambda: True)
        return "scroll_points", body

    def scroll_in_order(self) -> Call:
        body = {"limit": self.rng.choice([3, 100]), "order_by": self.order(), "with_payload": False}
        return "scroll_points", body | self.maybe(0.5, filter=self.filter)

    def fields(self) -> Any:
        keys = self.some(("n", "a", "a.b", "a[]", "a[].b", "rows[].x", "rows", "place.lat", "b"))
        return self.rng.choice([True, False, keys, {"include": keys}, {"exclude": keys}])

    def get_points(self) -> Call:
        return "get_points", {"ids": self.some(IDS, 6), "with_vector": self.rng.random() < 0.5}

    def count_points(self) -> Call:
        return "count_points", {"filter": self.filter()}

    def facet(self) -> Call:
        key = self.rng.choice(["word", "n", "many", "uuid", "flag", "a", "b", "rows[].x", "price"])
        return "facet", {"key": key, "limit": self.rng.choice([2, 50]), **self.maybe(0.5, filter=self.filter)}

    def query_points(self) -> Call:
        body = self.leaf() | self.maybe(0.3, with_payload=self.fields, with_vector=lambda: True)
        if self.rng.random() < 0.3:
            body["offset"] = self.rng.randrange(5)
        return "query_points", body

    def query_in_order(self) -> Call:
        body = {"limit": self.rng.choice([3, 100]), "query": {"order_by": self.order()}}
        if self.rng.random() < 0.3:
            body["prefetch"] = [{"query": self.vector("dense"), "using": "dense", "limit": 100}]
        return "query_points", body | self.maybe(0.5, filter=self.filter)

    def query_nothing(self) -> Call:
        """Return a query that scores no point: all of them by id, or at random."""
        body: Body = {"limit": 100, "query": self.rng.choice([None, {"sample": "random"}])}
        return "query_points", body | self.maybe(0.5, filter=self.filter, with_vector=lambda: True)

    def query_tree(self) -> Call:
        return "query_points", self.tree(self.rng.randint(1, 2))

    def order(self) -> Body:
        key = self.rng.choice(["n", "price", "many", "at", "a", "b"])
        start = "2015-06-01" if key == "at" else self.rng.choice([4, 0.5])
        return {
            "key": key,
            "direction": self.rng.choice(["asc", "desc"]),
            **self.maybe(0.3, start_from=lambda: start),
        }

    def leaf(self, names: Any = None) -> Body:
        """Return a query without prefetches."""
        using = self.rng.choice(list(names or (*self.vectors, *self.sparse)))
        body: Body = {"limit": self.rng.randint(1, 30), "using": using, "query": self.question(using)}
        body |= self.maybe(0.4, filter=self.filter)
        body |= self.maybe(0.2, score_threshold=lambda: float(np.float32(self.rng.gauss(0, 1))))
        if using == "words":
            body |= {
                "params": self.maybe(0.4, idf=lambda: self.rng.choice(["global", {"corpus": self.filter()}]))
            }
        return body

    def question(self, using: str) -> Any:
        def vectors(count: int) -> list[Any]:
            return [self.vector(using) for _ in range(count)]

        first, second, third = vectors(3)
        pairs = [{"positive": v, "negative": w} for v, w in zip(vectors(2), vectors(2), strict=True)]
        strategy = self.rng.choice(["best_score", "sum_scores"])
        items = [{"example": v, "score": round(self.rng.random(), 2)} for v in (second, third)]
        naive = {"a": self.rng.random(), "b": self.rng.random(), "c": self.rng.random()}
        choices: list[Any] = [
            first,
            first,
            {"nearest": first},
            {
                "recommend": {
                    "positive": [first],
                    "negative": self.rng.choice([[], [second]]),
                    "strategy": strategy,
                }
            },
            {"recommend": {"negative": [second, third], "strategy": strategy}},
            {"discover": {"target": first, "context": pairs}},
            {"context": pairs},
            {"relevance_feedback": {"target": first, "feedback": items, "strategy": {"naive": naive}}},
        ]
        # Over bytes many candidates are equally diverse, and the core takes any of them.
        if using in self.vectors and self.vectors[using]["datatype"] != "uint8":
            mmr = {"diversity": round(self.rng.random(), 2), "candidates_limit": 40}
            choices.append({"nearest": first, "mmr": mmr})
        return self.rng.choice(choices)

    def tree(self, depth: int) -> Body:
        """Return a query on prefetches; nothing above depends on the order of likely equal scores."""
        exact = [name for name, own in self.vectors.items() if own["datatype"] == "float32"]
        names = exact or ["dense"]
        if not exact:
            return self.leaf()
        count = self.rng.randint(1, 3)
        sources = [self._source(names, depth) for _ in range(count)]
        body = self.leaf(names) | {"prefetch": sources, "limit": 40}
        kind = self.rng.randrange(4)
        if "multi" in [own["using"] for own in sources]:
            kind = max(kind, 1)  # by Manhattan, all points between two vectors of a query are equally near
        if kind < 2:  # sums of far points' scores may be equal, and ranks then are anyone's
            for own in sources:
                own["query"] = self.vector(own["using"])
        match kind:
            case 0:
                weights = [round(self.rng.uniform(-0.5, 3), 2) for _ in range(count)]
                body["query"] = {"rrf": {"k": self.rng.randint(1, 9), "weights": weights}}
            case 1:
                ranks = "multi" not in [own["using"] for own in sources]
                body["query"] = {"fusion": self.rng.choice(["rrf", "dbsf"] if ranks else ["dbsf"])}
            case 2:
                defaults = {
                    "price": 1.5,
                    "place": {"lon": 1.0, "lat": 2.0},
                    "at": "2015-01-01",
                    "many[0]": 3,
                    "n": 2,
                }
                made = random_queries.expression(self.floats, 2)
                if self.rng.random() < 0.5:
                    made = {"sum": [made, {"mult": [0.25, self.condition()]}]}
                body["query"] = {"formula": made, "defaults": defaults}
        return body

    def _source(self, names: Any, depth: int) -> Body:
        own = self.leaf(names) | {"limit": 40}
        using = own["using"]
        if depth > 1 and self.rng.random() < 0.4:
            return own | {"query": self.vector(using), "prefetch": [self._source(names, 1)]}
        return own | {"query": self.rng.choice([self.vector(using), self._recommended(using)])}

    def _recommended(self, using: str) -> Body:
        return {"recommend": {"positive": [self.vector(using), self.vector(using)], "strategy": "sum_scores"}}


WRITES = (
    "upsert_points", "upsert_points", "update_vectors", "delete_vectors", "delete_points", "set_payload",
    "set_payload", "overwrite_payload", "delete_payload", "clear_payload", "create_field_index",
    "delete_field_index", "optimize", "create_vector_name", "delete_vector_name",
)  # fmt: skip
READS = (
    "scroll_points", "scroll_points", "scroll_in_order", "get_points", "count_points", "count_points",
    "facet", "query_points", "query_points", "query_tree", "query_in_order", "query_nothing",
)  # fmt: skip
