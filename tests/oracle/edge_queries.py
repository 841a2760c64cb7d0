"""Queries in the shape of the REST API as Qdrant's own core takes them, so that both are asked the same."""

from __future__ import annotations

from typing import Any

import qdrant_edge as edge

from tests.oracle.edge_filters import edge_condition, edge_filter

_NESTED = {
    "neg": edge.Expression.Neg,
    "abs": edge.Expression.Abs,
    "sqrt": edge.Expression.Sqrt,
    "exp": edge.Expression.Exp,
    "log10": edge.Expression.Log10,
    "ln": edge.Expression.Ln,
    "acosh": edge.Expression.Acosh,
}
_LISTS = {
    "mult": edge.Expression.Mult,
    "sum": edge.Expression.Sum,
    "max": edge.Expression.Max,
    "min": edge.Expression.Min,
}
_DECAYS = {
    "lin_decay": edge.DecayKind.Lin,
    "exp_decay": edge.DecayKind.Exp,
    "gauss_decay": edge.DecayKind.Gauss,
}

_CONDITIONS = {"key", "nested", "has_id", "has_vector", "slice", "is_empty", "is_null"}


def edge_request(body: dict[str, Any]) -> Any:
    """Return a whole query."""
    return edge.QueryRequest(
        **_common(body),
        offset=body.get("offset"),
        with_payload=payload_selector(body.get("with_payload", False)),
        with_vector=body.get("with_vector", False),
    )


def payload_selector(value: Any) -> Any:
    """Return which parts of payloads are asked for."""
    if isinstance(value, dict):
        ((kind, keys),) = value.items()
        return (edge.PayloadSelector.Include if kind == "include" else edge.PayloadSelector.Exclude)(keys)
    return value


def _common(body: dict[str, Any]) -> dict[str, Any]:
    prefetch = body.get("prefetch") or []
    prefetch = prefetch if isinstance(prefetch, list) else [prefetch]
    return {
        "limit": body.get("limit", 10),
        "query": edge_query(body),
        "prefetches": [edge.Prefetch(**_common(own)) for own in prefetch],
        "filter": None if body.get("filter") is None else edge_filter(edge, body["filter"]),
        "score_threshold": body.get("score_threshold"),
        "params": _params(body.get("params")),
    }


def _params(given: dict[str, Any] | None) -> Any:
    if given is None:
        return None
    idf = given.get("idf")
    corpus = edge_filter(edge, idf["corpus"]) if isinstance(idf, dict) else None
    return edge.SearchParams(
        exact=given.get("exact", False),
        hnsw_ef=given.get("hnsw_ef"),
        idf=None if idf is None else edge.IdfParams(corpus),
    )


def edge_query(body: dict[str, Any]) -> Any:
    """Return the question of a query; examples must be vectors."""
    query, using = body.get("query"), body.get("using")
    if query is None:
        return None
    if not isinstance(query, dict) or "indices" in query:
        query = {"nearest": query}
    ((kind, own),) = [(k, v) for k, v in query.items() if k not in ("mmr", "defaults")]
    match kind:
        case "nearest" if "mmr" in query:
            how = query["mmr"]
            pool = how.get("candidates_limit", body["limit"] + body.get("offset", 0))
            return edge.Mmr(edge_vector(own), 1.0 - how.get("diversity", 0.5), pool, using)
        case "nearest":
            return edge.Query.Nearest(edge_vector(own), using)
        case "recommend":
            asked = edge.RecommendQuery(
                *(list(map(edge_vector, own.get(n, []))) for n in ("positive", "negative"))
            )
            best = own["strategy"] == "best_score"
            make = edge.Query.RecommendBestScore if best else edge.Query.RecommendSumScores
            return make(asked, using)
        case "discover":
            return edge.Query.Discover(
                edge.DiscoverQuery(edge_vector(own["target"]), _pairs(own["context"])), using
            )
        case "context":
            return edge.Query.Context(edge.ContextQuery(_pairs(own)), using)
        case "relevance_feedback":
            items = [edge.FeedbackItem(edge_vector(v["example"]), v["score"]) for v in own["feedback"]]
            how = edge.NaiveFeedbackStrategy(**own["strategy"]["naive"])
            target = edge_vector(own["target"])
            return edge.Query.FeedbackNaive(edge.FeedbackNaiveQuery(target, items, how), using)
        case "order_by":
            given = {"key": own} if isinstance(own, str) else own
            direction = edge.Direction.Desc if given.get("direction") == "desc" else edge.Direction.Asc
            return edge.OrderBy(given["key"], direction, given.get("start_from"))
        case "fusion":
            return edge.Fusion.Rrf(2) if own == "rrf" else edge.Fusion.Dbsf()
        case "rrf":
            return edge.Fusion.Rrf(own.get("k", 2), own.get("weights"))
        case "formula":
            return edge.Formula(edge_expression(own), query.get("defaults", {}))
        case "sample":
            return edge.Sample.Random
    raise AssertionError(kind)


def edge_vector(value: Any) -> Any:
    """Return a dense vector, a multivector or a sparse vector."""
    return edge.SparseVector(value["indices"], value["values"]) if isinstance(value, dict) else value


def _pairs(pairs: list[dict[str, Any]]) -> list[Any]:
    return [edge.ContextPair(edge_vector(pair["positive"]), edge_vector(pair["negative"])) for pair in pairs]


def edge_expression(value: Any) -> Any:
    """Return an expression of a formula."""
    make = edge.Expression
    if isinstance(value, str):
        return make.Variable(value)
    if isinstance(value, int | float):
        return make.Constant(value)
    if _CONDITIONS & set(value):
        return make.Condition(edge_condition(edge, value))
    ((name, own),) = value.items()
    if name in _NESTED:
        return _NESTED[name](edge_expression(own))
    if name in _LISTS:
        return _LISTS[name]([edge_expression(v) for v in own])
    if name in _DECAYS:
        x, target = edge_expression(own["x"]), own.get("target")
        return make.Decay(
            _DECAYS[name],
            x,
            None if target is None else edge_expression(target),
            own.get("midpoint"),
            own.get("scale"),
        )
    match name:
        case "pow":
            return make.Pow(edge_expression(own["base"]), edge_expression(own["exponent"]))
        case "div":
            left, right = edge_expression(own["left"]), edge_expression(own["right"])
            return make.Div(left, right, own.get("by_zero_default"))
        case "datetime":
            return make.Datetime(own)
        case "datetime_key":
            return make.DatetimeKey(own)
        case "geo_distance":
            return make.GeoDistance(edge.GeoPoint(own["origin"]["lon"], own["origin"]["lat"]), own["to"])
    raise AssertionError(name)
