"""Protobuf messages as plain values in the shape of the REST API.

Most messages have the fields of their REST counterpart, so they are walked by their descriptors: what is set
becomes an entry, an enum becomes its REST spelling. Those that differ have a *shape*, a function registered
under the name of the message, in :mod:`~workbench.surfaces.grpc.filters`,
:mod:`~workbench.surfaces.grpc.queries` and :mod:`~workbench.surfaces.grpc.settings`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from google.protobuf.descriptor import Descriptor, EnumDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from workbench.errors import FormatError

Shape = Callable[[Any], Any]

_SHAPES: dict[str, Shape] = {}

# Spelled as in the REST API already.
_VERBATIM = ("qdrant.Distance", "qdrant.ReplicaState")
# Zeros that mean: not said.
_UNSAID = ("Unknown", "MemoryUnknown", "UnknownType", "UnknownDistance")
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")


def shape(*names: str) -> Callable[[Shape], Shape]:
    """Register how the messages of these names, without their package, become plain values."""

    def register(function: Shape) -> Shape:
        _SHAPES.update({f"qdrant.{name}": function for name in names})
        return function

    return register


def plain(message: Any) -> Any:
    """Return a message as a plain value.

    Raises
    ------
    FormatError
        For an enum number that is unknown, a number that JSON does not have, and the like.
    """
    own = _SHAPES.get(message.DESCRIPTOR.full_name)
    return entries(message) if own is None else own(message)


def entries(message: Any) -> dict[str, Any]:
    """Return the fields that are set, and those that cannot tell whether they are.

    Empty lists and maps are left out, as absent ones are the same to protobuf.
    """
    found = dict(_defaults(message.DESCRIPTOR))
    for field, value in message.ListFields():
        enum = field.enum_type
        if enum is not None:
            value = [_spelled(enum, v) for v in value] if _is_many(value) else _spelled(enum, value)
            if value is None:
                continue
        elif field.message_type is not None:
            value = _nested(value)
        elif _is_many(value):
            value = list(value)
        found[field.name] = value
    return found


def chosen(message: Any, oneof: str) -> str:
    """Return which field of a oneof is set.

    Raises
    ------
    FormatError
        When none is.
    """
    name: str | None = message.WhichOneof(oneof)
    if name is None:
        raise FormatError(f"Malformed {message.DESCRIPTOR.name}: expected one of its variants")
    return name


def _nested(value: Any) -> Any:
    if isinstance(value, Message):
        return plain(value)
    if hasattr(value, "keys"):
        return {key: plain(value[key]) for key in value}
    return [plain(item) for item in value]


def _is_many(value: Any) -> bool:
    return not isinstance(value, int | float | str)


@cache
def _defaults(descriptor: Descriptor) -> dict[str, Any]:
    """Return the fields without presence, which the wire leaves out where they are zero."""
    message = GetMessageClass(descriptor)()
    found = {}
    for field in descriptor.fields:
        if field.has_presence or field.message_type is not None:
            continue
        value = getattr(message, field.name)
        if _is_many(value):
            continue
        spelled = _spelled(field.enum_type, value) if field.enum_type is not None else value
        if spelled is not None:
            found[field.name] = spelled
    return found


@cache
def _spelled(enum: EnumDescriptor, number: int) -> str | None:
    """Return an enum's value in the spelling of the REST API; None where it means that nothing was said."""
    known = enum.values_by_number.get(number)
    if known is None:
        raise FormatError(f"Unknown {enum.name}: {number}")
    name: str = known.name
    if name in _UNSAID or (enum.full_name == "qdrant.Datatype" and name == "Default"):
        return None
    if enum.full_name in _VERBATIM:
        return name
    return _HUMP.sub("_", name.removeprefix(enum.name)).lower()


# -- JSON --------------------------------------------------------------------------------------------------


def payload(values: Any) -> dict[str, Any]:
    """Return a map of names to values as an object."""
    return {key: _json(values[key]) for key in values}


@shape("Value")
def _json(value: Any) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return payload(value.struct_value.fields)
    if kind == "list_value":
        return [_json(item) for item in value.list_value.values]
    if kind == "null_value" or kind is None:
        return None
    found = getattr(value, kind)
    if kind == "double_value" and not math.isfinite(found):
        raise FormatError("cannot convert to json number")
    return found


def fill(value: Any, content: Any) -> None:
    """Write a JSON value into a ``Value``."""
    kind = type(content)
    if kind is str:
        value.string_value = content
    elif kind is bool:
        value.bool_value = content
    elif kind is int:
        if -(1 << 63) <= content < 1 << 63:
            value.integer_value = content
        else:
            value.double_value = content
    elif kind is float:
        value.double_value = content
    elif content is None:
        value.null_value = 0
    elif kind is dict:
        value.struct_value.SetInParent()
        fill_map(value.struct_value.fields, content)
    else:
        items = value.list_value
        items.SetInParent()
        for item in content:
            fill(items.values.add(), item)


def fill_map(fields: Any, content: dict[str, Any]) -> None:
    """Write an object into a map of names to ``Value``."""
    for key, item in content.items():
        fill(fields[key], item)
