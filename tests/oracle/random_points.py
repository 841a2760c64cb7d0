"""Random points, payloads of typed fields and conditions on them: few of each, so that they meet often."""

from __future__ import annotations

import random
import uuid
from typing import Any

import numpy as np

from tests.oracle.random_filters import random_filter, random_value

Body = dict[str, Any]

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
KEYS = ("n", "price", "many", "at", "place", "word", "text", "uuid", "flag", "a", "b", "a.b", "rows[].x",
        '"x.y"', '"a b"')  # fmt: skip
CLAUSES = ("must", "should", "must_not")


class Values:
    """Makes the parts of a program from a seed.

    Parameters
    ----------
    seed : int
    vectors, sparse : dict
        Settings of the vectors that there are, by name.
    """

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.floats = np.random.default_rng(seed)
        self.vectors: Body = {}
        self.sparse: Body = {}

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
        odd = {key: self.rng.randrange(5) for key in ("x.y", "a b") if self.rng.random() < 0.3}
        return odd | self.maybe(
            0.7,
            n=lambda: self.rng.randrange(100),
            price=lambda: round(self.rng.gauss(0, 10), 3),
            many=lambda: [self.rng.randrange(9) for _ in range(self.rng.randrange(4))],
            at=lambda: self.moment() if self.rng.random() < 0.9 else [self.moment(), self.moment()],
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

    def moment(self) -> str:
        """Return a date, in one of the forms that Qdrant reads or in one that it does not."""
        day = f"20{self.rng.randint(10, 29)}-0{self.rng.randint(1, 9)}-{self.rng.randint(1, 31)}"
        clock = self.rng.choice(
            ["", "T10:0{}:00", " 1{}:30", "T0{}:00:00.123456789", " 00:00:0{}", "t20:2{}:30"]
        )
        zone = self.rng.choice(["", "", "Z", "+01:00", "-0530", " +02", "UTC"])
        return day + clock.format(self.rng.randint(0, 9)) + zone

    def place(self) -> Any:
        made = [
            {"lon": round(self.rng.uniform(-180, 180), 3), "lat": round(self.rng.uniform(-90, 90), 3)}
            for _ in range(2)
        ]
        return made if self.rng.random() < 0.2 else made[0]

    def points(self, ids: Any) -> list[Body]:
        return [{"id": i, "vector": self.named(), "payload": self.payload()} for i in ids]

    def ring(self) -> Body:
        """Return a closed line round a random place: a triangle or more, which may cross itself."""
        lon, lat = self.rng.uniform(-120, 120), self.rng.uniform(-50, 50)
        line = [
            {
                "lon": round(lon + self.rng.uniform(-60, 60), 3),
                "lat": round(lat + self.rng.uniform(-40, 40), 3),
            }
            for _ in range(self.rng.randint(3, 6))
        ]
        return {"points": [*line, line[0]]}

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
            {"key": "at", "range": {"gte": self.moment(), "lt": self.moment()}},
            {"key": self.rng.choice(['"x.y"', '"a b"', "x.y"]), "match": {"value": self.rng.randrange(5)}},
            {"key": "place", "geo_polygon": {"exterior": self.ring()}},
            {"key": "place", "geo_polygon": {"exterior": self.ring(), "interiors": [self.ring()]}},
            {"key": "place.lat", "range": {"gte": -50, "lte": 50}},
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


def _narrow(value: Any) -> Any:
    """Return a value without the integers that an integer index takes for others (`beyond 64 bits`)."""
    if isinstance(value, dict):
        return {key: _narrow(own) for key, own in value.items()}
    if isinstance(value, list):
        return [_narrow(own) for own in value]
    return 2**62 if value == 2**63 else value
