"""The server itself: status codes and texts, health, reflection, keys, TLS and ports."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from qdrant_client import QdrantClient
from qdrant_client import grpc as q

from workbench import errors
from workbench.api.service import Service, service_of
from workbench.engine import open_engine
from workbench.surfaces.grpc.server import GrpcServer
from workbench.surfaces.settings import Settings


def refused(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    """Return the status that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code(), caught.value.details()


@contextmanager
def serving(**settings: Any) -> Iterator[GrpcServer]:
    with open_engine() as engine:
        server = GrpcServer(service_of(engine), Settings(grpc_port=0, **settings))
        server.start()
        try:
            yield server
        finally:
            server.stop(0)


# -- errors ------------------------------------------------------------------------------------------------


def test_a_missing_collection_is_not_found(client: QdrantClient) -> None:
    assert refused(lambda: client.get_collection("films")) == (
        grpc.StatusCode.NOT_FOUND,
        "Not found: Collection `films` doesn't exist!",
    )


def test_a_request_without_a_name_is_refused(client: QdrantClient) -> None:
    assert refused(lambda: client.count("")) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        'Validation error in body: [collection_name: value "" invalid, must be from 1 to 255 characters]',
    )


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (errors.FormatError("missing field `key`"), "INVALID_ARGUMENT", "missing field `key`"),
        (
            errors.OutOfRange("limit", "value 0 invalid, must be 1 or larger"),
            "INVALID_ARGUMENT",
            "Validation error in body: [limit: value 0 invalid, must be 1 or larger]",
        ),
        (
            errors.DimensionMismatch(4, 3),
            "INVALID_ARGUMENT",
            "Wrong input: Vector dimension error: expected dim: 4, got 3",
        ),
        (errors.Conflict("it exists"), "ALREADY_EXISTS", "Wrong input: it exists"),
        (errors.NotStandalone(), "UNIMPLEMENTED", "Qdrant is running in standalone mode"),
        (errors.TimedOut("too slow"), "DEADLINE_EXCEEDED", "Timeout: too slow"),
        (errors.Closed("closed"), "UNAVAILABLE", "Service unavailable: closed"),
        (errors.QuotaReached("full"), "RESOURCE_EXHAUSTED", "Insufficient storage: full"),
        (ZeroDivisionError("oh"), "INTERNAL", "Service internal error: ZeroDivisionError: oh"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_an_error_becomes_its_status(
    monkeypatch: pytest.MonkeyPatch,
    service: Service,
    points: q.PointsStub,
    error: Exception,
    code: str,
    text: str,
) -> None:
    def fail(name: str, call: Any) -> None:
        raise error

    monkeypatch.setattr(service, "run", fail)

    assert refused(lambda: points.Count(q.CountPoints(collection_name="films"))) == (
        grpc.StatusCode[code],
        text,
    )


def test_a_rate_limit_says_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch, service: Service, points: q.PointsStub
) -> None:
    def fail(name: str, call: Any) -> None:
        raise errors.RateLimited("later", 7)

    monkeypatch.setattr(service, "run", fail)
    with pytest.raises(grpc.RpcError) as caught:
        points.Count(q.CountPoints(collection_name="films"))

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert ("retry-after", "7") in [tuple(pair) for pair in caught.value.trailing_metadata()]


def test_a_text_of_any_length_arrives_with_its_status(
    monkeypatch: pytest.MonkeyPatch, service: Service, points: q.PointsStub
) -> None:
    def fail(name: str, call: Any) -> None:
        raise errors.InvalidRequest("ä" * 100_000)

    monkeypatch.setattr(service, "run", fail)
    code, text = refused(lambda: points.Count(q.CountPoints(collection_name="films")))

    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert text.startswith("Wrong input: äää")


def test_a_call_that_nobody_knows_is_unimplemented(channel: grpc.Channel) -> None:
    read = channel.unary_unary("/qdrant.StorageRead/ReadBytes")

    assert refused(lambda: read(b""))[0] is grpc.StatusCode.UNIMPLEMENTED


def test_a_request_over_the_limit_is_refused() -> None:
    with serving(max_request_size_mb=1) as server, grpc.insecure_channel(server.address) as channel:
        stub = q.PointsStub(channel)
        code, _ = refused(lambda: stub.Count(q.CountPoints(collection_name="x" * (1 << 20))))

    assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


# -- service -----------------------------------------------------------------------------------------------


def test_the_health_check_names_version_1_19(channel: grpc.Channel) -> None:
    reply = q.QdrantStub(channel).HealthCheck(q.HealthCheckRequest())

    assert reply.version == "1.19.0"
    assert "vector search engine" in reply.title


