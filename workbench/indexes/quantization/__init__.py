"""Quantized vectors, as Qdrant configures them: a search by small codes, put right by the full vectors.

============  ========================================  =================================================
kind          a number of a vector becomes              distances
============  ========================================  =================================================
`scalar`      8 bits                                    all
`product`     its part's share of a centroid's 8 bits   all
`binary`      1, 1.5 or 2 bits                          all
`turbo`       1, 1.5, 2 or 4 bits after a rotation      all but Manhattan, whose vectors are searched as they
                                                        are: a rotation does not keep it
============  ========================================  =================================================

Without such a configuration segments have int8 codes of their own making (``workbench.indexes.codes``), by
which graphs are walked and which never show: they are left out where they would find anything else.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from workbench.indexes.quantization.binary import BinaryCodes
from workbench.indexes.quantization.codes import ADVICE, AnyArray, Quantized, QuantizedKind
from workbench.indexes.quantization.product import ProductCodes
from workbench.indexes.quantization.scalar import ScalarCodes
from workbench.indexes.quantization.searcher import QuantizedSearcher
from workbench.indexes.quantization.turbo import TurboCodes
from workbench.models.quantization import Quantization

__all__ = ["ADVICE", "Quantized", "QuantizedSearcher", "encode", "from_arrays", "predict"]

KINDS: Final[Mapping[str, type[QuantizedKind]]] = {
    "scalar": ScalarCodes,
    "product": ProductCodes,
    "binary": BinaryCodes,
    "turbo": TurboCodes,
}


def encode(vectors: AnyArray, metric: int, settings: Quantization) -> Quantized | None:
    """Make codes of all rows.

    Parameters
    ----------
    vectors : float32, float16 or uint8 [n, d]
    metric : int
        ``kernels.SQUARED_L2``, ``NEGATIVE_DOT`` or ``L1``.
    settings : Quantization

    Returns
    -------
    Quantized or None
        None if there are no vectors, if the kind is not defined for the metric, or if the codes could not
        tell the vectors apart.
    """
    if len(vectors) == 0 or settings.kind not in KINDS:
        return None
    return KINDS[settings.kind].encode(vectors, metric, settings)


def predict(count: int, dim: int, metric: int, settings: Quantization) -> int:
    """Return the bytes of the codes of `count` vectors of `dim` numbers."""
    return KINDS[settings.kind].predict(count, dim, metric, settings) if settings.kind in KINDS else 0


def from_arrays(
    arrays: Mapping[str, AnyArray], meta: Mapping[str, Any], metric: int, settings: Quantization
) -> Quantized:
    """Put codes together from what their ``arrays`` and ``meta`` returned; not checked yet."""
    return KINDS[settings.kind].from_arrays(arrays, meta, metric, settings)
