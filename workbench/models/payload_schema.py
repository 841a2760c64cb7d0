"""Payload indexes: which fields are indexed, as what, and with which parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


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
