"""Ids, vectors, payloads and selectors of a request, from plain values to the engine's.

What has the wrong shape raises ``FormatError`` (or ``InvalidPointId``) in the words of Qdrant's parser; what
has the right shape but cannot be stored raises ``InvalidVector``. Vectors may be lists or NumPy arrays. Whole
upserts are read in :mod:`workbench.api.point_batch`.
"""

from __future__ import annotations

import json
import re
import uuid
from array import array
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import orjson

from workbench.api.body import REQUIRED, U64, Body, kind_of, wrong_type
from workbench.api.known_filters import known_filter
from workbench.errors import FormatError, InvalidPayload, InvalidPointId, OutOfRange
from workbench.models.datetimes import encode_moment, parse_datetime
from workbench.models.filters import Filter
from workbench.models.ids import parse_point_id
from workbench.models.json_path import parse_path
from workbench.models.points import IdArray, PointId
from workbench.models.query import ALL, NOTHING, Selector
from workbench.models.requests import InferenceObject, OrderBy
from workbench.models.vectors import SparseVector

Vector = npt.NDArray[Any] | SparseVector | InferenceObject

_UUID = re.compile(
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}|[0-9a-fA-F]{32}"
)
_U32 = (1 << 32) - 1
_ONE, _ZERO = np.float32(1).tobytes(), np.float32(0).tobytes()
_KINDS: tuple[Literal["text", "image", "object"], ...] = ("text", "image", "object")


# -- ids ---------------------------------------------------------------------------------------------------


def read_point_id(value: Any) -> PointId:
    """Return a point id: an unsigned 64-bit integer, or a UUID in any of its three spellings.

    Raises
    ------
    InvalidPointId
        For anything else.
    """
    if type(value) is int and 0 <= value <= U64:
        return value
    try:
        return parse_point_id(value)
    except InvalidPointId as error:
        raise InvalidPointId(
            f"value {_shown(value)} is not a valid point ID, valid values are either an unsigned integer or "
            "a UUID"
        ) from error


def read_ids(values: Any, where: str = "points") -> IdArray:
    """Return a list of point ids as columns.

    Raises
    ------
    FormatError, InvalidPointId
        When it is no list, or for the first value in it that is no id.
    """
    if isinstance(values, IdArray):
        return values
    if isinstance(values, np.ndarray):
        values = values.tolist()
    if isinstance(values, str | bytes) or not isinstance(values, Sequence):
        raise wrong_type(values, "a sequence", where)
    kinds = set(map(type, values))
    if kinds == {int}:
        try:
            return IdArray(np.array(values, np.uint64))
        except OverflowError:
            pass  # one by one below, to name the first that is too large or negative
    elif kinds == {str} and all(map(_UUID.fullmatch, values)):
        halves = np.frombuffer(bytes.fromhex("".join(values).replace("-", "")), ">u8").astype(np.uint64)
        return IdArray(halves[1::2].copy(), halves[::2].copy(), np.ones(len(values), np.bool_))
    return IdArray.of(read_point_id(value) for value in values)


def id_json(point: PointId) -> int | str:
    """Return an id as Qdrant writes it: an integer, or a UUID with hyphens."""
    return str(point) if isinstance(point, uuid.UUID) else point


# -- vectors -----------------------------------------------------------------------------------------------


def read_vector(value: Any, where: str = "vector") -> Vector:
    """Return one vector: dense float[d], multi float[s, d], sparse, or what a model makes one of.

    Parameters
    ----------
    value
        A list of numbers or of such lists, an array, ``{"indices", "values"}``, or an object with ``model``
        and one of ``text``, ``image`` and ``object``.
    where : str
        Its place in the request.
    """
    if type(value) is list and value and type(value[0]) is float:  # nearly every vector that is queried
        return _floats(value, where)
    if isinstance(value, SparseVector | InferenceObject):
        return value
    if isinstance(value, Mapping):
        return _object(value, where)
    if isinstance(value, np.ndarray):
        return _checked(value, where, value)
    if isinstance(value, str | bytes) or not (isinstance(value, Sequence) or hasattr(value, "__array__")):
        raise not_a_vector(value, where)
    try:
        found: npt.NDArray[Any] = np.asarray(value)
    except (TypeError, ValueError) as error:
        if isinstance(value, Sequence) and value and isinstance(value[0], Sequence | np.ndarray):
            _check_ragged(value, where)
        raise not_a_vector(value, where) from error
    vector = _checked(found, where, value)
    if isinstance(value, list | tuple) and holds_flags(
        np.atleast_2d(vector), [value] if vector.ndim == 1 else value
    ):
        raise not_a_vector(value, where)
    return vector


