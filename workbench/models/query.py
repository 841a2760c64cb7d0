"""What a caller asks for: search parameters and the parts of a point to return."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.errors import InvalidRequest

if TYPE_CHECKING:
    from workbench.models.filters import Filter

MAX_LIMIT = 1 << 40


class QuantizationParams(NamedTuple):
    """How codes are used in a search.

    Parameters
    ----------
    ignore : bool
        Compare full vectors only.
    rescore : bool or None
        Measure what the codes found with the full vectors; None leaves it to the engine.
    oversampling : float or None
        How many times as many points to find by codes before that, at least 1; None leaves it to the engine.
    """

    ignore: bool = False
    rescore: bool | None = None
    oversampling: float | None = None

    @classmethod
    def of(cls, value: Mapping[str, Any] | QuantizationParams | None) -> QuantizationParams | None:
        """Read ``{"rescore": False, "oversampling": 2.0}`` and the like.

        Raises
        ------
        InvalidRequest
            For other names and values.
        """
        if value is None or isinstance(value, QuantizationParams):
            return value
        if not isinstance(value, Mapping) or (unknown := set(value) - {"ignore", "rescore", "oversampling"}):
            given = sorted(map(str, unknown)) if isinstance(value, Mapping) else value
            raise InvalidRequest(f"quantization: expected ignore, rescore or oversampling, got {given!r:.80}")
        for name in ("ignore", "rescore"):
            if not isinstance(value.get(name), bool | None):
                raise InvalidRequest(f"quantization.{name}: expected True or False, got {value[name]!r:.80}")
        more = value.get("oversampling")
        if more is not None and (
            isinstance(more, bool) or not isinstance(more, int | float) or not 1 <= more <= MAX_LIMIT
        ):
            wanted = f"expected a number from 1 to {MAX_LIMIT:,}"
            raise InvalidRequest(f"quantization.oversampling: {wanted}, got {more!r:.80}")
        return cls(ignore=bool(value.get("ignore")), rescore=value.get("rescore"), oversampling=more)


class AcornParams(NamedTuple):
    """Whether a filtered walk may look at neighbors of neighbors, and from which share of matches down."""

    enable: bool = False
    max_selectivity: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParams:
    """How hard to search.

    Parameters
    ----------
    hnsw_ef : int or None
        Candidates kept while walking the graph; None takes the collection's setting.
    exact : bool
        Scan every vector instead of using a graph.
    indexed_only : bool
        Leave out segments that have no graph yet.
    quantization : QuantizationParams or None
    acorn : AcornParams or None
    idf_corpus : Filter or None
        The points over which document frequencies of a sparse vector are counted; None takes all.
    """

    hnsw_ef: int | None = None
    exact: bool = False
    indexed_only: bool = False
    quantization: QuantizationParams | None = None
    acorn: AcornParams | None = None
    idf_corpus: Filter | None = None

    def __post_init__(self) -> None:
        ef = self.hnsw_ef
        if ef is not None and (isinstance(ef, bool) or not isinstance(ef, int) or not 1 <= ef <= 1 << 31):
            raise InvalidRequest(f"params.hnsw_ef: expected an integer from 1 to {1 << 31}, got {ef!r}")


@dataclass(frozen=True, slots=True)
class Selector:
    """Which parts of a payload, or which named vectors, to return.

    Parameters
    ----------
    enabled : bool
        False returns nothing.
    include : sequence of str or None
        Only these keys (JSON paths) or vector names; None means all.
    exclude : sequence of str
        All but these.
    """

    enabled: bool = True
    include: Sequence[str] | None = None
    exclude: Sequence[str] = ()

    @classmethod
    def of(cls, value: bool | Sequence[str] | Selector | None) -> Selector:
        """Read the short forms: a bool, or a list of names."""
        if value is None or isinstance(value, bool):
            return ALL if value else NOTHING
        if isinstance(value, Selector):
            return value
        if isinstance(value, str):
            return cls(True, [value])
        return cls(True, list(value))


ALL, NOTHING = Selector(True), Selector(False)


def check_limit(name: str, value: int, low: int = 0) -> int:
    """Return `value`, Python's or NumPy's, if it is an integer from `low` to 2^40.

    Raises
    ------
    InvalidRequest
        For anything else.
    """
    if type(value) is int and low <= value <= MAX_LIMIT:
        return value
    try:
        number = -1 if isinstance(value, bool) else operator.index(value)
    except TypeError:
        number = -1
    if not low <= number <= MAX_LIMIT:
        most = f" and at most {MAX_LIMIT:,}" if number > MAX_LIMIT else ""
        raise InvalidRequest(f"{name}: expected an integer of at least {low}{most}, got {value!r}")
    return number
