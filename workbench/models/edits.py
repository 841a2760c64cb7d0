"""Payloads cut down to what a caller wants, and payloads changed as a caller says; pure functions on JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.models.json_path import EACH, Part, parse_path


def select(
    payload: dict[str, Any], include: Sequence[str] | None, exclude: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the parts of `payload` at the paths `include` (None: all), less those at `exclude`."""
    kept = payload if include is None else {}
    for path in include or ():
        parts = parse_path(path).parts
        found = _kept(payload, parts)
        if found is not _NOTHING:
            kept = _merged(kept, found)
    for path in exclude:
        kept = remove(kept, path)
    return kept


def remove(payload: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a copy of `payload` without what is at `path`."""
    changed = _without(payload, parse_path(path).parts)
    return changed if isinstance(changed, dict) else payload


def assign(payload: dict[str, Any], values: dict[str, Any], path: str | None = None) -> dict[str, Any]:
    """Return a copy of `payload` with `values` set key by key, at the top or inside the object at `path`.

    Objects that are missing on the way are made; anything that is no object there is replaced, as in Qdrant.
    """
    if path is None:
        return {**payload, **values}
    assigned: dict[str, Any] = _assigned(payload, parse_path(path).parts, values)
    return assigned


_NOTHING = object()


def _kept(value: Any, parts: Sequence[Part]) -> Any:
    if not parts:
        return value
    part, rest = parts[0], parts[1:]
    if part is EACH or isinstance(part, int):
        if not isinstance(value, list):
            return _NOTHING
        own = value if part is EACH else value[part : part + 1] if isinstance(part, int) else []
        found = [f for f in (_kept(v, rest) for v in own) if f is not _NOTHING]
        return found
    if not isinstance(value, dict) or part not in value:
        return _NOTHING
    inner = _kept(value[part], rest)
    return _NOTHING if inner is _NOTHING else {part: inner}


def _merged(left: Any, right: Any) -> Any:
    if isinstance(left, dict) and isinstance(right, dict):
        return {**left, **{k: _merged(left[k], v) if k in left else v for k, v in right.items()}}
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return [_merged(a, b) for a, b in zip(left, right, strict=True)]
    return right


def _without(value: Any, parts: Sequence[Part]) -> Any:
    part, rest = parts[0], parts[1:]
    if part is EACH:
        if not isinstance(value, list):
            return value
        return [_without(v, rest) for v in value] if rest else []
    if isinstance(part, int):
        if not isinstance(value, list) or part >= len(value):
            return value
        return [v if i != part else _without(v, rest) for i, v in enumerate(value) if rest or i != part]
    if not isinstance(value, dict) or part not in value:
        return value
    if not rest:
        return {k: v for k, v in value.items() if k != part}
    return {**value, part: _without(value[part], rest)}


def _assigned(value: Any, parts: Sequence[Part], values: dict[str, Any]) -> Any:
    if not parts:
        return {**value, **values} if isinstance(value, dict) else dict(values)
    part, rest = parts[0], parts[1:]
    if part is EACH:
        return [_assigned(v, rest, values) for v in value] if isinstance(value, list) else []
    if isinstance(part, int):
        items = value if isinstance(value, list) else []
        return [_assigned(v, rest, values) if i == part else v for i, v in enumerate(items)]
    own = value if isinstance(value, dict) else {}
    return {**own, part: _assigned(own.get(part), rest, values)}
