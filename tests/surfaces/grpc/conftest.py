from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message
from qdrant_client import QdrantClient
from qdrant_client import grpc as q

from workbench.api.operations import Call
from workbench.api.service import Service, service_of
from workbench.engine import Engine, open_engine
from workbench.surfaces.grpc.handlers import rpcs
from workbench.surfaces.grpc.server import GrpcServer
from workbench.surfaces.settings import Settings


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    with open_engine() as engine:
        yield engine


@pytest.fixture(scope="module")
def service(engine: Engine) -> Service:
    return service_of(engine)


@pytest.fixture(scope="module")
def server(service: Service) -> Iterator[GrpcServer]:
    server = GrpcServer(service, Settings(grpc_port=0))
    server.start()
    yield server
    server.stop(0)


@pytest.fixture(scope="module")
def channel(server: GrpcServer) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(server.address) as channel:
        yield channel


@pytest.fixture(scope="module")
def points(channel: grpc.Channel) -> q.PointsStub:
    return q.PointsStub(channel)


@pytest.fixture
def client(server: GrpcServer, engine: Engine) -> Iterator[QdrantClient]:
    """Return the official client over an empty database."""
    for name in engine.names():
        engine.delete(name)
    client = QdrantClient(
        host="127.0.0.1", grpc_port=server.port, prefer_grpc=True, check_compatibility=False
    )
    yield client
    client.close()


Read = Callable[[str, Message], tuple[str, Call]]


@pytest.fixture(scope="session")
def read() -> Read:
    """Return what turns a request into the name of its operation and its call."""
    table = rpcs()

    def read(path: str, message: Any) -> tuple[str, Call]:
        rpc = table[f"/qdrant.{path}"]
        return rpc.operation, rpc.read(type(message).FromString(message.SerializeToString()))

    return read
