"""Filters and payload indexes as objects of qdrant-edge-py, Qdrant's own engine in process."""

from __future__ import annotations

from typing import Any

MATCHES = {
    "value": "MatchValue",
    "any": "MatchAny",
    "except": "MatchExcept",
    "text": "MatchText",
    "text_any": "MatchTextAny",
    "phrase": "MatchPhrase",
    "prefix": "MatchPrefix",
    "substring": "MatchSubstring",
}


def edge_filter(edge: Any, flt: dict[str, Any]) -> Any:
    """The filter as the binding's objects."""
    clauses = {
        name: [edge_condition(edge, condition) for condition in flt[name]]
        for name in ("must", "should", "must_not")
        if name in flt
    }
    if "min_should" in flt:
        counted = [edge_condition(edge, condition) for condition in flt["min_should"]["conditions"]]
        clauses["min_should"] = edge.MinShould(counted, flt["min_should"]["min_count"])
    return edge.Filter(**clauses)


def edge_condition(edge: Any, condition: dict[str, Any]) -> Any:
    if "has_id" in condition:
        return edge.HasIdCondition(set(condition["has_id"]))
    if "has_vector" in condition:
        return edge.HasVectorCondition(condition["has_vector"])
    if "slice" in condition:
        return edge.SliceCondition(condition["slice"]["total"], condition["slice"]["index"])
    if "nested" in condition:
        nested = condition["nested"]
        return edge.NestedCondition(nested["key"], edge_filter(edge, nested["filter"]))
    if "key" not in condition:
        if "is_empty" in condition:
            return edge.IsEmptyCondition(condition["is_empty"]["key"])
        if "is_null" in condition:
            return edge.IsNullCondition(condition["is_null"]["key"])
        return edge_filter(edge, condition)
    return edge.FieldCondition(**{name: edge_part(edge, name, value) for name, value in condition.items()})


def edge_part(edge: Any, name: str, value: Any) -> Any:
    """A part of a field condition as the binding's object."""
    match name:
        case "match":
            ((kind, wanted),) = value.items()
            return getattr(edge, MATCHES[kind])(wanted)
        case "range":
            texts = any(isinstance(bound, str) for bound in value.values())
            return (edge.RangeDateTime if texts else edge.RangeFloat)(**value)
        case "values_count":
            return edge.ValuesCount(**value)
        case "geo_radius":
            return edge.GeoRadius(edge.GeoPoint(**value["center"]), value["radius"])
        case "geo_bounding_box":
            return edge.GeoBoundingBox(
                edge.GeoPoint(**value["top_left"]), edge.GeoPoint(**value["bottom_right"])
            )
        case "geo_polygon":
            lines = [value["exterior"], *value.get("interiors", [])]
            rings = [[edge.GeoPoint(**point) for point in line["points"]] for line in lines]
            return edge.GeoPolygon(rings[0], rings[1:])
        case _:
            return value


def edge_index(edge: Any, kind: str, params: dict[str, Any]) -> Any:
    """A payload index as the binding's object."""
    if not params:
        return getattr(edge.PayloadSchemaType, kind.title())
    given = dict(params)
    if "tokenizer" in given:
        given["tokenizer"] = getattr(edge.TokenizerType, given["tokenizer"].title())
    if "stopwords" in given:
        given["stopwords"] = getattr(edge.Language, given["stopwords"].title())
    if "stemmer" in given:
        given["stemmer"] = edge.SnowballParams(
            getattr(edge.SnowballLanguage, given["stemmer"]["language"].title())
        )
    return getattr(edge, f"{kind.title()}IndexParams")(**given)
