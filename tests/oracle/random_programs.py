"""Random programs: a collection, writes of every kind and questions of every kind, from a seed, as JSON.

Ids, keys and words are few, so that calls meet what earlier calls wrote; some are refused, and that is
compared as well.
"""

from __future__ import annotations

import random
import uuid
from typing import Any

import numpy as np

from tests.oracle import random_queries
from tests.oracle.random_filters import random_filter, random_value

Body = dict[str, Any]
Call = tuple[str, Body]
Program = dict[str, Any]

UUIDS = [str(uuid.UUID(int=number)) for number in (0, 7, 2**64 + 1, 2**128 - 1)]
IDS: list[int | str] = [*range(24), 2**53 + 1, 2**64 - 1, *UUIDS]
DISTANCES = ("Cosine", "Dot", "Euclid", "Manhattan")
DATATYPES = ("float32", "float16", "uint8")
WORDS = (
    "the",
    "cat",
    "cats",
    "sat",
    "Running",
    "runs",
    "Straße",
    "élan",
    "2020",
    "foo-bar",
    "don't",
    "हिन्दी",
)
KEYS = ("n", "price", "many", "at", "place", "word", "text", "uuid", "flag", "a", "b", "a.b", "rows[].x")
CLAUSES = ("must", "should", "must_not")
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