def _floats(value: list[Any], where: str) -> npt.NDArray[np.float32]:
    """Return a flat list of numbers, of which the first is a float."""
    try:
        numbers = array("f", value)
    except (TypeError, ValueError, OverflowError) as error:
        raise not_a_vector(value, where) from error
    # True and false were read as 1 and 0: only with the bytes of such a number in it is the list looked at.
    raw = numbers.tobytes()
    if (_ONE in raw or _ZERO in raw) and bool in set(map(type, value)):
        raise not_a_vector(value, where)
    return np.frombuffer(numbers, np.float32)


def holds_flags(matrix: npt.NDArray[Any], rows: Sequence[Any]) -> bool:
    """Whether a true or false was read as 1 or 0: only rows with such numbers are looked at again.

    Parameters
    ----------
    matrix : number[v, d]
        What was read.
    rows : sequence
        The v lists that it was read from.
    """
    suspects = ((matrix == 0) | (matrix == 1)).any(axis=1)
    return any(bool in set(map(type, rows[place])) for place in np.flatnonzero(suspects).tolist())


def is_inference(value: Any) -> bool:
    """Whether a value stands for a vector that a model has to make."""
    return isinstance(value, InferenceObject) or (
        isinstance(value, Mapping)
        and isinstance(value.get("model"), str)
        and any(kind in value for kind in _KINDS)
    )


def not_a_vector(value: Any, where: str) -> FormatError:
    """Return the error for a value that is no vector of any kind."""
    return FormatError(
        f"{where}: data did not match any variant of untagged enum Vector: expected a list of numbers, a "
        f"list of such lists, or indices and values, got {_shown(value)}"
    )


def _checked(found: npt.NDArray[Any], where: str, given: Any) -> npt.NDArray[Any]:
    if found.ndim not in (1, 2) or (found.size and found.dtype.kind not in "fiu"):
        raise not_a_vector(given if found.size < 100 else f"{found.dtype} array", where)
    if found.ndim == 2 and not found.size:
        none = "all vectors must be non-empty" if len(found) else "multi vector must not be empty"
        raise OutOfRange(f"{where}.data", none)
    if found.dtype == np.float32:
        return found
    with np.errstate(over="ignore"):  # 1e308 becomes infinite here, and is refused where vectors are checked
        return found.astype(np.float32)


def _check_ragged(value: Sequence[Any], where: str) -> None:
    lengths = [len(row) for row in value if isinstance(row, Sequence | np.ndarray)]
    if 0 in lengths:
        raise OutOfRange(f"{where}.data", "all vectors must be non-empty")
    if other := next((length for length in lengths if length != lengths[0]), None):
        problem = f"all vectors must have the same dimension, found vector with dimension {other}"
        raise OutOfRange(f"{where}.data", problem)


def _object(value: Mapping[str, Any], where: str) -> SparseVector | InferenceObject:
    if is_inference(value):
        body = Body(value, where)
        kind = next(k for k in _KINDS if k in value)
        content = body.text(kind, "") if kind == "text" else value[kind]
        options = body.body("options")
        return InferenceObject(
            kind, content, body.text("model"), {} if options is None else dict(options.fields)
        )
    indices, values = _flat(value.get("indices"), "iu"), _flat(value.get("values"), "fiu")
    if indices is None or values is None:
        raise not_a_vector(value, where)
    if len(indices) and (indices.min() < 0 or indices.max() > _U32):
        raise not_a_vector(value, where)
    if len(indices) != len(values):
        raise OutOfRange(f"{where}.values", "must be the same length as indices")
    if len(np.unique(indices)) < len(indices):
        raise OutOfRange(f"{where}.indices", "must be unique")
    return SparseVector.of(indices, values)


