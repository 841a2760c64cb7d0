"""Collections through a client: made, described, changed, renamed by aliases, indexed, saved and removed."""

# The models of a client are unions of all that a field may be; a test knows which.
# mypy: disable-error-code="arg-type,attr-defined,call-overload,index,misc,operator,union-attr"

from __future__ import annotations

from qdrant_client import QdrantClient, models

from workbench.testing.client_base import FILMS, PLANE, FilmTests, genre, refused

OTHER = "suite-other"


class CollectionTests(FilmTests):
    """Everything about whole collections."""

    def test_the_service_tells_the_version_that_it_speaks(self, client: QdrantClient) -> None:
        assert client.info().version.startswith("1.19.")

    def test_a_collection_is_made_listed_and_deleted(self, client: QdrantClient) -> None:
        client.delete_collection(OTHER)
        assert client.create_collection(OTHER, PLANE)
        assert client.collection_exists(OTHER)
        assert OTHER in [c.name for c in client.get_collections().collections]
        assert client.delete_collection(OTHER)
        assert not client.collection_exists(OTHER)

    def test_deleting_what_is_not_there_says_false(self, client: QdrantClient) -> None:
        assert client.delete_collection("suite-nothing") is False

    def test_a_name_is_given_once(self, films: QdrantClient) -> None:
        with refused(409, f"Collection `{FILMS}` already exists!"):
            films.create_collection(FILMS, PLANE)

    def test_an_unknown_collection_is_named(self, client: QdrantClient) -> None:
        with refused(404, "Collection `suite-nothing` doesn't exist!"):
            client.get_collection("suite-nothing")
        with refused(404, "Collection `suite-nothing` doesn't exist!"):
            client.count("suite-nothing")

    def test_info_counts_points(self, films: QdrantClient) -> None:
        info = films.get_collection(FILMS)
        assert (info.points_count, info.status) == (4, models.CollectionStatus.GREEN)
        assert info.config.params.vectors.size == 2
        assert info.config.params.vectors.distance == models.Distance.DOT
        assert (info.config.hnsw_config.m, info.config.hnsw_config.ef_construct) == (16, 100)

    def test_what_was_configured_is_told_back(self, client: QdrantClient) -> None:
        client.delete_collection(OTHER)
        int8 = models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(
                type=models.ScalarType.INT8, quantile=0.99, always_ram=True
            )
        )
        client.create_collection(
            OTHER,
            {
                "plot": models.VectorParams(
                    size=3, distance=models.Distance.EUCLID, hnsw_config=models.HnswConfigDiff(m=32)
                ),
                "poster": models.VectorParams(
                    size=2, distance=models.Distance.COSINE, datatype=models.Datatype.UINT8
                ),
            },
            sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
            hnsw_config=models.HnswConfigDiff(m=8, ef_construct=50),
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=20000),
            quantization_config=int8,
            on_disk_payload=False,
            metadata={"source": "a film club"},
        )
        config = client.get_collection(OTHER).config
        assert config.params.vectors["plot"].hnsw_config.m == 32
        assert config.params.vectors["poster"].datatype == models.Datatype.UINT8
        assert config.params.sparse_vectors["words"].modifier == models.Modifier.IDF
        assert config.params.on_disk_payload is False
        assert (config.hnsw_config.m, config.hnsw_config.ef_construct) == (8, 50)
        assert config.optimizer_config.indexing_threshold == 20000
        assert config.quantization_config.scalar.always_ram is True
        assert config.metadata == {"source": "a film club"}
        client.delete_collection(OTHER)

    def test_settings_change_and_the_rest_stays(self, films: QdrantClient) -> None:
        assert films.update_collection(
            FILMS,
            hnsw_config=models.HnswConfigDiff(m=24),
            optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0),
        )
        config = films.get_collection(FILMS).config
        assert (config.hnsw_config.m, config.hnsw_config.ef_construct) == (24, 100)
        assert config.optimizer_config.indexing_threshold == 0

    def test_aliases_are_made_moved_and_deleted_in_one_call(self, films: QdrantClient) -> None:
        made = models.CreateAliasOperation(
            create_alias=models.CreateAlias(collection_name=FILMS, alias_name="suite-a")
        )
        renamed = models.RenameAliasOperation(
            rename_alias=models.RenameAlias(old_alias_name="suite-a", new_alias_name="suite-b")
        )
        assert films.update_collection_aliases([made, renamed])
        assert [a.alias_name for a in films.get_collection_aliases(FILMS).aliases] == ["suite-b"]
        assert films.count("suite-b").count == 4
        assert "suite-b" in [a.alias_name for a in films.get_aliases().aliases]
        gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name="suite-b"))
        films.update_collection_aliases([gone])
        assert films.get_collection_aliases(FILMS).aliases == []

    def test_a_payload_index_is_told_and_changes_no_answer(self, films: QdrantClient) -> None:
        films.create_payload_index(FILMS, "genre", field_schema=models.PayloadSchemaType.KEYWORD)
        index = films.get_collection(FILMS).payload_schema["genre"]
        assert (index.data_type, index.points) == (models.PayloadSchemaType.KEYWORD, 4)
        assert films.count(FILMS, count_filter=genre("horror")).count == 2
        films.delete_payload_index(FILMS, "genre")
        assert films.get_collection(FILMS).payload_schema == {}

    def test_a_snapshot_is_taken_listed_and_deleted(self, films: QdrantClient) -> None:
        made = films.create_snapshot(FILMS)
        assert made is not None
        assert [s.name for s in films.list_snapshots(FILMS)] == [made.name]
        assert films.delete_snapshot(FILMS, made.name)
        assert films.list_snapshots(FILMS) == []

    def test_strict_mode_limits_what_is_asked(self, films: QdrantClient) -> None:
        strict = models.StrictModeConfig(enabled=True, max_query_limit=3)
        films.update_collection(FILMS, strict_mode_config=strict)
        assert len(films.query_points(FILMS, [1.0, 0.0], limit=3).points) == 3
        with refused(400, "Limit exceeded 4 > 3"):
            films.query_points(FILMS, [1.0, 0.0], limit=4)
