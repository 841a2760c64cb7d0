"""Payloads cut down to what a caller wants, and payloads changed as a caller says; pure functions on JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from workbench.models.json_path import EACH, Part, parse_path


def select(
    payload: dict[str, Any], include: Sequence[str] | None, exclude: Sequence[str] = ()
) -> dict[str, Any]:
    """Return the parts of `payload` at the paths `include` (None: all), less those at `exclude`.

    As in Qdrant, a path says which keys may stay: what is no object or array where it goes on stays whole,
    and elements by number (``tags[0]``) are neither included nor excluded, only all of them (``tags[]``).
    """
    kept = payload
    if include is not None:
        kept = _kept(payload, [parse_path(path).parts for path in include])
    for path in exclude:
        parts = parse_path(path).parts
        if not any(isinstance(part, int) for part in parts):
            kept = _without(kept, parts)
    return kept


def remove(payload: dict[str, Any], path: str) -> dict[str, Any]:
    """Return a copy of `payload` without what is at `path`.

    As in Qdrant, an element of an array stays (``tags[0]``): removed twice, it would take its neighbor along.
    """
    changed = _without(payload, parse_path(path).parts)
    return changed if isinstance(changed, dict) else payload


def assign(payload: dict[str, Any], values: dict[str, Any], path: str | None = None) -> dict[str, Any]:
    """Return a copy of `payload` with `values` set key by key, at the top or inside the object at `path`.

    As in Qdrant, a key whose value is None is removed, objects that are missing on the way are made, and
    anything that is no object there is replaced.
    """
    if path is None:
        return _updated(payload, values)
    assigned: dict[str, Any] = _assigned(payload, parse_path(path).parts, values)
    return assigned


def _kept(value: Any, paths: Sequence[Sequence[Part]]) -> Any:
    """Return what is left of a value when only these paths within it may stay; one without parts is all."""
    if not all(paths):
        return value
    if isinstance(value, dict):
        within = {key: [path[1:] for path in paths if path[0] == key] for key in value}
        return {key: _kept(own, within[key]) for key, own in value.items() if within[key]}
    if isinstance(value, list):
        inner = [path[1:] for path in paths if path[0] is EACH]
        return [_kept(own, inner) for own in value] if inner else []
    return value


def _without(value: Any, parts: Sequence[Part]) -> Any:
    part, rest = parts[0], parts[1:]
    if part is EACH:
        if not isinstance(value, list):
            return value
        return [_without(v, rest) for v in value] if rest else []
    if isinstance(part, int):
        if not isinstance(value, list) or not rest:
            return value
        return [v if i != part else _without(v, rest) for i, v in enumerate(value)]
    if not isinstance(value, dict) or part not in value:
        return value
    if not rest:
        return {k: v for k, v in value.items() if k != part}
    return {**value, part: _without(value[part], rest)}


def _assigned(value: Any, parts: Sequence[Part], values: dict[str, Any]) -> Any:
    if not parts:
        return _updated(value if isinstance(value, dict) else {}, values)
    part, rest = parts[0], parts[1:]
    if part is EACH:
        return [_assigned(v, rest, values) for v in value] if isinstance(value, list) else []
    if isinstance(part, int):
        items = value if isinstance(value, list) else []
        return [_assigned(v, rest, values) if i == part else v for i, v in enumerate(items)]
    own = value if isinstance(value, dict) else {}
    return {**own, part: _assigned(own.get(part), rest, values)}


def _updated(value: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in {**value, **values}.items() if k not in values or v is not None}