def _flat(value: Any, kinds: str) -> npt.NDArray[Any] | None:
    """Return a flat list of numbers of these kinds, or None."""
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | np.ndarray):
        return None
    if not isinstance(value, np.ndarray) and bool in set(map(type, value)):
        return None
    try:
        found = np.asarray(value)
    except ValueError:
        return None
    return found if found.ndim == 1 and (not found.size or found.dtype.kind in kinds) else None


# -- payloads ----------------------------------------------------------------------------------------------


def payload_json(payload: Any, where: str = "payload") -> bytes:
    """Return a payload as JSON, UTF-8; null is an empty one.

    Raises
    ------
    FormatError
        When it is no object.
    InvalidPayload
        When it holds what JSON cannot; NumPy's numbers and arrays, dates and UUIDs are written as it can.
    """
    if payload is None:
        return b"{}"
    if not isinstance(payload, Mapping):
        raise FormatError(f"{where}: invalid type: {kind_of(payload)}, expected a map: a JSON object")
    try:
        return orjson.dumps(
            payload if isinstance(payload, dict) else dict(payload),
            default=encode_moment,
            option=orjson.OPT_SERIALIZE_NUMPY,
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidPayload(f"{where}: expected what JSON can hold: {error}") from error


# -- selectors ---------------------------------------------------------------------------------------------


def payload_selector(value: Any, default: bool = False, where: str = "with_payload") -> Selector:
    """Return which parts of payloads to return: a boolean, a list of paths, or ``include`` or ``exclude``."""
    return _selector(value, default, where, "WithPayloadInterface")


def vector_selector(value: Any, default: bool | None = False, where: str = "with_vector") -> Selector:
    """Return which named vectors to return: a boolean, a list of names, or ``include`` or ``exclude``.

    Null means the default, and is refused where there is none.
    """
    return _selector(value, default, where, "WithVector")


def _selector(value: Any, default: bool | None, where: str, kind: str) -> Selector:
    if isinstance(value, Selector):
        return value
    if value is None:
        value = default
    if isinstance(value, bool):
        return ALL if value else NOTHING
    names, exclude = value, False
    if isinstance(value, Mapping) and len(value) == 1 and value.keys() <= {"include", "exclude"}:
        exclude = "exclude" in value
        (names,) = value.values()
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise FormatError(
            f"{where}: data did not match any variant of untagged enum {kind}: expected a boolean or a list "
            f"of names, got {_shown(value)}"
        )
    return Selector(True, None, list(names)) if exclude else Selector(True, list(names))


def points_selector(body: Mapping[str, Any], where: str = "") -> IdArray | Filter:
    """Return the points that ``points`` (ids) or ``filter`` of an object mean; ids win when both are there.

    Raises
    ------
    FormatError
        When neither is there.
    """
    own = Body(body, where)
    if own.has("points"):
        return read_ids(own.fields["points"], own.at("points"))
    if own.has("filter"):
        return read_filter(own.fields["filter"], own.at("filter")) or Filter()
    raise FormatError(f"{where + ': ' if where else ''}Either list of points or filter must be provided")


def read_filter(value: Any, where: str = "filter") -> Filter | None:
    """Return a filter, or None for null; raise ``InvalidRequest`` naming the place of what is wrong."""
    if value is None or isinstance(value, Filter):
        return value
    return known_filter(value, where)


def read_order_by(value: Any, where: str = "order_by") -> OrderBy:
    """Return the order of a payload field: a key, or ``{"key", "direction", "start_from"}``."""
    if isinstance(value, str):
        value = {"key": value}
    body = Body(value, where)
    key: str = body.text("key", REQUIRED)
    parse_path(key)
    descending = body.choice("direction", ("asc", "desc"), "asc") == "desc"
    start = body.raw("start_from")
    if isinstance(start, str | date):
        text = start if isinstance(start, str) else start.isoformat()
        start = parse_datetime(text)
        if start is None:
            raise FormatError(f"{body.at('start_from')}: {text:.80} is no date and time of RFC 3339")
    elif start is not None and (isinstance(start, bool) or not isinstance(start, int | float)):
        raise wrong_type(start, "a number or a date and time", body.at("start_from"))
    return OrderBy(key, descending, start)


def _shown(value: Any) -> str:
    """Return a value as the JSON that it came as, where it can be."""
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"
