"""Changes of a collection's settings after its creation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from workbench.collection.collection import Collection
from workbench.errors import InvalidRequest, UnknownVector
from workbench.models.config import CollectionConfig

DISABLED = "Disabled"


def update_settings(
    collection: Collection,
    *,
    hnsw: Mapping[str, Any] | None = None,
    optimizers: Mapping[str, Any] | None = None,
    vectors: Mapping[str, Mapping[str, Any]] | None = None,
    quantization: Mapping[str, Any] | str | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> CollectionConfig:
    """Replace the settings given; the optimizer rebuilds in the background what no longer fits them.

    Parameters
    ----------
    hnsw, optimizers : mapping or None
        Fields of :class:`HnswConfig` and :class:`OptimizersConfig`; those left out stay.
    vectors : mapping or None
        By vector name: ``hnsw``, ``quantization`` or ``on_disk`` of that vector.
    quantization : mapping, "Disabled" or None
        Qdrant's JSON; the codes of sealed segments are made anew in the background.
    metadata : mapping or None
        Merged key by key; a value of None removes its key.

    Raises
    ------
    InvalidRequest, UnknownVector
        Before anything is changed.
    """
    for kind, given in (("hnsw", hnsw), ("optimizers", optimizers), ("metadata", metadata)):
        if given is not None and not isinstance(given, Mapping):
            raise InvalidRequest(f"{kind}: expected a mapping of settings, got {given!r:.80}")

    def change(config: CollectionConfig) -> CollectionConfig:
        named = dict(config.vectors)
        for name, fields in (vectors or {}).items():
            if name not in named:
                raise UnknownVector(name, list(named))
            if unknown := set(fields) - {"hnsw", "quantization", "on_disk"}:
                raise InvalidRequest(
                    f"vectors.{name}: expected hnsw, quantization or on_disk, got {sorted(unknown)}"
                )
            named[name] = replace(named[name], **fields)
        merged = {**config.metadata, **(metadata or {})}
        return replace(
            config,
            vectors=named,
            hnsw=config.hnsw.updated(hnsw),
            optimizers=config.optimizers.updated(optimizers),
            quantization=_quantization(config.quantization, quantization),
            metadata={k: v for k, v in merged.items() if v is not None},
        )

    return change_config(collection, change)


def _quantization(
    old: Mapping[str, Any] | None, change: Mapping[str, Any] | str | None
) -> Mapping[str, Any] | None:
    if isinstance(change, str) and change != DISABLED:
        raise InvalidRequest(f"quantization: expected settings or {DISABLED!r}, got {change!r:.80}")
    return old if change is None else None if isinstance(change, str) else change


def change_config(
    collection: Collection, change: Callable[[CollectionConfig], CollectionConfig]
) -> CollectionConfig:
    """Replace the configuration by what `change` makes of it; the optimizer rebuilds what no longer fits.

    Raises
    ------
    WorkbenchError
        What `change` raises, before anything is changed.
    """

    def write() -> CollectionConfig:
        changed = change(collection.config)
        with collection.store.transaction():
            collection.store.set_meta("config", changed.to_json())
            operation = collection.store.record("settings", 0)
        collection.publish(config=changed, operation=operation)
        return changed

    changed = collection.write(write)
    collection.upkeep.wake()
    collection.announce("configured")
    return changed
