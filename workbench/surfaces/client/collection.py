"""Collections: made, changed, described and removed; their aliases, indexes and named vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client.http import models

from workbench.api.body import Body
from workbench.api.collection_config import read_config
from workbench.surfaces.client.base import EngineCalls, parameters
from workbench.surfaces.client.failures import responses
from workbench.surfaces.client.plain import plain, without_none
from workbench.surfaces.client.results import validated

# The arguments of create_collection whose names in the API are others.
_CREATED = {"vectors_config": "vectors", "sparse_vectors_config": "sparse_vectors"}
_CHANGED = {**_CREATED, "collection_params": "params", "optimizer_config": "optimizers_config"}


class CollectionCalls(EngineCalls):
    """Answers the calls about whole collections."""

    def create_collection(self, collection_name: str, vectors_config: Any = None, **options: Any) -> bool:
        """Make an empty collection."""
        body = _settings({"vectors_config": vectors_config, **options}, _CREATED)
        made: bool = self._run("create_collection", collection_name, body, parameters(options))
        return made

    def recreate_collection(self, collection_name: str, vectors_config: Any = None, **options: Any) -> bool:
        """Delete the collection if it is there, and make it anew; wrong settings delete nothing."""
        with responses():
            read_config(Body(_settings({"vectors_config": vectors_config, **options}, _CREATED)))
        self.delete_collection(collection_name)
        return self.create_collection(collection_name, vectors_config, **options)

    def update_collection(self, collection_name: str, **options: Any) -> bool:
        """Change settings; the optimizer rebuilds what no longer fits them.

        An ``indexing_threshold`` of 0 switches indexing off, as in Qdrant.
        """
        body = _settings(options, _CHANGED)
        changed: bool = self._run("update_collection", collection_name, body, parameters(options))
        return changed

    def delete_collection(self, collection_name: str, **options: Any) -> bool:
        """Remove a collection; False when there is none."""
        removed: bool = self._run("delete_collection", collection_name, params=parameters(options))
        return removed

    def get_collection(self, collection_name: str, **options: Any) -> models.CollectionInfo:
        """Return counts, status and configuration."""
        return validated(models.CollectionInfo, self._run("get_collection", collection_name))

    def get_collections(self, **options: Any) -> models.CollectionsResponse:
        """Return the names of all collections."""
        return validated(models.CollectionsResponse, self._run("get_collections"))

    def collection_exists(self, collection_name: str, **options: Any) -> bool:
        """Whether there is a collection, or an alias, of this name."""
        exists: bool = self._run("collection_exists", collection_name)["exists"]
        return exists

    def get_optimizations(
        self, collection_name: str, completed_limit: int | None = None, with_: Any = None, **options: Any
    ) -> models.OptimizationsResponse:
        """Return what the optimizer does and did."""
        wanted = [plain(with_)] if isinstance(with_, str) else [plain(w) for w in with_ or ()]
        if completed_limit is not None and "completed" not in wanted:
            wanted.append("completed")
        params = without_none(completed_limit=completed_limit, **{"with": ",".join(wanted) or None})
        found = self._run("get_optimizations", collection_name, params=params)
        return validated(models.OptimizationsResponse, found)

    # -- aliases ---------------------------------------------------------------------------------------

    def update_collection_aliases(self, change_aliases_operations: Sequence[Any], **options: Any) -> bool:
        """Create, rename and delete aliases, all or none of them."""
        body = {"actions": plain(list(change_aliases_operations))}
        changed: bool = self._run("update_aliases", body=body, params=parameters(options))
        return changed

    def get_collection_aliases(
        self, collection_name: str, **options: Any
    ) -> models.CollectionsAliasesResponse:
        """Return the aliases of one collection."""
        found = self._run("get_collection_aliases", collection_name)
        return validated(models.CollectionsAliasesResponse, found)

    def get_aliases(self, **options: Any) -> models.CollectionsAliasesResponse:
        """Return all aliases."""
        return validated(models.CollectionsAliasesResponse, self._run("get_collections_aliases"))

    # -- indexes and named vectors -----------------------------------------------------------------------

    def create_payload_index(
        self,
        collection_name: str,
        field_name: str,
        field_schema: Any = None,
        field_type: Any = None,
        *,
        wait: bool = True,
        **options: Any,
    ) -> models.UpdateResult:
        """Index a field of the payloads; `field_type` is the older name of `field_schema`."""
        schema = field_schema if field_type is None else field_type
        body = without_none(field_name=field_name, field_schema=schema)
        return self._write("create_field_index", collection_name, body, wait, options)

    def delete_payload_index(
        self, collection_name: str, field_name: str, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove the index of a field."""
        return self._write("delete_field_index", collection_name, None, wait, options, field_name=field_name)

    def create_vector_name(
        self,
        collection_name: str,
        vector_name: str,
        vector_name_config: Any,
        *,
        wait: bool = True,
        **options: Any,
    ) -> models.UpdateResult:
        """Give the points of a collection another named vector, which none of them has yet."""
        body = plain(vector_name_config)
        return self._write(
            "create_vector_name", collection_name, body, wait, options, vector_name=vector_name
        )

    def delete_vector_name(
        self, collection_name: str, vector_name: str, *, wait: bool = True, **options: Any
    ) -> models.UpdateResult:
        """Remove a named vector from a collection and all its points."""
        return self._write(
            "delete_vector_name", collection_name, None, wait, options, vector_name=vector_name
        )


def _settings(options: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings among the arguments of a call, by their names in the API."""
    return without_none(
        **{names.get(name, name): value for name, value in options.items() if name != "timeout"}
    )
