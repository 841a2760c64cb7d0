from __future__ import annotations

import pytest
import qdrant_client
from qdrant_client import QdrantClient, models

from workbench.engine import Engine
from workbench.errors import Conflict, InvalidRequest, NotFound, NotStandalone
from workbench.surfaces.client import client_over

PLANE = models.VectorParams(size=2, distance=models.Distance.DOT)


def test_the_client_is_qdrants_own_class(client: QdrantClient) -> None:
    assert isinstance(client, qdrant_client.QdrantClient)
    assert client.info().version == "1.19.0"


def test_a_collection_is_made_listed_and_deleted(client: QdrantClient) -> None:
    assert client.create_collection("films", PLANE)
    assert client.collection_exists("films")
    assert [c.name for c in client.get_collections().collections] == ["films"]
    assert client.delete_collection("films")
    assert not client.collection_exists("films")


def test_deleting_a_collection_that_is_not_there_says_false(client: QdrantClient) -> None:
    assert client.delete_collection("films") is False


def test_a_name_is_given_once(client: QdrantClient) -> None:
    client.create_collection("films", PLANE)
    with pytest.raises(Conflict, match="Collection `films` already exists!"):
        client.create_collection("films", PLANE)


def test_recreating_a_collection_empties_it(films: QdrantClient) -> None:
    with pytest.warns(DeprecationWarning, match="recreate_collection"):
        films.recreate_collection("films", vectors_config=PLANE)
    assert films.count("films").count == 0


def test_wrong_settings_recreate_nothing(films: QdrantClient) -> None:
    with pytest.warns(DeprecationWarning, match="recreate_collection"), pytest.raises(InvalidRequest):
        films.recreate_collection("films", models.VectorParams(size=0, distance=models.Distance.DOT))
    assert films.count("films").count == 4


def test_an_unknown_collection_is_named(client: QdrantClient) -> None:
    with pytest.raises(NotFound, match="Collection `nope` doesn't exist!"):
        client.get_collection("nope")


def test_what_was_configured_is_told_back(client: QdrantClient) -> None:
    client.create_collection(
        "films",
        {
            "plot": models.VectorParams(
                size=3, distance=models.Distance.EUCLID, hnsw_config=models.HnswConfigDiff(m=32), on_disk=True
            ),
            "poster": models.VectorParams(
                size=2, distance=models.Distance.COSINE, datatype=models.Datatype.UINT8
            ),
        },
        hnsw_config=models.HnswConfigDiff(m=8, ef_construct=50),
        optimizers_config=models.OptimizersConfigDiff(indexing_threshold=20000),
        on_disk_payload=False,
        metadata={"source": "a film club"},
    )
    config = client.get_collection("films").config
    assert config.params.vectors["plot"].hnsw_config.m == 32
    assert config.params.vectors["plot"].on_disk is True
    assert config.params.vectors["poster"].datatype == models.Datatype.UINT8
    assert config.params.on_disk_payload is False
    assert (config.hnsw_config.m, config.hnsw_config.ef_construct) == (8, 50)
    assert config.optimizer_config.indexing_threshold == 20000
    assert config.metadata == {"source": "a film club"}


def test_settings_change_and_the_rest_stays(films: QdrantClient) -> None:
    assert films.update_collection(
        "films",
        hnsw_config=models.HnswConfigDiff(m=24),
        vectors_config={"": models.VectorParamsDiff(hnsw_config=models.HnswConfigDiff(ef_construct=64))},
        metadata={"seen": 4},
    )
    config = films.get_collection("films").config
    assert (config.hnsw_config.m, config.hnsw_config.ef_construct) == (24, 100)
    assert config.params.vectors.hnsw_config.ef_construct == 64
    assert config.metadata == {"seen": 4}


@pytest.mark.parametrize("argument", ["optimizer_config", "optimizers_config"])
def test_a_threshold_of_zero_switches_indexing_off(films: QdrantClient, argument: str) -> None:
    films.update_collection("films", **{argument: models.OptimizersConfigDiff(indexing_threshold=0)})
    assert films.get_collection("films").config.optimizer_config.indexing_threshold == 0


def test_quantization_is_told_back_and_can_be_disabled(client: QdrantClient) -> None:
    int8 = models.ScalarQuantization(scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8))
    client.create_collection("a", PLANE, quantization_config=int8)
    assert client.get_collection("a").config.quantization_config == int8
    client.update_collection("a", quantization_config=models.Disabled.DISABLED)
    assert client.get_collection("a").config.quantization_config is None


@pytest.mark.parametrize("size", [0, 65_537])
def test_a_size_out_of_range_makes_no_collection(client: QdrantClient, size: int) -> None:
    with pytest.raises(InvalidRequest, match=r"size: value .* invalid, must be from 1 to 65536"):
        client.create_collection("films", models.VectorParams(size=size, distance=models.Distance.DOT))
    assert client.get_collections().collections == []


def test_sparse_vectors_and_multivectors_are_told_back(client: QdrantClient) -> None:
    several = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)
    client.create_collection(
        "films",
        {"tokens": models.VectorParams(size=2, distance=models.Distance.DOT, multivector_config=several)},
        sparse_vectors_config={"words": models.SparseVectorParams(modifier=models.Modifier.IDF)},
    )
    params = client.get_collection("films").config.params
    assert params.vectors["tokens"].multivector_config == several
    assert params.sparse_vectors["words"].modifier == models.Modifier.IDF


def test_aliases_stand_for_collections(films: QdrantClient) -> None:
    create = models.CreateAlias(collection_name="films", alias_name="movies")
    films.update_collection_aliases([models.CreateAliasOperation(create_alias=create)])
    assert films.count("movies").count == 4
    (alias,) = films.get_collection_aliases("films").aliases
    assert (alias.alias_name, alias.collection_name) == ("movies", "films")
    assert films.get_aliases().aliases == [alias]


def test_a_snapshot_is_taken_listed_and_deleted(films: QdrantClient) -> None:
    made = films.create_snapshot("films")
    assert films.list_snapshots("films") == [made]
    assert films.delete_snapshot("films", made.name)
    assert films.list_snapshots("films") == []


def test_one_process_says_that_it_is_no_cluster(films: QdrantClient) -> None:
    assert films.cluster_status().status == "disabled"
    assert [s.shard_id for s in films.collection_cluster_info("films").local_shards] == [0]
    with pytest.raises(NotStandalone):
        films.remove_peer(1)


def test_an_index_grows_and_the_status_turns_green_again(engine: Engine, client: QdrantClient) -> None:
    client.create_collection("films", PLANE)
    client.upload_collection("films", vectors=[[float(i), 1.0] for i in range(300)], ids=range(300))
    engine.collection("films").upkeep.optimize()
    info = client.get_collection("films")
    assert (info.points_count, info.indexed_vectors_count, info.status) == (
        300,
        300,
        models.CollectionStatus.GREEN,
    )


def test_closing_the_client_leaves_the_engine_open(engine: Engine, films: QdrantClient) -> None:
    films.close()
    assert client_over(engine).count("films").count == 4
