"""The quantized vectors of a sealed segment: made when it is built, read and checked when it is opened.

Their arrays are called ``quantized-i-*``; the manifest holds ``{"codes": …, "meta": …}`` for them, what they
were asked to be and what else they need. `meta` is None where codes were asked for and none are to be had.

The codes themselves are imported where there are some: opening a collection without would pay 3 ms for them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from workbench import distances
from workbench.errors import Corrupted
from workbench.segments.vector_columns import VectorColumn
from workbench.storage.arrays import ArrayStore

if TYPE_CHECKING:
    from workbench.models.quantization import Quantization
    from workbench.segments.multi_columns import MultiColumn

AnyArray = npt.NDArray[Any]

log = logging.getLogger("workbench")


def make(
    searched: AnyArray,
    metric: int,
    settings: Quantization,
    index: int,
    write: Callable[[str, AnyArray], None],
) -> dict[str, Any]:
    """Encode the vectors of the name number `index` and write the codes; return their entry in the manifest.

    Parameters
    ----------
    searched : float32, float16 or uint8 [v, d]
        As kernels read them.
    metric : int
        Theirs.
    settings : Quantization
    index : int
    write : callable
        Takes the name of an array, and the array.
    """
    from workbench.indexes import quantization

    codes = quantization.encode(searched, metric, settings)
    if codes is None:
        return {"codes": settings.codes, "meta": None}
    arrays = codes.arrays()
    for name, array in arrays.items():
        write(f"quantized-{index}-{name}", array)
    return {"codes": settings.codes, "meta": codes.meta(), "arrays": sorted(arrays)}


def load(
    arrays: ArrayStore,
    entry: Mapping[str, Any],
    column: VectorColumn | MultiColumn,
    wanted: Quantization | None,
) -> VectorColumn | MultiColumn:
    """Return a column with its codes, those of a multivector's inner vectors, if it has the ones wanted.

    Codes of another kind are left alone: they are to be replaced, and full vectors answer until then.

    Raises
    ------
    Corrupted
        When they are not what the manifest says, or what a kernel relies on.
    """
    made = entry.get("quantized")
    if wanted is None or made is None or made["meta"] is None or made["codes"] != wanted.codes:
        return column
    from workbench.indexes import quantization

    at = entry["index"]
    parts = {name: arrays.read(f"quantized-{at}-{name}") for name in made["arrays"]}
    if wanted.placement == "pinned":
        parts = {name: np.array(array) for name, array in parts.items()}
    try:
        codes = quantization.from_arrays(
            parts, made["meta"], distances.metric(column.params.distance), wanted
        )
    except KeyError as error:
        raise Corrupted(f"quantized-{at}", f"{error} is missing", quantization.ADVICE) from None
    if not isinstance(column, VectorColumn):
        vectors = column.searched.values
        codes.validate(*vectors.shape)
        from workbench.indexes.multivector import QuantizedMultivectors

        searcher = quantization.QuantizedSearcher(codes, wanted, vectors, None)
        return replace(column, quantized=QuantizedMultivectors(searcher, column.searched))
    codes.validate(*column.searched.shape)
    return replace(
        column, quantized=quantization.QuantizedSearcher(codes, wanted, column.searched, column.searcher)
    )


def warn(error: Corrupted, number: int) -> None:
    """Log that a segment has lost its quantized vectors."""
    log.warning("%s; segment %d is searched by its vectors until they are made anew", error, number)


def outdated(entry: Mapping[str, Any], wanted: Quantization | None) -> bool:
    """Whether the codes in a segment are others than those wanted, so that it is to be built anew."""
    made = entry.get("quantized")
    return (None if made is None else made["codes"]) != (None if wanted is None else wanted.codes)
