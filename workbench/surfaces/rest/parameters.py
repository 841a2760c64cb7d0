"""Query parameters: texts to values, with the words of Qdrant's server for what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from workbench.api.failures import Failure
from workbench.api.snapshots import checksum_problem
from workbench.errors import InvalidRequest

_U64: Final = (1 << 64) - 1


class Refused(InvalidRequest):
    """A request that HTTP itself refuses, before any operation sees it.

    Parameters
    ----------
    failure : Failure
        What it is on the wire.
    """

    def __init__(self, status: int, text: str) -> None:
        self.failure = Failure(status, "INVALID_ARGUMENT", text)
        super().__init__(text)


def refused_query(text: str) -> Refused:
    """Return the refusal of a query parameter that does not parse."""
    return Refused(400, f"Deserialize error in query parameters: {text}")


def refused_path(text: str) -> Refused:
    """Return the refusal of a part of the path that does not parse."""
    return Refused(400, f"Deserialize error in path parameters: {text}")


def _flag(name: str, text: str) -> bool:
    if text not in ("true", "false"):
        raise refused_query("provided string was not `true` or `false`")
    return text == "true"


def _number(name: str, text: str) -> int:
    if not text:
        raise refused_query("cannot parse integer from empty string")
    if not (text.isascii() and text.isdigit()):
        raise refused_query("invalid digit found in string")
    if (value := int(text)) > _U64:
        raise refused_query("number too large to fit in target type")
    return value


def _positive(name: str, text: str) -> int:
    value = _number(name, text)
    if value < 1:
        raise _outside(name, f"value {value} invalid, must be 1 or larger")
    return value


def _one_of(*allowed: str) -> Callable[[str, str], str]:
    def read(name: str, text: str) -> str:
        if text not in allowed:
            options = ", ".join(f"`{option}`" for option in allowed)
            raise refused_query(f"unknown variant `{text}`, expected one of {options}")
        return text

    return read


def _consistency(name: str, text: str) -> int | str:
    if text in ("majority", "quorum", "all"):
        return text
    if text.isascii() and text.isdigit():
        return _positive(name, text)
    raise refused_query("data did not match any variant of untagged enum ReadConsistency")


def _text(name: str, text: str) -> str:
    return text


def _checksum(name: str, text: str) -> str:
    if problem := checksum_problem(text):
        raise _outside(name, problem)
    return text


def _outside(name: str, problem: str) -> Refused:
    return Refused(422, f"Validation error in query parameters: [{name}: {problem}]")


_READERS: Final[Mapping[str, Callable[[str, str], Any]]] = {
    "wait": _flag,
    "ordering": _one_of("weak", "medium", "strong"),
    "timeout": _positive,
    "consistency": _consistency,
    "details_level": _number,
    "anonymize": _flag,
    "per_collection": _flag,
    "force": _flag,
    "with": _text,
    "completed_limit": _number,
    "priority": _one_of("no_sync", "snapshot", "replica"),
    "checksum": _checksum,
}


def read_query(query: bytes) -> dict[str, Any]:
    """Return the query parameters that the API knows, as Python values; others are passed over.

    Raises
    ------
    Refused
        When one does not parse (400) or is outside its range (422).
    """
    if not query:
        return {}
    try:
        pairs = parse_qsl(query.decode(), keep_blank_values=True, errors="strict")
    except (UnicodeDecodeError, ValueError) as error:
        raise refused_query(f"invalid encoding: {error}") from error
    found: dict[str, Any] = {}
    for name, text in pairs:
        if name in found:
            raise refused_query(f"duplicate field `{name}`")
        if (reader := _READERS.get(name)) is not None:
            found[name] = reader(name, text)
    return found


def check_path(values: Mapping[str, str]) -> None:
    """Refuse numbers of shards and peers that are none."""
    for name, bits in (("shard_id", 32), ("peer_id", 64)):
        text = values.get(name)
        if text is None:
            continue
        if not (text.isascii() and text.isdigit()) or int(text) >> bits:
            raise refused_path(f'can not parse "{text}" to a u{bits}')