@pytest.mark.parametrize("name", ["", "qdrant.Points", "qdrant.Qdrant"])
def test_the_common_health_check_answers_serving(channel: grpc.Channel, name: str) -> None:
    stub = health_pb2_grpc.HealthStub(channel)

    answer = stub.Check(health_pb2.HealthCheckRequest(service=name))
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_the_services_and_describes_their_calls(channel: grpc.Channel, version: str) -> None:
    ask = channel.stream_stream(
        f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
        request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    listed, described = ask(
        iter(
            [
                reflection_pb2.ServerReflectionRequest(list_services=""),
                reflection_pb2.ServerReflectionRequest(file_containing_symbol="qdrant.Points"),
            ]
        )
    )

    assert [service.name for service in listed.list_services_response.service] == [
        "grpc.health.v1.Health",
        "qdrant.Collections",
        "qdrant.Points",
        "qdrant.Qdrant",
        "qdrant.Snapshots",
    ]
    assert described.file_descriptor_response.file_descriptor_proto


# -- keys --------------------------------------------------------------------------------------------------

MISSING = (grpc.StatusCode.UNAUTHENTICATED, "Must provide an API key or an Authorization bearer token")
WRONG = (grpc.StatusCode.UNAUTHENTICATED, "Invalid API key or JWT")
READ_ONLY = (grpc.StatusCode.PERMISSION_DENIED, "Forbidden: Global manage access is required")


@pytest.fixture(scope="module")
def locked() -> Iterator[SimpleNamespace]:
    """Return calls on a server with two keys; each takes its metadata."""
    with (
        serving(api_key="full", read_only_api_key="read") as server,
        grpc.insecure_channel(server.address) as channel,
    ):
        collections = q.CollectionsStub(channel)
        health = health_pb2_grpc.HealthStub(channel)
        yield SimpleNamespace(
            list=lambda *pairs: collections.List(q.ListCollectionsRequest(), metadata=pairs),
            delete=lambda *pairs: collections.Delete(q.DeleteCollection(collection_name="x"), metadata=pairs),
            version=lambda: q.QdrantStub(channel).HealthCheck(q.HealthCheckRequest()),
            healthy=lambda: health.Check(health_pb2.HealthCheckRequest()),
            strange=lambda: channel.unary_unary("/qdrant.StorageRead/ReadBytes")(b""),
        )


def test_without_a_key_nobody_is_let_in(locked: Any) -> None:
    assert refused(locked.list) == MISSING
    assert refused(locked.strange) == MISSING
    assert refused(lambda: locked.list(("authorization", "Basic full"))) == MISSING


def test_a_wrong_key_is_refused(locked: Any) -> None:
    assert refused(lambda: locked.list(("api-key", "ful"))) == WRONG
    assert refused(lambda: locked.list(("authorization", "Bearer x"))) == WRONG


def test_the_full_key_may_do_everything_in_either_header(locked: Any) -> None:
    assert locked.delete(("api-key", "full")).result is False
    assert locked.delete(("authorization", "Bearer full")).result is False


def test_the_read_only_key_may_only_read(locked: Any) -> None:
    assert list(locked.list(("api-key", "read")).collections) == []
    assert refused(lambda: locked.delete(("api-key", "read"))) == READ_ONLY


def test_probes_come_without_a_key(locked: Any) -> None:
    assert locked.version().version == "1.19.0"
    assert locked.healthy().status == health_pb2.HealthCheckResponse.SERVING


def test_the_official_client_sends_its_key() -> None:
    with serving(api_key="full") as server:
        with pytest.warns(UserWarning, match="Api key is used with an insecure connection"):
            client = QdrantClient(
                host="127.0.0.1",
                grpc_port=server.port,
                prefer_grpc=True,
                api_key="full",
                https=False,
                check_compatibility=False,
            )
        assert client.get_collections().collections == []
        client.close()


# -- addresses ---------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_said_to_be(server: GrpcServer, service: Service) -> None:
    with pytest.raises(errors.StorageFailed, match=f"cannot listen on 127.0.0.1:{server.port}"):
        GrpcServer(service, Settings(grpc_port=server.port)).start()


def test_a_stopped_server_answers_no_more() -> None:
    with serving() as server:
        server.stop(0)
        with grpc.insecure_channel(server.address) as channel:
            stub = q.CollectionsStub(channel)
            code, _ = refused(lambda: stub.List(q.ListCollectionsRequest(), timeout=5))

    assert code is grpc.StatusCode.UNAVAILABLE


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_it_speaks_tls(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )  # fmt: skip
    trust = grpc.ssl_channel_credentials(certificate.read_bytes())
    with (
        serving(enable_tls=True, tls_cert=str(certificate), tls_key=str(key)) as server,
        grpc.secure_channel(f"localhost:{server.port}", trust) as channel,
    ):
        answer = q.CollectionsStub(channel).List(q.ListCollectionsRequest())

    assert list(answer.collections) == []


def test_a_certificate_that_is_not_there_is_named(service: Service, tmp_path: Path) -> None:
    files = {name: str(tmp_path / f"{name}.pem") for name in ("tls_cert", "tls_key")}
    server = GrpcServer(service, Settings(grpc_port=0, enable_tls=True, **files))
    with pytest.raises(errors.InvalidRequest, match=r"tls_cert\.pem"):
        server.start()


# -- statistics --------------------------------------------------------------------------------------------


def test_calls_are_counted_by_path_and_status() -> None:
    with open_engine() as engine:
        server, service = GrpcServer(service_of(engine), Settings(grpc_port=0)), service_of(engine)
        server.start()
        with grpc.insecure_channel(server.address) as channel:
            stub = q.CollectionsStub(channel)
            stub.List(q.ListCollectionsRequest())
            refused(lambda: stub.Get(q.GetCollectionInfoRequest(collection_name="x")))
        server.stop(0)
        seen = service.requests.seen("grpc")

    assert {key: one.count for key, one in seen.items()} == {
        ("", "/qdrant.Collections/List", 0): 1,
        ("", "/qdrant.Collections/Get", 5): 1,
    }
