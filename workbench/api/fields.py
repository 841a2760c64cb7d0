"""Objects whose fields are all optional, read by a table that says what each may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from workbench.api.body import REQUIRED, Body

Reader = Callable[[Body, str], Any]
Fields = Mapping[str, Reader]


def read_fields(body: Body, known: Fields) -> dict[str, Any]:
    """Return the fields of `body` that `known` names and that are not null, checked."""
    return {name: read(body, name) for name, read in known.items() if body.has(name)}


def whole(low: int = 0, high: int | None = None) -> Reader:
    """Return a reader of integers from `low` on."""
    return lambda body, name: body.integer(name, low=low, high=high)


def number(low: float | None = None, high: float | None = None) -> Reader:
    """Return a reader of numbers between `low` and `high`."""
    return lambda body, name: body.number(name, low=low, high=high)


def choice(*options: str) -> Reader:
    """Return a reader of one of the texts."""
    return lambda body, name: body.choice(name, options)


def flag(body: Body, name: str) -> bool:
    """Read a boolean."""
    value: bool = body.flag(name)
    return value


def inner(known: Fields) -> Reader:
    """Return a reader of an object with known fields."""
    return lambda body, name: read_fields(body.body(name), known)


def named(known: Fields) -> Reader:
    """Return a reader of a map from names to objects with known fields."""

    def read(body: Body, name: str) -> dict[str, Any]:
        own = body.body(name)
        return {key: read_fields(own.body(key, REQUIRED), known) for key in own.fields}

    return read
