"""Plain values of a request, read with Qdrant's words for what is wrong with them.

A value of another type is a :class:`FormatError` (400); one of the right type but outside its range is
:class:`OutOfRange` (422). Fields that the API does not know are passed over, as Qdrant does.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from workbench.errors import FormatError, OutOfRange

U64: Final = (1 << 64) - 1


class _Required:
    """Marks a field without a default."""


REQUIRED: Final = _Required()


def kind_of(value: object) -> str:
    """Return what a value is in serde's words, such as ``string "abc"``, ``boolean `true```, ``map``."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"boolean `{str(value).lower()}`"
    if isinstance(value, int):
        return f"integer `{value}`"
    if isinstance(value, float):
        return f"floating point `{value}`"
    if isinstance(value, str):
        return f'string "{value[:80]}"'
    return "map" if isinstance(value, Mapping) else "sequence"


def wrong_type(value: object, expected: str, where: str = "") -> FormatError:
    """Return the error for a value of another type."""
    return FormatError(f"{where + ': ' if where else ''}invalid type: {kind_of(value)}, expected {expected}")


def outside(where: str, value: object, low: float | None = None, high: float | None = None) -> OutOfRange:
    """Return the error for a number outside its range."""
    if low is not None and high is not None:
        must = f"must be from {low} to {high}"
    else:
        must = f"must be {low} or larger" if low is not None else f"must be {high} or smaller"
    return OutOfRange(where, f"value {value} invalid, {must}")


def as_integer(value: object, where: str, low: int | None = None, high: int | None = None) -> int:
    """Return an unsigned 64-bit integer, a text of digits included (query parameters are texts)."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise wrong_type(value, "u64", where)
    if not 0 <= value <= U64:
        raise FormatError(f"{where}: invalid value: integer `{value}`, expected u64")
    if (low is not None and value < low) or (high is not None and value > high):
        raise outside(where, value, low, high)
    return value


def as_flag(value: object, where: str) -> bool:
    """Return a boolean, or the texts ``true`` and ``false``."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    raise wrong_type(value, "a boolean", where)


class Body:
    """A JSON object being read.

    Parameters
    ----------
    value : object
        What should be an object.
    where : str
        Its path in the request, empty at the top.
    """

    __slots__ = ("fields", "where")

    def __init__(self, value: object, where: str = "") -> None:
        if not isinstance(value, Mapping):
            raise wrong_type(value, "an object", where)
        self.fields, self.where = value, where

    def at(self, name: str) -> str:
        """Return the path of a field."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """Whether a field is there and not null."""
        return self.fields.get(name) is not None

    def renamed(self, **newer: str) -> Body:
        """Return the same object with fields under newer names; of both, the newer counts."""
        older = {newer[name]: value for name, value in self.fields.items() if name in newer}
        return Body({**older, **self.fields}, self.where) if older else self

    def raw(self, name: str, default: Any = None) -> Any:
        """Return a field as it is; null means the default."""
        value = self.fields.get(name)
        if value is not None:
            return value
        if isinstance(default, _Required):
            raise FormatError(f"missing field `{self.at(name)}`")
        return default

    def integer(self, name: str, default: Any = None, low: int | None = None, high: int | None = None) -> Any:
        """Return an unsigned integer between `low` and `high`."""
        value = self.raw(name, default)
        if value is default:
            return value
        if isinstance(value, str):
            raise wrong_type(value, "u64", self.at(name))
        return as_integer(value, self.at(name), low, high)

    def number(
        self, name: str, default: Any = None, low: float | None = None, high: float | None = None
    ) -> Any:
        """Return a finite number between `low` and `high` as float."""
        value = self.raw(name, default)
        if value is default:
            return value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise wrong_type(value, "a number", self.at(name))
        if (low is not None and value < low) or (high is not None and value > high):
            raise outside(self.at(name), value, low, high)
        return float(value)

    def flag(self, name: str, default: Any = None) -> Any:
        """Return a boolean; null is none where there is a default: such a field of Qdrant is not optional."""
        value = self.raw(name) if default is None else self.fields.get(name, default)
        if value is not default and not isinstance(value, bool):
            raise wrong_type(value, "a boolean", self.at(name))
        return value

    def text(self, name: str, default: Any = None) -> Any:
        """Return a string."""
        value = self.raw(name, default)
        if value is not default and not isinstance(value, str):
            raise wrong_type(value, "a string", self.at(name))
        return value

    def choice(self, name: str, allowed: Iterable[str], default: Any = None) -> Any:
        """Return one of the texts `allowed`."""
        value = self.text(name, default)
        options = list(allowed)
        if value is not default and value not in options:
            names = ", ".join(f"`{option}`" for option in options)
            raise FormatError(f"{self.at(name)}: unknown variant `{value}`, expected one of {names}")
        return value

    def items(self, name: str, default: Any = None) -> Any:
        """Return a list."""
        value = self.raw(name, default)
        if value is not default and (not isinstance(value, Sequence) or isinstance(value, str | bytes)):
            raise wrong_type(value, "a sequence", self.at(name))
        return value

    def body(self, name: str, default: Any = None) -> Any:
        """Return an object to be read in its turn."""
        value = self.raw(name, default)
        return value if value is default else Body(value, self.at(name))

    def bodies(self, name: str, default: Any = None) -> Any:
        """Return a list of objects to be read in their turn."""
        value = self.items(name, default)
        return value if value is default else [Body(v, f"{self.at(name)}[{i}]") for i, v in enumerate(value)]
