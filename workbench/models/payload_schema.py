"""Payload indexes: which fields are indexed, as what, and with which parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from workbench.errors import FormatError, OutOfRange
from workbench.text.choices import LANGUAGES, STEMMERS, TOKENIZERS


class SchemaType(StrEnum):
    """The eight types of payload index; names are Qdrant's."""

    KEYWORD = "keyword"
    INTEGER = "integer"
    FLOAT = "float"
    GEO = "geo"
    TEXT = "text"
    BOOL = "bool"
    DATETIME = "datetime"
    UUID = "uuid"


@dataclass(frozen=True, slots=True)
class FieldIndex:
    """One payload index.

    Parameters
    ----------
    type : SchemaType
        What the values are read as.
    params : mapping
        The parameters given at creation, as Qdrant's JSON without ``type``; empty when none were.
    """

    type: SchemaType
    params: Mapping[str, Any] = field(default_factory=dict)


def parse_field_schema(value: object, where: str = "field_schema") -> FieldIndex:
    """Read what an index is to be: the name of a type, or an object with ``type`` and parameters.

    Parameters that a type does not have are passed over, as Qdrant does.

    Raises
    ------
    FormatError
        For an unknown type, or a parameter with a value of another type.
    OutOfRange
        For an integer index that neither looks up nor compares.
    """
    if isinstance(value, Mapping):
        kind = _type(value.get("type"), where)
        reads = {**_COMMON, **_OWN[kind]}
        # Null is as if absent, but for the one that is not optional in Qdrant.
        given = {n: value[n] for n in reads if value.get(n) is not None or (n == "tokenizer" and n in value)}
        params = {name: reads[name](wanted, f"{where}.{name}") for name, wanted in given.items()}
        if kind is SchemaType.INTEGER and params.get("lookup") is False and params.get("range") is False:
            raise OutOfRange(
                f"{where}.lookup", 'the "lookup" and "range" capabilities can\'t be both disabled'
            )
        # The one parameter that Qdrant echoes even when it was not given.
        return FieldIndex(kind, {"tokenizer": "word", **params} if kind is SchemaType.TEXT else params)
    return FieldIndex(_type(value, where))


def _type(value: object, where: str) -> SchemaType:
    if isinstance(value, str) and value in list(SchemaType):
        return SchemaType(value)
    raise FormatError(f"{where}: unknown type of index {value!r}, expected one of {', '.join(SchemaType)}")


def _flag(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        raise FormatError(f"{where}: expected true or false, got {value!r}")
    return value


def _length(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise FormatError(f"{where}: expected an integer of 0 or more, got {value!r}")
    return value


def _one_of(options: tuple[str, ...]) -> Callable[[object, str], str]:
    def read(value: object, where: str) -> str:
        if isinstance(value, str) and value in options:
            return value
        raise FormatError(f"{where}: unknown variant {value!r}, expected one of {', '.join(options)}")

    return read


def _texts(value: object, where: str) -> list[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise FormatError(f"{where}: expected a list of strings, got {value!r}")
    return list(value)


def _stopwords(value: object, where: str) -> str | dict[str, list[str]]:
    if not isinstance(value, Mapping):
        return _language(value, where)
    result: dict[str, list[str]] = {}
    if value.get("languages") is not None:
        result["languages"] = [
            _language(language, f"{where}.languages")
            for language in _texts(value["languages"], f"{where}.languages")
        ]
    if value.get("custom") is not None:
        result["custom"] = _texts(value["custom"], f"{where}.custom")
    return result


def _stemmer(value: object, where: str) -> dict[str, str]:
    if not isinstance(value, Mapping):
        raise FormatError(f"{where}: expected an object with type and language, got {value!r}")
    kind = _one_of(("snowball", "none"))(value.get("type"), f"{where}.type")
    if kind == "none":
        return {"type": kind}
    return {"type": kind, "language": _one_of(STEMMERS)(value.get("language"), f"{where}.language")}


Read = Callable[[object, str], Any]

_language = _one_of(LANGUAGES)
_COMMON: dict[str, Read] = {
    "on_disk": _flag,
    "memory": _one_of(("cold", "cached", "pinned")),
    "enable_hnsw": _flag,
}
_OWN: dict[SchemaType, dict[str, Read]] = {
    SchemaType.KEYWORD: {"is_tenant": _flag, "prefix": _flag},
    SchemaType.INTEGER: {"lookup": _flag, "range": _flag, "is_principal": _flag},
    SchemaType.FLOAT: {"is_principal": _flag},
    SchemaType.GEO: {},
    SchemaType.TEXT: {
        "tokenizer": _one_of(TOKENIZERS),
        "min_token_len": _length,
        "max_token_len": _length,
        "lowercase": _flag,
        "ascii_folding": _flag,
        "phrase_matching": _flag,
        "stopwords": _stopwords,
        "stemmer": _stemmer,
    },
    SchemaType.BOOL: {},
    SchemaType.DATETIME: {"is_principal": _flag},
    SchemaType.UUID: {"is_tenant": _flag},
}
