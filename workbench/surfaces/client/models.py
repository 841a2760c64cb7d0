"""Qdrant's models with those that clients before 1.16 also had, so that their code runs unchanged.

Everything of ``qdrant_client.models`` is here. Added or widened: ``SearchRequest`` and the other legacy
requests, ``NamedVector``, ``ContextExamplePair``, a callable ``QuantizationConfig``,
``HnswConfigDiff(ef=…)``, and ``CollectionInfo`` with ``vectors_count``, ``disk_data_size`` and
``ram_data_size``.
"""

from __future__ import annotations

import sys
from typing import Any, Union

from pydantic import BaseModel
from qdrant_client.http import models as _current
from qdrant_client.http.models import *  # noqa: F403

from workbench.errors import InvalidRequest

# `from workbench.qdrant_client.models import *` brings the name `models` too, as Qdrant's does: this module.
models = sys.modules[__name__]

RecommendExample = Union[list[float], _current.ExtendedPointId, _current.SparseVector]  # noqa: UP007


class HnswConfigDiff(_current.HnswConfigDiff):  # type: ignore[no-redef]
    """HNSW settings, with `ef`: how many candidates a search keeps that names no ``hnsw_ef``."""

    ef: int | None = None


class CollectionInfo(_current.CollectionInfo):  # type: ignore[no-redef]
    """Collection info with the counts and sizes of older clients.

    Attributes
    ----------
    vectors_count : int or None
        Vectors of live points, all names together.
    disk_data_size, ram_data_size : int or None
        Bytes of files, and bytes of vectors and links held or mapped; None over the network.
    """

    vectors_count: int | None = None
    disk_data_size: int | None = None
    ram_data_size: int | None = None


def QuantizationConfig(  # type: ignore[no-redef]  # noqa: N802
    *, scalar: Any = None, product: Any = None, binary: Any = None, turbo: Any = None
) -> Any:
    """Return the one kind of quantization that is given, as ``ScalarQuantization`` and so on.

    Raises
    ------
    InvalidRequest
        When none or several are given.
    """
    kinds = {
        _current.ScalarQuantization: ("scalar", scalar),
        _current.ProductQuantization: ("product", product),
        _current.BinaryQuantization: ("binary", binary),
        _current.TurboQuantization: ("turbo", turbo),
    }
    given = [(kind, name, value) for kind, (name, value) in kinds.items() if value is not None]
    if len(given) != 1:
        raise InvalidRequest(
            "QuantizationConfig: expected exactly one of scalar, product, binary and turbo, "
            f"got {[name for _, name, _ in given]}"
        )
    kind, name, value = given[0]
    return kind(**{name: value})


class _Request(BaseModel, extra="forbid", arbitrary_types_allowed=True):
    """What all legacy requests have."""

    shard_key: _current.ShardKeySelector | None = None
    filter: _current.Filter | None = None
    params: _current.SearchParams | None = None
    with_payload: _current.WithPayloadInterface | None = None
    with_vector: _current.WithVector | None = None
    limit: int = 10
    offset: int | None = None


class NamedVector(BaseModel, extra="forbid"):
    """A dense vector and which named vector it is compared with."""

    name: str
    vector: list[float]


class NamedSparseVector(BaseModel, extra="forbid"):
    """A sparse vector and which named vector it is compared with."""

    name: str
    vector: _current.SparseVector


NamedVectorStruct = Union[list[float], NamedVector, NamedSparseVector]  # noqa: UP007


class SearchRequest(_Request):
    """One search of ``search_batch``."""

    vector: NamedVectorStruct
    score_threshold: float | None = None


class RecommendRequest(_Request):
    """One recommendation of ``recommend_batch``."""

    positive: list[RecommendExample] = []
    negative: list[RecommendExample] = []
    strategy: _current.RecommendStrategy | None = None
    score_threshold: float | None = None
    using: str | None = None
    lookup_from: _current.LookupLocation | None = None


class ContextExamplePair(BaseModel, extra="forbid"):
    """A pair of examples of a discovery."""

    positive: RecommendExample
    negative: RecommendExample


class DiscoverRequest(_Request):
    """One discovery of ``discover_batch``."""

    target: RecommendExample | None = None
    context: list[ContextExamplePair] | None = None
    using: str | None = None
    lookup_from: _current.LookupLocation | None = None
