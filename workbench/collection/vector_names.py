"""Vector names that come and go in a live collection.

Points have no vector under a new name, and lose the one under a name that is deleted. Which segment has
vectors of which name stands in the manifest: the transaction that changes the configuration takes a deleted
name out of every segment's entry, and lets writes go to a new tail with files for the names that there are
now. So the arrays of a name that was deleted are never read again, not even when the name is made anew with
other parameters; they go when their segment is next rebuilt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from workbench.collection.collection import Collection
from workbench.collection.files import make_tail, sealed_info, segment_folder, tail_info
from workbench.errors import InvalidRequest
from workbench.models.answers import UpdateResult
from workbench.models.config import CollectionConfig, SparseVectorParams, VectorParams
from workbench.segments.segment import Segment
from workbench.segments.tail import Tail
from workbench.segments.vector_columns import named_vectors
from workbench.segments.view import SegmentView
from workbench.storage.files import remove_folder

AnyParams = VectorParams | SparseVectorParams


def create_vector(collection: Collection, name: str, params: AnyParams) -> UpdateResult:
    """Add a named vector; nothing is done when it is there with the same parameters.

    Raises
    ------
    InvalidRequest
        When there is another of that name, or the name is too long.
    """

    def create() -> UpdateResult:
        config = collection.config
        known = named_vectors(config).get(name)
        if known == params:
            return UpdateResult(collection.view.operation)
        if known is not None:
            raise InvalidRequest(
                f"Validation failed: vector '{name}' already exists with different parameters; delete it "
                "before recreating with a different configuration"
            )
        if isinstance(params, SparseVectorParams):
            changed = replace(config, sparse_vectors={**config.sparse_vectors, name: params})
        else:
            changed = replace(config, vectors={**config.vectors, name: params})
        return _change(collection, "create_vector", changed, {name: params})

    return collection.write(create)


def delete_vector(collection: Collection, name: str) -> UpdateResult:
    """Remove a named vector from the configuration and every point; nothing is done when there is none."""

    def delete() -> UpdateResult:
        config = collection.config
        params = named_vectors(config).get(name)
        if params is None:
            return UpdateResult(collection.view.operation)
        changed = replace(
            config,
            vectors={n: p for n, p in config.vectors.items() if n != name},
            sparse_vectors={n: p for n, p in config.sparse_vectors.items() if n != name},
        )
        return _change(collection, "delete_vector", changed, {name: params})

    return collection.write(delete)


def _change(
    collection: Collection, kind: str, config: CollectionConfig, lacking: Mapping[str, AnyParams]
) -> UpdateResult:
    """Publish `config`, with `lacking` absent from every segment there is, and a new tail behind them."""
    view, store, old = collection.view, collection.store, collection.tail
    kept = [
        replace(s, absent={**s.absent, **lacking})
        for s in view.segments
        if s.segment is not old or old.count > 0
    ]
    tail = make_tail(collection.folder, collection.new_number(), old.first_key + old.count, config, store)
    with store.transaction():
        store.set_meta("config", config.to_json())
        for segment in kept:
            store.change_segment(segment.segment.number, _entry(segment))
        if old.count == 0:
            store.drop_segment(old.number)
        store.add_segment(tail.number, "tail", tail_info(tail))
        operation = store.record(kind, 0)
    collection.publish([*kept, SegmentView(tail, 0)], config=config, operation=operation)
    if old.count == 0:
        _remove(collection, old)
    collection.upkeep.wake()
    collection.announce("configured")
    return UpdateResult(operation)


def _entry(view: SegmentView) -> bytes:
    if isinstance(view.segment, Segment):
        return sealed_info(view.segment, view.absent)
    assert isinstance(view.segment, Tail)
    return tail_info(view.segment, view.absent)


def _remove(collection: Collection, tail: Tail) -> None:
    tail.close()
    if collection.folder is not None:
        remove_folder(segment_folder(collection.folder, tail.number))
