"""Random ids, vectors, payloads and filters for hypothesis: few of each, so that they meet often."""

from __future__ import annotations

import uuid
from typing import Any

import numpy as np
from hypothesis import strategies as st

from workbench.models.filters import Filter
from workbench.models.points import PointId
from workbench.testing.oracle import Point

IDS: tuple[PointId, ...] = (
    *range(12),
    2**53 + 1,
    2**63,
    2**64 - 1,
    uuid.UUID(int=0),
    uuid.UUID(int=7),  # the same low half as the integer 7
    uuid.UUID("936da01f-9abd-4d9d-80c7-02af85c822a8"),
    uuid.UUID(int=2**128 - 1),
)

KEYS = ("color", "size", "tags", "deep")

ids: st.SearchStrategy[PointId] = st.sampled_from(IDS)

# Quarters are exact in float32, so that equal scores are equal however they are summed.
numbers = st.integers(-40, 40).map(lambda quarter: quarter / 4)


def vectors(size: int) -> st.SearchStrategy[Any]:
    """Vectors of `size` numbers, the zero vector among them."""
    return st.lists(numbers, min_size=size, max_size=size).map(lambda row: np.array(row, np.float32))


payloads: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "color": st.sampled_from(["red", "green", "blue", None]),
        "size": st.sampled_from([0, 1, 2, 2.5, True, "2", -1]),
        "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "deep": st.fixed_dictionaries({"x": st.integers(0, 3)}, optional={"y": st.sampled_from(["a", "b"])}),
    },
)


def points(sizes: dict[str, int]) -> st.SearchStrategy[tuple[PointId, Point]]:
    """Points with an id, a payload, and any of the vectors in `sizes` (dimensions by name)."""
    named = st.fixed_dictionaries({}, optional={name: vectors(size) for name, size in sizes.items()})
    return st.tuples(ids, st.builds(Point, named, payloads))


_conditions = st.one_of(
    st.builds(lambda v: {"key": "color", "match": {"value": v}}, st.sampled_from(["red", "green", "none"])),
    st.builds(lambda v: {"key": "size", "range": {"gte": v}}, st.integers(-1, 3)),
    st.builds(lambda v: {"key": "size", "match": {"any": v}}, st.lists(st.integers(0, 2), max_size=2)),
    st.builds(lambda v: {"key": "tags", "match": {"except": [v]}}, st.sampled_from(["a", "b"])),
    st.builds(lambda v: {"key": "deep.x", "match": {"value": v}}, st.integers(0, 3)),
    st.builds(lambda v: {"is_empty": {"key": v}}, st.sampled_from(KEYS)),
    st.builds(lambda v: {"is_null": {"key": v}}, st.sampled_from(KEYS)),
    st.builds(lambda v: {"has_id": [str(i) if isinstance(i, uuid.UUID) else i for i in v]},
              st.lists(ids, max_size=4)),
)  # fmt: skip

filters: st.SearchStrategy[Filter] = st.builds(
    Filter.from_json,
    st.fixed_dictionaries(
        {},
        optional={
            clause: st.lists(_conditions, min_size=1, max_size=2) for clause in ("must", "should", "must_not")
        },
    ),
)
