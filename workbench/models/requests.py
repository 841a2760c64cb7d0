"""Queries as frozen values: what is asked, of which vectors, on top of which other queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

from workbench.models.filters import Filter
from workbench.models.formula import Expression
from workbench.models.points import PointId
from workbench.models.query import ALL, NOTHING, SearchParams, Selector
from workbench.models.vectors import SparseVector


@dataclass(frozen=True, slots=True, eq=False)
class InferenceObject:
    """What stands for a vector until a model has made one of it.

    Parameters
    ----------
    kind : str
        ``text`` (a document), ``image`` or ``object``, as its field is called in JSON.
    content : object
        The text; the image as base64 or address; any JSON value.
    model : str
        Name of the model, such as ``qdrant/bm25``.
    options : mapping
        Passed to the model.
    """

    kind: Literal["text", "image", "object"]
    content: Any
    model: str
    options: Mapping[str, Any] = field(default_factory=dict)


VectorInput: TypeAlias = PointId | npt.NDArray[Any] | SparseVector
"""A point that has the vector, or the vector: dense T[d], sparse, or multi T[s, d]."""

Pair: TypeAlias = tuple[VectorInput, VectorInput]
"""A positive and a negative example."""


@dataclass(frozen=True, slots=True)
class Mmr:
    """Maximal marginal relevance: answers that are near the query and far from one another.

    Parameters
    ----------
    diversity : float
        0 to 1; 0 looks at nearness only.
    candidates_limit : int or None
        How many of the nearest to choose from; None takes the limit of the query.
    """

    diversity: float = 0.5
    candidates_limit: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Nearest:
    """The points nearest to a vector."""

    vector: VectorInput
    mmr: Mmr | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Recommend:
    """The points like the positive examples and unlike the negative ones."""

    positive: tuple[VectorInput, ...] = ()
    negative: tuple[VectorInput, ...] = ()
    strategy: Literal["average_vector", "best_score", "sum_scores"] = "average_vector"


@dataclass(frozen=True, slots=True, eq=False)
class Discover:
    """The points on the right side of most pairs, and of those the nearest to a target."""

    target: VectorInput
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """The points that are least on the wrong side of the pairs."""

    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Feedback:
    """The points nearest to a target, corrected by how relevant somebody found some of them.

    Parameters
    ----------
    target : VectorInput
        What was asked first.
    items : tuple of (VectorInput, float)
        Examples and their relevance.
    a, b, c : float
        Coefficients of Qdrant's strategy ``naive``; `b` is not negative.
    """

    target: VectorInput
    items: tuple[tuple[VectorInput, float], ...]
    a: float
    b: float
    c: float


@dataclass(frozen=True, slots=True)
class OrderBy:
    """Points in the order of a payload value.

    Parameters
    ----------
    key : str
        JSON path of a field with an index of numbers or datetimes.
    descending : bool
        The greatest first.
    start_from : int, float or None
        Values before it, in this order, are left out; a datetime is microseconds since 1970.
    """

    key: str
    descending: bool = False
    start_from: int | float | None = None


@dataclass(frozen=True, slots=True)
class Fusion:
    """The answers of the prefetches joined into one.

    Parameters
    ----------
    kind : str
        ``rrf``, by rank, or ``dbsf``, by normalized score.
    k : int
        Constant of RRF: how little the first ranks stand out.
    weights : tuple of float or None
        Of each prefetch under RRF; None weighs all alike.
    """

    kind: Literal["rrf", "dbsf"] = "rrf"
    k: int = 2
    weights: tuple[float, ...] | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """Points drawn at random."""


@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """Points of the prefetches scored by an expression.

    Parameters
    ----------
    expression : Expression
    defaults : mapping of str to JSON value
        What variables (``$score``, ``$score[i]``, keys) are where a point has none.
    """

    expression: Expression
    defaults: Mapping[str, Any] = field(default_factory=dict)


VectorQuery: TypeAlias = Nearest | Recommend | Discover | Context | Feedback
Query: TypeAlias = VectorQuery | OrderBy | Fusion | Formula | Sample


@dataclass(frozen=True, slots=True)
class LookupLocation:
    """Another collection, and its vector (None: the name that the query uses), in which ids are looked up."""

    collection: str
    vector: str | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Prefetch:
    """One query, and those whose answers it works on.

    Parameters
    ----------
    query : Query or None
        None gives points in the order of their ids, or what the only prefetch found.
    using : str
        Name of the vector compared.
    flt : Filter or None
        Which points may be hits.
    params : SearchParams
        How hard to search.
    score_threshold : float or None
        Hits that are not better are left out.
    limit : int
        Hits wanted.
    lookup : LookupLocation or None
        Where ids among the examples are looked up.
    prefetches : tuple of Prefetch
        If there are any, only what they found can be a hit.
    """

    query: Query | None = None
    using: str = ""
    flt: Filter | None = None
    params: SearchParams = field(default_factory=SearchParams)
    score_threshold: float | None = None
    limit: int = 10
    lookup: LookupLocation | None = None
    prefetches: tuple[Prefetch, ...] = ()

    def walk(self) -> Iterator[Prefetch]:
        """Yield this query and all below it."""
        yield self
        for own in self.prefetches:
            yield from own.walk()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class QueryRequest(Prefetch):
    """A whole query: what to ask, and which part of the answer to return.

    Parameters
    ----------
    offset : int
        Hits to skip.
    payload, vectors : Selector
        What to return of each point.
    """

    offset: int = 0
    payload: Selector = NOTHING
    vectors: Selector = NOTHING


@dataclass(frozen=True, slots=True)
class GroupLookup:
    """Another collection in which the id of a group names a point, and which parts of that to return."""

    collection: str
    payload: Selector = ALL
    vectors: Selector = NOTHING


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class GroupsRequest:
    """A query whose answer is grouped by a payload field.

    Parameters
    ----------
    query : QueryRequest
        Its `limit` is the number of groups; its `offset` is 0.
    group_by : str
        JSON path of the field.
    group_size : int
        Points of each group.
    lookup : GroupLookup or None
    """

    query: QueryRequest
    group_by: str
    group_size: int = 3
    lookup: GroupLookup | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixRequest:
    """Distances within a random sample of the points.

    Parameters
    ----------
    sample : int
        Points drawn, at least 2.
    limit : int
        Nearest neighbors of each within the sample.
    flt : Filter or None
        Which points may be drawn.
    using : str
        Name of the vector compared.
    """

    sample: int = 10
    limit: int = 3
    flt: Filter | None = None
    using: str = ""
