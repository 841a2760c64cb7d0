"""Programs with ``AsyncQdrantClient`` run in process, and those of 2024 against a server too."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import qdrant_client

import workbench as wb
from workbench import AsyncQdrantClient
from workbench.api.service import service_of
from workbench.errors import NotFound
from workbench.qdrant_client import models
from workbench.surfaces.rest import RestServer
from workbench.surfaces.settings import Settings

PLANE = models.VectorParams(size=2, distance=models.Distance.DOT)


def point(i: int) -> Any:
    return models.PointStruct(id=i, vector=[float(i), 1.0], payload={"n": i})


async def fill(client: Any) -> None:
    await client.create_collection("c", vectors_config=PLANE)
    await asyncio.gather(*[client.upsert("c", points=[point(i)]) for i in range(20)])


def test_calls_that_are_made_at_once_are_all_answered() -> None:
    async def program() -> None:
        client = AsyncQdrantClient(":memory:")
        assert isinstance(client, qdrant_client.AsyncQdrantClient)
        await fill(client)
        answers = await asyncio.gather(
            *[client.query_points("c", query=[1.0, 0.0], limit=n) for n in (1, 2, 3)]
        )
        assert [[hit.id for hit in answer.points] for answer in answers] == [[19], [19, 18], [19, 18, 17]]
        assert (await client.get_collection("c")).vectors_count == 20
        with pytest.raises(NotFound, match="Collection `nope` doesn't exist!"):
            await client.count("nope")
        client.upload_points("c", [point(30)], wait=True)
        assert (await client.count("c")).count == 21
        await client.close()

    asyncio.run(program())


def test_a_folder_is_free_after_closing(tmp_path: Path) -> None:
    async def program() -> None:
        client = AsyncQdrantClient(path=tmp_path / "db")
        await fill(client)
        await client.close()

    asyncio.run(program())
    with wb.open(tmp_path / "db") as database:
        assert len(database["c"]) == 20


def test_the_event_loop_goes_on_while_a_call_is_answered() -> None:
    async def program() -> None:
        client = AsyncQdrantClient(":memory:")
        held = client._blocking()._engine
        assert held is not None
        await fill(client)
        collection, gate = held.collection("c"), asyncio.Event()
        loop, turn = asyncio.get_running_loop(), asyncio.run_coroutine_threadsafe
        writing = loop.run_in_executor(None, collection.write, lambda: turn(gate.wait(), loop).result(20))
        waiting = asyncio.create_task(client.upsert("c", points=[point(50)]))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        gate.set()
        await asyncio.gather(writing, waiting)
        await client.close()

    asyncio.run(program())


@pytest.mark.parametrize("remote", [False, True])
def test_the_calls_that_newer_clients_dropped_are_there(remote: bool) -> None:
    async def program(client: AsyncQdrantClient) -> None:
        await fill(client)
        search: Any = client
        assert [hit.id for hit in await search.search("c", query_vector=[1.0, 0.0], limit=2)] == [19, 18]
        assert len(await search.recommend("c", positive=[1], limit=3)) == 3
        await client.close()

    if not remote:
        asyncio.run(program(AsyncQdrantClient(":memory:")))
        return
    with wb.open() as database:
        server = RestServer(service_of(database.engine), Settings(http_port=0))
        server.start()
        asyncio.run(program(AsyncQdrantClient(url=server.url, check_compatibility=False)))
        server.stop()
