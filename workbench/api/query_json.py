"""Queries of a request, from JSON to :mod:`workbench.models.requests`."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.api.body import REQUIRED, Body, wrong_type
from workbench.api.formula_json import read_formula
from workbench.api.updates import refuse_shard_key
from workbench.api.values import (
    payload_selector,
    read_filter,
    read_order_by,
    read_point_id,
    read_vector,
    vector_selector,
)
from workbench.errors import FormatError, InvalidRequest, OutOfRange
from workbench.models.filters import Filter
from workbench.models.json_path import parse_path
from workbench.models.query import AcornParams, QuantizationParams, SearchParams
from workbench.models.requests import (
    Context,
    Discover,
    Feedback,
    Fusion,
    GroupLookup,
    GroupsRequest,
    InferenceObject,
    LookupLocation,
    MatrixRequest,
    Mmr,
    Nearest,
    OrderBy,
    Pair,
    Prefetch,
    Query,
    QueryRequest,
    Recommend,
    Sample,
    VectorInput,
)

Infer = Callable[[InferenceObject], Any]
"""Makes the vector of an object that stands for one."""

# Prefetches within prefetches that are read: one more than are answered, so that the engine can say so.
_MAX_DEPTH = 65
_MAX_EF = 1 << 31
_MAX_FLOAT = float(np.finfo(np.float32).max)
_STRATEGIES = ("average_vector", "best_score", "sum_scores")
_VECTOR_FIELDS = frozenset({"indices", "text", "image", "object"})


@dataclass(frozen=True, slots=True)
class QueryReader:
    """Reads queries of every kind.

    Parameters
    ----------
    infer : callable
        Makes vectors of documents and the like.
    """

    infer: Infer

    def request(self, value: Any, where: str = "", default_limit: Any = 10) -> QueryRequest:
        """Return a whole query.

        Raises
        ------
        FormatError, OutOfRange, InvalidRequest
            When it does not have the shape of the API, or a value is outside its range.
        InferenceFailed
            When a document names a model that is not there.
        """
        body = Body(value, where)
        refuse_shard_key(body)
        fields = body.fields
        with_vectors = fields.get("with_vector")
        return QueryRequest(
            **self._common(body, 1),
            limit=body.integer("limit", default_limit, low=1),
            offset=0 if fields.get("offset") is None else body.integer("offset", 0),
            payload=payload_selector(fields.get("with_payload")),
            vectors=vector_selector(fields.get("with_vectors") if with_vectors is None else with_vectors),
        )

    def groups(self, value: Any) -> GroupsRequest:
        """Return a query whose answer is grouped."""
        body = Body(value)
        key = body.text("group_by", REQUIRED)
        parse_path(key)
        size = body.integer("group_size", 3, low=1)
        query = self.request({name: own for name, own in body.fields.items() if name != "offset"})
        return GroupsRequest(
            query=query, group_by=key, group_size=size, lookup=_group_lookup(body.raw("with_lookup"))
        )

    def query(self, value: Any, where: str = "query") -> Query | None:
        """Return what is asked: a vector or an id by itself, or an object that names the kind of question."""
        if value is None:
            return None
        if not isinstance(value, Mapping) or not _VECTOR_FIELDS.isdisjoint(value):
            return Nearest(self.input(value, where))
        body = Body(value, where)
        for name, read in _KINDS.items():
            if value.get(name) is not None:
                return read(self, body)
        raise FormatError(f"{where}: data did not match any variant of untagged enum QueryInterface")

    def input(self, value: Any, where: str) -> VectorInput:
        """Return a vector, or the id of a point that has it."""
        if type(value) is list or isinstance(value, np.ndarray):
            vector = read_vector(value, where)
        elif isinstance(value, int | str | uuid.UUID | np.integer):
            return read_point_id(value)
        else:
            vector = read_vector(value, where)
        if isinstance(vector, InferenceObject) and not vector.model:
            raise OutOfRange(f"{where}.model", 'value "" invalid, must be at least 1 characters')
        return self.infer(vector) if isinstance(vector, InferenceObject) else vector

    def inputs(self, body: Body, name: str) -> tuple[VectorInput, ...]:
        """Return a list of vectors and ids; null is none."""
        given = body.items(name, ())
        return tuple(self.input(value, f"{body.at(name)}[{i}]") for i, value in enumerate(given))

    def _common(self, body: Body, depth: int) -> dict[str, Any]:
        """Return what a query and a prefetch have in common."""
        fields = body.fields
        known: dict[str, Any] = {"query": self.query(fields.get("query"), body.at("query"))}
        if fields.get("prefetch") is not None:
            known["prefetches"] = self._prefetches(fields["prefetch"], body.at("prefetch"), depth)
        if fields.get("using") is not None:
            known["using"] = body.text("using")
        if fields.get("filter") is not None:
            known["flt"] = read_filter(fields["filter"], body.at("filter"))
        if fields.get("params") is not None:
            known["params"] = read_params(body.body("params"))
        if fields.get("score_threshold") is not None:
            known["score_threshold"] = _single(body.number("score_threshold"))
        if fields.get("lookup_from") is not None:
            place = body.body("lookup_from")
            refuse_shard_key(place)
            known["lookup"] = LookupLocation(place.text("collection", REQUIRED), place.text("vector"))
        return known

    def _prefetches(self, value: Any, where: str, depth: int) -> tuple[Prefetch, ...]:
        if depth > _MAX_DEPTH:
            raise InvalidRequest(f"Validation failed: prefetches depth {depth} exceeds max depth 64")
        if isinstance(value, Mapping):
            return (self._prefetch(Body(value, where), depth),)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise wrong_type(value, "a prefetch or a list of prefetches", where)
        return tuple(self._prefetch(Body(own, f"{where}[{i}]"), depth) for i, own in enumerate(value))

    def _prefetch(self, body: Body, depth: int) -> Prefetch:
        return Prefetch(**self._common(body, depth + 1), limit=body.integer("limit", 10, low=1))

    # -- kinds of question ---------------------------------------------------------------------------------

    def nearest(self, body: Body) -> Nearest:
        """Read ``nearest``, perhaps with ``mmr``."""
        vector = self.input(body.fields["nearest"], body.at("nearest"))
        mmr = body.body("mmr")
        if mmr is None:
            return Nearest(vector)
        limit = mmr.integer("candidates_limit", None, 0, 16_384)
        return Nearest(vector, Mmr(mmr.number("diversity", 0.5, 0, 1), limit))

    def recommend(self, body: Body) -> Recommend:
        """Read ``recommend``."""
        own = body.body("recommend")
        strategy = own.choice("strategy", _STRATEGIES, "average_vector")
        positive, negative = self.inputs(own, "positive"), self.inputs(own, "negative")
        if not positive and not negative:
            raise OutOfRange(own.where, "At least one positive or negative vector/id must be provided")
        return Recommend(positive, negative, strategy)

    def discover(self, body: Body) -> Discover:
        """Read ``discover``."""
        own = body.body("discover")
        target = self.input(own.raw("target", REQUIRED), own.at("target"))
        if "context" not in own.fields:
            raise FormatError("missing field `context`")
        return Discover(target, self.pairs(own.raw("context", ()), own.at("context")))

    def context(self, body: Body) -> Context:
        """Read ``context``."""
        return Context(self.pairs(body.raw("context"), body.at("context")))

    def pairs(self, value: Any, where: str) -> tuple[Pair, ...]:
        """Return pairs of examples: one object, or a list."""
        if isinstance(value, Mapping):
            return (self._pair(Body(value, where)),)
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise wrong_type(value, "a pair or a list of pairs", where)
        return tuple(self._pair(Body(own, f"{where}[{i}]")) for i, own in enumerate(value))

    def _pair(self, body: Body) -> Pair:
        positive, negative = body.raw("positive", REQUIRED), body.raw("negative", REQUIRED)
        return self.input(positive, body.at("positive")), self.input(negative, body.at("negative"))

    def feedback(self, body: Body) -> Feedback:
        """Read ``relevance_feedback``."""
        own = body.body("relevance_feedback")
        target = self.input(own.raw("target", REQUIRED), own.at("target"))
        items = tuple(
            (
                self.input(item.raw("example", REQUIRED), item.at("example")),
                _single(item.number("score", REQUIRED)),
            )
            for item in own.bodies("feedback", REQUIRED)
        )
        naive = own.body("strategy", REQUIRED).body("naive", REQUIRED)
        a, b, c = (naive.number(n, REQUIRED, low=0 if n == "b" else None) for n in ("a", "b", "c"))
        if not items:
            raise OutOfRange(own.where, "feedback elements must be non-empty")
        return Feedback(target, items, _single(a), _single(b), _single(c))

    def order_by(self, body: Body) -> OrderBy:
        """Read ``order_by``."""
        return read_order_by(body.fields["order_by"], body.at("order_by"))

    def fusion(self, body: Body) -> Fusion:
        """Read ``fusion``."""
        return Fusion(body.choice("fusion", ("rrf", "dbsf")))

    def rrf(self, body: Body) -> Fusion:
        """Read ``rrf``, whose constant and weights are given."""
        own = body.body("rrf")
        weights = own.items("weights")
        for i, weight in enumerate(weights or ()):
            if isinstance(weight, bool) or not isinstance(weight, int | float):
                raise wrong_type(weight, "f32", f"{own.at('weights')}[{i}]")
        return Fusion(
            "rrf", own.integer("k", 2, low=1), None if weights is None else tuple(map(_single, weights))
        )

    def sample(self, body: Body) -> Sample:
        """Read ``sample``."""
        body.choice("sample", ("random",))
        return Sample()


_KINDS: dict[str, Callable[[QueryReader, Body], Query]] = {
    "nearest": QueryReader.nearest,
    "recommend": QueryReader.recommend,
    "discover": QueryReader.discover,
    "context": QueryReader.context,
    "order_by": QueryReader.order_by,
    "fusion": QueryReader.fusion,
    "rrf": QueryReader.rrf,
    "formula": lambda reader, body: read_formula(body),
    "sample": QueryReader.sample,
    "relevance_feedback": QueryReader.feedback,
}


def read_params(body: Body) -> SearchParams:
    """Return how hard to search."""
    ef = body.integer("hnsw_ef", None, low=1)
    own, walk = body.body("quantization"), body.body("acorn")
    quantization = acorn = None
    if own is not None:
        quantization = QuantizationParams(
            ignore=own.flag("ignore", False),
            rescore=own.flag("rescore"),
            oversampling=own.number("oversampling", None, low=1.0),
        )
    if walk is not None:
        share = walk.number("max_selectivity", None, 0.0, 1.0)
        acorn = AcornParams(enable=walk.flag("enable", False), max_selectivity=share)
    return SearchParams(
        hnsw_ef=ef if ef is None else min(ef, _MAX_EF),
        exact=body.flag("exact", False),
        indexed_only=body.flag("indexed_only", False),
        quantization=quantization,
        acorn=acorn,
        idf_corpus=_idf_corpus(body),
    )


def _idf_corpus(body: Body) -> Any:
    value = body.raw("idf")
    if value is None:
        return None
    if value == "global":
        return Filter()  # asks what is the default, but of a vector with the modifier
    if not isinstance(value, Mapping):
        raise FormatError(f"{body.at('idf')}: data did not match any variant of untagged enum IdfParams")
    own = body.body("idf")
    return read_filter(own.raw("corpus", REQUIRED), own.at("corpus"))


def _single(value: float) -> float:
    """Return a number within the range of float32, in which the engine computes."""
    return min(max(float(value), -_MAX_FLOAT), _MAX_FLOAT)


def read_matrix(value: Any) -> MatrixRequest:
    """Return a request for the distances within a sample."""
    body = Body(value)
    refuse_shard_key(body)
    return MatrixRequest(
        sample=body.integer("sample", 10, low=2),
        limit=body.integer("limit", 3, low=1),
        flt=read_filter(body.raw("filter")),
        using=body.text("using", ""),
    )


def _group_lookup(value: Any) -> GroupLookup | None:
    if value is None:
        return None
    if isinstance(value, str):
        return GroupLookup(value)
    body = Body(value, "with_lookup").renamed(with_vector="with_vectors")
    payload = payload_selector(body.raw("with_payload"), True, body.at("with_payload"))
    vectors = vector_selector(body.raw("with_vectors"), False, body.at("with_vectors"))
    return GroupLookup(body.text("collection", REQUIRED), payload, vectors)
