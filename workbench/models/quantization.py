"""How the vectors of one name are quantized: Qdrant's ``quantization_config``, read and checked.

A collection keeps the configuration as Qdrant's JSON, which is echoed as it came; this is what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from workbench.errors import InvalidRequest


class Encoding(StrEnum):
    """How many bits binary codes keep of a number."""

    ONE_BIT = "one_bit"
    ONE_AND_HALF_BITS = "one_and_half_bits"
    TWO_BITS = "two_bits"


class QueryEncoding(StrEnum):
    """What a query is turned into before it is compared with binary codes."""

    BINARY = "binary"
    SCALAR4 = "scalar4bits"
    SCALAR8 = "scalar8bits"


PRODUCT = {f"x{ratio}": ratio for ratio in (4, 8, 16, 32, 64)}
TURBO = {"bits1": 1.0, "bits1_5": 1.5, "bits2": 2.0, "bits4": 4.0}
MEMORY = ("cold", "cached", "pinned")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """What codes to make, and where to keep them.

    Attributes
    ----------
    kind : str
        ``scalar``, ``product``, ``binary`` or ``turbo``.
    quantile : float
        Of scalar codes: the share of the numbers that the range of a code leaves room for; 1 for all.
    compression : int
        Of product codes: how many times smaller than float32 they are.
    encoding : Encoding
        Of binary codes.
    query_encoding : QueryEncoding
        Of queries to binary codes.
    bits : float
        Of TurboQuant codes: bits a number, 1, 1.5, 2 or 4.
    placement : str
        ``pinned``: the codes are read into memory, as ``always_ram`` asks; ``cached``: they are mapped, and
        read once when the segment is opened; ``cold``: they are mapped.
    """

    kind: str
    quantile: float = 1.0
    compression: int = 16
    encoding: Encoding = Encoding.ONE_BIT
    query_encoding: QueryEncoding = QueryEncoding.BINARY
    bits: float = 4.0
    placement: str = "cold"

    @property
    def codes(self) -> dict[str, Any]:
        """What the stored codes depend on, as plain values: if it changes they are made anew."""
        own: dict[str, dict[str, Any]] = {
            "scalar": {"quantile": self.quantile},
            "product": {"compression": self.compression},
            "binary": {"encoding": str(self.encoding)},
            "turbo": {"bits": self.bits},
        }
        return {"kind": self.kind, **own[self.kind]}

    @classmethod
    def parse(cls, config: Mapping[str, Any] | None) -> Quantization | None:
        """Read Qdrant's JSON, ``{"scalar": {"type": "int8", "quantile": 0.99}}`` and the like.

        Raises
        ------
        InvalidRequest
            When it is none of the four kinds, or a setting has no such value.
        """
        if config is None:
            return None
        if not isinstance(config, Mapping) or len(config) != 1 or next(iter(config)) not in _READERS:
            raise InvalidRequest(
                f"quantization: expected one of {', '.join(_READERS)} with its settings, such as "
                f'{{"scalar": {{"type": "int8"}}}}, got {config!r:.80}'
            )
        ((kind, settings),) = config.items()
        if not isinstance(settings, Mapping):
            raise InvalidRequest(f"quantization.{kind}: expected its settings, got {settings!r:.80}")
        given = {name: value for name, value in settings.items() if value is not None}
        own = _Settings(kind, given)
        placement = own.choice("memory", dict.fromkeys(MEMORY), "")
        if not placement:
            placement = "pinned" if own.take("always_ram") is True else "cold"
        own.take("always_ram")
        read = replace(_READERS[kind](own), placement=placement)
        own.finish()
        return read


class _Settings:
    """The settings of one kind, each taken once."""

    def __init__(self, kind: str, given: dict[str, Any]) -> None:
        self.kind, self.given = kind, given

    def take(self, name: str) -> Any:
        return self.given.pop(name, None)

    def choice(self, name: str, values: Mapping[str, Any], default: Any) -> Any:
        """Return what one of some names stands for, itself if it stands for None."""
        value = self.take(name)
        if value is None:
            return default
        if str(value) not in values:
            raise InvalidRequest(
                f"quantization.{self.kind}.{name}: expected one of {', '.join(values)}, got {value!r:.80}"
            )
        meant = values[str(value)]
        return str(value) if meant is None else meant

    def finish(self) -> None:
        if self.given:
            raise InvalidRequest(f"quantization.{self.kind}: unknown settings {sorted(self.given)}")


def _scalar(own: _Settings) -> Quantization:
    own.choice("type", {"int8": None}, "int8")
    quantile = own.take("quantile")
    if quantile is None:
        return Quantization(kind="scalar")
    if isinstance(quantile, bool) or not isinstance(quantile, int | float) or not 0.5 <= quantile <= 1.0:
        raise InvalidRequest(f"quantization.scalar.quantile: expected 0.5 to 1, got {quantile!r:.80}")
    return Quantization(kind="scalar", quantile=float(quantile))


def _product(own: _Settings) -> Quantization:
    return Quantization(kind="product", compression=own.choice("compression", PRODUCT, 16))


def _binary(own: _Settings) -> Quantization:
    named = {str(e): e for e in QueryEncoding} | {"default": QueryEncoding.BINARY}
    return Quantization(
        kind="binary",
        encoding=own.choice("encoding", {str(e): e for e in Encoding}, Encoding.ONE_BIT),
        query_encoding=own.choice("query_encoding", named, QueryEncoding.BINARY),
    )


def _turbo(own: _Settings) -> Quantization:
    return Quantization(kind="turbo", bits=own.choice("bits", TURBO, 4.0))


_READERS: Final[Mapping[str, Callable[[_Settings], Quantization]]] = {
    "scalar": _scalar,
    "product": _product,
    "binary": _binary,
    "turbo": _turbo,
}