class Writer:
    """Writes one program."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.floats = np.random.default_rng(seed)
        self.vectors, self.sparse = self._vectors()

    def program(self, count: int) -> Program:
        calls: list[Call] = [self.create_field_index() for _ in range(self.rng.randrange(6))]
        calls += [("upsert_points", {"points": self.points(IDS)}), ("optimize", {})]
        for _ in range(count):
            kinds = WRITES if self.rng.random() < 0.4 else READS
            calls.append(getattr(self, self.rng.choice(kinds))())
        return {"config": {"vectors": self.vectors, "sparse_vectors": self.sparse}, "calls": calls}

    def _vectors(self) -> tuple[Body, Body]:
        vectors: Body = {}
        for name in ("dense", "other", "multi"):
            if name == "dense" or self.rng.random() < 0.6:
                vectors[name] = {"size": self.rng.randint(2, 5), "distance": self.rng.choice(DISTANCES)}
                vectors[name]["datatype"] = self.rng.choice(DATATYPES)
        if "multi" in vectors:
            vectors["multi"]["multivector_config"] = {"comparator": "max_sim"}
        sparse: Body = {"sparse": {}} if self.rng.random() < 0.6 else {}
        if self.rng.random() < 0.5:
            sparse["words"] = {"modifier": "idf"}
        return vectors, sparse

    # -- values ----------------------------------------------------------------------------------------

    def some(self, choices: Any, most: int = 3) -> list[Any]:
        return self.rng.sample(list(choices), self.rng.randint(1, min(most, len(choices))))

    def maybe(self, share: float, **given: Any) -> Body:
        """Return each of the fields with a probability."""
        return {name: make() for name, make in given.items() if self.rng.random() < share}

    def vector(self, name: str) -> Any:
        if name in self.sparse:
            indices = sorted(self.rng.sample(range(12), self.rng.randint(name == "words", 5)))
            return {"indices": indices, "values": self._numbers(len(indices))}
        own = self.vectors[name]
        make = self._bytes if own["datatype"] == "uint8" else self._numbers
        if "multivector_config" in own:
            return [make(own["size"]) for _ in range(self.rng.randint(1, 3))]
        return make(own["size"])

    def _numbers(self, count: int) -> list[float]:
        return [float(x) for x in self.floats.normal(size=count).astype(np.float32)]

    def _bytes(self, count: int) -> list[float]:
        return [float(x) for x in self.floats.integers(0, 256, count)]

    def named(self) -> Body:
        names = [*self.vectors, *self.sparse]
        return {name: self.vector(name) for name in names if self.rng.random() < 0.85}

    def payload(self) -> Body:
        moment = f"20{self.rng.randint(10, 29)}-0{self.rng.randint(1, 9)}-11T10:0{self.rng.randint(0, 9)}:00Z"
        return self.maybe(
            0.7,
            n=lambda: self.rng.randrange(100),
            price=lambda: round(self.rng.gauss(0, 10), 3),
            many=lambda: [self.rng.randrange(9) for _ in range(self.rng.randrange(4))],
            at=lambda: self.rng.choice([moment, moment[:10], moment.replace("T", " ")]),
            place=self.place,
            word=lambda: self.rng.choice(WORDS),
            text=lambda: " ".join(self.some(WORDS, 6)),
            uuid=lambda: self.rng.choice([*UUIDS, UUIDS[1].replace("-", "")]),
            flag=lambda: self.rng.random() < 0.5,
            a=lambda: _narrow(random_value(self.rng, 3)),
            b=lambda: _narrow(random_value(self.rng, 3)),
            rows=lambda: [
                {"x": self.rng.randrange(3), "y": self.rng.choice(WORDS)}
                for _ in range(self.rng.randrange(3))
            ],
        )

    def place(self) -> Any:
        made = [
            {"lon": round(self.rng.uniform(-180, 180), 3), "lat": round(self.rng.uniform(-90, 90), 3)}
            for _ in range(2)
        ]
        return made if self.rng.random() < 0.2 else made[0]

    def points(self, ids: Any) -> list[Body]:
        return [{"id": i, "vector": self.named(), "payload": self.payload()} for i in ids]

    def filter(self) -> Body:
        if self.rng.random() < 0.5:
            return random_filter(self.rng, 2)
        return {
            clause: [self.condition() for _ in range(self.rng.randint(1, 2))]
            for clause in self.some(CLAUSES, 2)
        }

    def condition(self) -> Body:
        """Return a condition on a field whose values have one type."""
        low, words = self.rng.randrange(80), " ".join(self.some(WORDS, 2))
        text = self.rng.choice(["text", "text_any", "phrase", "prefix", "substring"])
        corner, other = (
            {"lon": round(self.rng.uniform(-180, 180), 3), "lat": round(self.rng.uniform(-90, 90), 3)}
            for _ in range(2)
        )
        x, y = (
            {"key": key, "match": {"value": v}} for key, v in (("x", self.rng.randrange(3)), ("y", words))
        )
        return self.rng.choice([
            {"key": "n", "range": {"gte": low, "lt": low + 30.5}},
            {"key": "n", "match": {"value": low}},
            {"key": "n", "match": {self.rng.choice(["any", "except"]): list(range(low, low + 20))}},
            {"key": "price", "range": {self.rng.choice(["lt", "gt"]): self.rng.gauss(0, 10)}},
            {"key": self.rng.choice(["many[]", "many[0]"]), "match": {"value": self.rng.randrange(9)}},
            {"key": "many", "values_count": {self.rng.choice(["lt", "gte"]): self.rng.randrange(4)}},
            {"key": "at", "range": {self.rng.choice(["lte", "gt"]): f"20{self.rng.randint(10, 29)}-05-01"}},
            {"key": "place", "geo_radius": {"center": corner, "radius": self.rng.uniform(1e5, 1e7)}},
            {"key": "place", "geo_bounding_box": {"top_left": corner, "bottom_right": other}},
            {"key": self.rng.choice(["word", "text", "rows[].y"]), "match": {text: words}},
            {"key": "word", "match": {self.rng.choice(["any", "except"]): self.some(WORDS, 4)}},
            {"key": "uuid", "match": {"value": self.rng.choice(UUIDS)}},
            {"key": "uuid", "match": {self.rng.choice(["any", "except"]): self.some(UUIDS)}},
            {"nested": {"key": "rows", "filter": {self.rng.choice(CLAUSES): [x, y]}}},
            {"has_id": self.some(IDS, 9)},
            {"has_vector": self.rng.choice([*self.vectors, *self.sparse])},
            {"slice": {"total": 3, "index": self.rng.randrange(3)}},
            {"is_empty": {"key": self.rng.choice(KEYS)}},
            {"is_null": {"key": self.rng.choice(KEYS)}},
        ])  # fmt: skip

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
        body = self.leaf()
        if self.rng.random() < 0.3:
            body["offset"] = self.rng.randrange(5)
        return "query_points", body

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
                body["query"] = {"formula": random_queries.expression(self.floats, 2), "defaults": defaults}
        return body

    def _source(self, names: Any, depth: int) -> Body:
        own = self.leaf(names) | {"limit": 40}
        using = own["using"]
        if depth > 1 and self.rng.random() < 0.4:
            return own | {"query": self.vector(using), "prefetch": [self._source(names, 1)]}
        return own | {"query": self.rng.choice([self.vector(using), self._recommended(using)])}

    def _recommended(self, using: str) -> Body:
        return {"recommend": {"positive": [self.vector(using), self.vector(using)], "strategy": "sum_scores"}}


def _narrow(value: Any) -> Any:
    """Return a value without the integers that an integer index takes for others (`beyond 64 bits`)."""
    if isinstance(value, dict):
        return {key: _narrow(own) for key, own in value.items()}
    if isinstance(value, list):
        return [_narrow(own) for own in value]
    return 2**62 if value == 2**63 else value


WRITES = (
    "upsert_points", "upsert_points", "update_vectors", "delete_vectors", "delete_points", "set_payload",
    "set_payload", "overwrite_payload", "delete_payload", "clear_payload", "create_field_index",
    "delete_field_index", "optimize",
)  # fmt: skip
READS = (
    "scroll_points", "scroll_points", "scroll_in_order", "get_points", "count_points", "count_points",
    "facet", "query_points", "query_points", "query_tree",
)  # fmt: skip
