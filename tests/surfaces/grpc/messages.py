"""Random messages, built by their descriptors; and what was read of one, as plain lists."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
from google.protobuf.message_factory import GetMessageClass

from workbench.models.points import PointBatch

_TEXTS = ["", "a", "year", "00000000-0000-0000-0000-000000000005", "ä\n", "$score", "a[].b"]
_FLOATS = [0.0, -0.0, 0.5, -3.0, 1e30, float("nan"), float("inf"), -float("inf")]


def anything(descriptor: Any, chance: random.Random, depth: int = 6) -> Any:
    """Return a message whose fields are set or not, with values at the edges of their types.

    Parameters
    ----------
    descriptor : Descriptor
        Of the message.
    chance : random.Random
        Where choices come from.
    depth : int
        How many messages may be inside each other.
    """
    message = GetMessageClass(descriptor)()
    for field in descriptor.fields:
        if chance.random() < 0.4:
            _set(message, field, chance, depth)
    return message


def _set(message: Any, field: Any, chance: random.Random, depth: int) -> None:
    value = getattr(message, field.name)
    many = hasattr(value, "append") or hasattr(value, "add")
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        entry = field.message_type.fields_by_name["value"]
        for key in ("", "a")[: chance.randrange(3)]:
            if entry.message_type is None:
                value[key] = _scalar(entry, chance)
            else:
                value[key].CopyFrom(anything(entry.message_type, chance, depth - 1))
    elif field.message_type is None:
        if many:
            value.extend(_scalar(field, chance) for _ in range(chance.randrange(4)))
        else:
            setattr(message, field.name, _scalar(field, chance))
    elif depth > 0:
        for _ in range(chance.randrange(3) if many else 1):
            inner = anything(field.message_type, chance, depth - 1)
            value.add().CopyFrom(inner) if many else value.CopyFrom(inner)


def _scalar(field: Any, chance: random.Random) -> Any:
    if field.enum_type is not None:
        return chance.choice([*field.enum_type.values_by_number, 99])
    kind = field.cpp_type
    if kind == field.CPPTYPE_STRING:
        return chance.choice(_TEXTS)
    if kind == field.CPPTYPE_BOOL:
        return chance.random() < 0.5
    if kind in (field.CPPTYPE_FLOAT, field.CPPTYPE_DOUBLE):
        return chance.choice(_FLOATS)
    bits = 32 if kind in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32) else 64
    if kind in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64):
        return chance.choice([0, 1, 2, 10, (1 << bits) - 1])
    return chance.choice([0, 1, 2, -1, -(1 << bits - 1), (1 << bits - 1) - 1])


def listed(value: Any) -> Any:
    """Return arrays, and batches of points, as lists."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, PointBatch):
        return [
            value.ids.tolist(),
            {name: listed(batch.values) for name, batch in value.vectors.items()},
            list(value.payloads),
        ]
    if isinstance(value, dict):
        return {key: listed(item) for key, item in value.items()}
    return [listed(item) for item in value] if isinstance(value, list) else value
