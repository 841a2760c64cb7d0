"""Collections: made, changed, described and removed."""

from __future__ import annotations

from typing import Any

from qdrant_client.http import models

from workbench.collection.info import describe
from workbench.collection.settings import update_settings
from workbench.surfaces.client import config as settings
from workbench.surfaces.client.filters import refuse
from workbench.surfaces.client.refusals import EngineCalls


class CollectionCalls(EngineCalls):
    """Answers the calls about whole collections."""

    def create_collection(
        self,
        collection_name: str,
        vectors_config: Any = None,
        *,
        hnsw_config: Any = None,
        optimizers_config: Any = None,
        quantization_config: Any = None,
        on_disk_payload: bool | None = None,
        metadata: Any = None,
        wal_config: Any = None,
        **options: Any,
    ) -> bool:
        """Make an empty collection; ``Conflict`` when there is one of this name."""
        refuse(**options)
        refuse(shard_key=True if options.get("sharding_method") == models.ShardingMethod.CUSTOM else None)
        settings.wal_without_effect(wal_config)
        for name in ("shard_number", "replication_factor", "write_consistency_factor"):
            settings.without_effect({name: None if options.get(name) == 1 else options.get(name)}, name)
        settings.without_effect(options, "payload", "id_tracker")
        config = settings.collection_config(
            vectors_config,
            hnsw=hnsw_config,
            optimizers=optimizers_config,
            quantization=quantization_config,
            on_disk_payload=on_disk_payload,
            metadata=metadata,
        )
        self.engine.create(collection_name, config)
        return True

    def recreate_collection(self, collection_name: str, vectors_config: Any = None, **options: Any) -> bool:
        """Delete the collection if it is there, and make it anew."""
        self.engine.delete(collection_name)
        return self.create_collection(collection_name, vectors_config, **options)

    def update_collection(
        self,
        collection_name: str,
        *,
        optimizers_config: Any = None,
        hnsw_config: Any = None,
        vectors_config: Any = None,
        quantization_config: Any = None,
        metadata: Any = None,
        collection_params: Any = None,
        **options: Any,
    ) -> bool:
        """Change settings; the optimizer rebuilds what no longer fits them.

        An ``indexing_threshold`` of 0 switches indexing off, as in Qdrant.
        """
        refuse(**options)
        collection = self.engine.collection(collection_name)
        if collection_params is not None:
            settings.without_effect(collection_params, *models.CollectionParamsDiff.model_fields)
        update_settings(
            collection,
            hnsw=settings.hnsw_fields(hnsw_config),
            optimizers=settings.optimizer_fields(optimizers_config),
            vectors=settings.vector_changes(vectors_config, collection.config),
            quantization=settings.quantization_json(quantization_config),
            metadata=metadata,
        )
        return True

    def delete_collection(self, collection_name: str, **options: Any) -> bool:
        """Remove a collection; False when there is none."""
        return self.engine.delete(collection_name)

    def get_collection(self, collection_name: str, **options: Any) -> models.CollectionInfo:
        """Return counts, status and configuration."""
        return settings.client_info(describe(self.engine.collection(collection_name)))

    def get_collections(self, **options: Any) -> models.CollectionsResponse:
        """Return the names of all collections."""
        names = [models.CollectionDescription(name=name) for name in self.engine.names()]
        return models.CollectionsResponse(collections=names)

    def collection_exists(self, collection_name: str, **options: Any) -> bool:
        """Whether there is a collection of this name."""
        return self.engine.exists(collection_name)
