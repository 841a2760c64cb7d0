"""Which calls of a random program fall under a listed disagreement, and are not compared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.testing import disagreements as known
from workbench.testing.disagreements import Disagreement

Body = dict[str, Any]


class Excuses:
    """Looks at the calls of one program in order.

    Parameters
    ----------
    config : dict
        The body of ``create_collection``.
    """

    def __init__(self, config: Body) -> None:
        self.weighted = {n for n, own in config.get("sparse_vectors", {}).items() if "modifier" in own}
        self.bytes_of_angles = {
            name
            for name, own in config["vectors"].items()
            if own.get("datatype") == "uint8" and own["distance"] == "Cosine"
        }
        self.sparse = set(config.get("sparse_vectors", {}))
        self.emptied: set[str] = set()
        self.replaced = self.cleared = False
        self.indexes: dict[str, str] = {}
        self._filled = False

    def excuse(self, operation: str, body: Body) -> Disagreement | None:
        """Return the disagreement that a call falls under, or None where both must answer the same."""
        if operation == "create_field_index":
            given = body["field_schema"]
            self.indexes[body["field_name"]] = given if isinstance(given, str) else given["type"]
        elif operation == "delete_field_index":
            self.indexes.pop(body["field_name"], None)
        self.cleared |= operation == "clear_payload"
        if self.cleared and operation == "set_payload" and None in body["payload"].values():
            return known.NULL_AFTER_CLEAR
        for condition in _conditions(body):
            if (found := self._of_condition(condition)) is not None:
                return found
        if operation == "query_points":
            if any(
                "mmr" in own and self.bytes_of_angles & {body["using"]} for own in _conditions(body["query"])
            ):
                return known.MMR_OF_BYTES
            if any(_meet(body, clause) for clause in ("should", "min_should")):
                return known.TWO_SHOULDS
        if self.replaced and self.weighted & set(_fields(body, "using")):
            return known.DOCUMENT_FREQUENCIES
        if operation == "delete_vectors":
            self.emptied |= self.sparse & set(body["vector"])
        if self.emptied & set(_fields(body, "using")):
            return known.SPARSE_AGAIN
        self.replaced |= self._filled and operation in _REPLACING
        self._filled |= operation == "upsert_points"
        return None

    def _of_condition(self, condition: Body) -> Disagreement | None:
        if condition.get("min_should", {}).get("conditions") == []:
            return known.MIN_SHOULD_OF_NOTHING
        key = str(condition.get("key", "\0"))
        kinds = {kind for path, kind in self.indexes.items() if path.endswith(key)}
        if kinds and len(_PARTS & set(condition)) > 1:
            return known.PARTS_BESIDE_AN_INDEX
        if kinds & _RANGED and any(
            {"gt", "gte"} <= own or {"lt", "lte"} <= own for own in _bounds(condition)
        ):
            return known.TWO_BOUNDS
        if "geo" in kinds and _is_wide(condition.get("geo_bounding_box")):
            return known.WIDE_BOXES
        dates = any(isinstance(bound, str) for bound in condition.get("range", {}).values())
        if "range" in condition and kinds & ({"integer", "float"} if dates else {"datetime"}):
            return known.OTHER_RANGES
        return None


_PARTS = frozenset({
    "match", "range", "geo_radius", "geo_bounding_box", "geo_polygon", "values_count", "is_empty", "is_null",
})  # fmt: skip
_RANGED = {"integer", "float", "datetime"}
_REPLACING = frozenset({"upsert_points", "delete_points", "update_vectors", "delete_vectors"})


def _conditions(value: Any) -> Iterator[Body]:
    """Return every object within a value: filters and conditions are among them."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list) and not (value and isinstance(value[0], float)):
        for own in value:
            yield from _conditions(own)


def _bounds(condition: Body) -> Iterator[set[str]]:
    if "range" in condition:
        yield {name for name, bound in condition["range"].items() if bound is not None}


def _is_wide(box: Body | None) -> bool:
    return box is not None and 0 < box["top_left"]["lon"] - box["bottom_right"]["lon"] < 45


def _meet(query: Body, clause: str, above: bool = False) -> bool:
    """Return whether a query and one of its prefetches both have a clause in their filters."""
    here = clause in (query.get("filter") or {})
    return (above and here) or any(_meet(own, clause, above or here) for own in query.get("prefetch", []))


def _fields(value: Any, name: str) -> Iterator[Any]:
    return (own[name] for own in _conditions(value) if name in own)
