"""Settings of collections and payload indexes: where their messages differ from the REST API."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.surfaces.grpc.messages import chosen, entries, payload, plain, shape

_QUANTIZATION = {"turboquant": "turbo"}


@shape("VectorsConfig", "VectorsConfigDiff")
def _vectors(message: Any) -> Any:
    kind = chosen(message, "config")
    if kind == "params_map":
        return named(message.params_map.map)
    found = plain(message.params)
    # A change of the REST API always names the vector, the one without a name too.
    return {"": found} if message.DESCRIPTOR.name == "VectorsConfigDiff" else found


@shape("SparseVectorConfig")
def _sparse_vectors(message: Any) -> dict[str, Any]:
    return named(message.map)


@shape("QuantizationConfig", "QuantizationConfigDiff")
def _quantization(message: Any) -> Any:
    kind = chosen(message, "quantization")
    if kind == "disabled":
        return "Disabled"
    return {_QUANTIZATION.get(kind, kind): plain(getattr(message, kind))}


@shape("BinaryQuantizationQueryEncoding", "MaxOptimizationThreads")
def _variant(message: Any) -> Any:
    return entries(message)[chosen(message, "variant")]


@shape("ScalarQuantization", "StrictModeConfig")
def _with_short_floats(message: Any) -> dict[str, Any]:
    """Return floats of 32 bits as the shortest numbers that mean them: 0.9 is echoed as 0.9."""
    found = entries(message)
    return {k: float(str(np.float32(v))) if isinstance(v, float) else v for k, v in found.items()}


@shape("OptimizersConfigDiff")
def _optimizers(message: Any) -> dict[str, Any]:
    found = entries(message)
    old = found.pop("deprecated_max_optimization_threads", None)
    return found if old is None else {"max_optimization_threads": old, **found}


@shape("StrictModeMultivectorConfig")
def _strict_multivectors(message: Any) -> dict[str, Any]:
    return named(message.multivector_config)


@shape("StrictModeSparseConfig")
def _strict_sparse(message: Any) -> dict[str, Any]:
    return named(message.sparse_config)


@shape("PayloadIndexParams")
def _index(message: Any) -> dict[str, Any]:
    kind = chosen(message, "index_params")
    return {"type": kind.removesuffix("_index_params"), **plain(getattr(message, kind))}


@shape("KeywordIndexParams")
def _keyword_index(message: Any) -> dict[str, Any]:
    found = entries(message)
    if "prefix" in found:
        found["prefix"] = True
    return found


@shape("StemmingAlgorithm")
def _stemmer(message: Any) -> dict[str, Any]:
    kind = chosen(message, "stemming_params")
    if kind == "disabled":
        return {"type": "none"}
    return {"type": kind, **plain(getattr(message, kind))}


@shape("CreateCollection", "UpdateCollection")
def _collection(message: Any) -> dict[str, Any]:
    found = entries(message)
    for name in ("vectors", "sparse_vectors"):
        if f"{name}_config" in found:
            found[name] = found.pop(f"{name}_config")
    if "metadata" in found:
        found["metadata"] = payload(message.metadata)
    return found


def named(values: Any) -> dict[str, Any]:
    """Return a map of names to messages."""
    return {name: plain(values[name]) for name in values}
