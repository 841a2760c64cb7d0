"""The gRPC server: Qdrant's services, health and reflection on one port."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from workbench.api.service import Service
from workbench.errors import InvalidRequest, StorageFailed
from workbench.surfaces.grpc.auth import Keys
from workbench.surfaces.grpc.handlers import SERVICES, handlers, rpcs

MAX_MESSAGE = 32 << 20
"""The largest request in bytes, that of a REST body."""

THREADS = 16
"""Calls answered at once; the others wait. More threads only take turns at the interpreter's lock."""

_HEALTH = "grpc.health.v1.Health"


class GrpcServer:
    """A running server; made by :func:`serve`.

    Attributes
    ----------
    service : Service
    host : str
    port : int
        The one it listens on, also where a free one was asked for.
    """

    def __init__(
        self, service: Service, server: grpc.Server, probe: health.HealthServicer, host: str, port: int
    ) -> None:
        self.service, self.host, self.port = service, host, port
        self._server, self._probe = server, probe

    @property
    def address(self) -> str:
        """What a client on this machine connects to, ``host:port``."""
        return _address({"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host), self.port)

    def stop(self, grace: float | None = 2.0) -> None:
        """Stop: take no more calls, and give those that run `grace` seconds."""
        self._probe.enter_graceful_shutdown()
        self._server.stop(grace).wait()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is stopped; true when `timeout` seconds pass first."""
        return self._server.wait_for_termination(timeout)


def serve(
    service: Service,
    *,
    host: str = "127.0.0.1",
    port: int = 6334,
    api_key: str | None = None,
    read_only_api_key: str | None = None,
    tls: tuple[str | Path, str | Path] | None = None,
    max_message: int = MAX_MESSAGE,
    threads: int = THREADS,
) -> GrpcServer:
    """Answer Qdrant's gRPC API until :meth:`GrpcServer.stop`.

    Parameters
    ----------
    service : Service
        What answers.
    port : int
        0 takes a free one.
    api_key, read_only_api_key : str or None
        Keys that callers must send; with none, everybody is let in.
    tls : pair of paths or None
        The certificate chain and its private key, in PEM.
    max_message : int
        The largest request in bytes.
    threads : int
        Calls answered at once.

    Raises
    ------
    StorageFailed
        When the port is taken, or the address is not of this machine.
    InvalidRequest
        When the certificate cannot be read.
    """
    keys = [Keys(api_key, read_only_api_key, rpcs())] if api_key or read_only_api_key else []
    server = grpc.server(
        ThreadPoolExecutor(threads, thread_name_prefix="workbench-grpc"),
        interceptors=keys,
        options=[
            ("grpc.so_reuseport", 0),  # else a second server takes half of the calls of the first
            ("grpc.max_receive_message_length", max_message),
            ("grpc.max_send_message_length", -1),
        ],
    )
    server.add_generic_rpc_handlers(tuple(handlers(service)))
    probe = _add_probe(server)
    _add_reflection(server)
    own = GrpcServer(service, server, probe, host, _listen(server, host, port, tls))
    server.start()
    return own


def _add_probe(server: grpc.Server) -> health.HealthServicer:
    probe = health.HealthServicer()
    for name in ("", *SERVICES):
        probe.set(name, health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(probe, server)
    return probe


def _add_reflection(server: grpc.Server) -> None:
    """Add reflection under its old and its new name; the messages of both are the same on the wire."""
    servicer = reflection.ReflectionServicer([*SERVICES, _HEALTH])
    handler = grpc.stream_stream_rpc_method_handler(
        servicer.ServerReflectionInfo,
        request_deserializer=reflection_pb2.ServerReflectionRequest.FromString,
        response_serializer=reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        tuple(
            grpc.method_handlers_generic_handler(
                f"grpc.reflection.{version}.ServerReflection", {"ServerReflectionInfo": handler}
            )
            for version in ("v1", "v1alpha")
        )
    )


def _listen(server: grpc.Server, host: str, port: int, tls: tuple[str | Path, str | Path] | None) -> int:
    address = _address(host, port)
    try:
        if tls is None:
            found = server.add_insecure_port(address)
        else:
            found = server.add_secure_port(address, _credentials(*tls))
    except RuntimeError:
        found = 0
    if not found:
        raise StorageFailed(
            f"cannot listen on {address}. Stop what listens there, or choose another port "
            "(0 takes a free one)"
        )
    return int(found)


def _credentials(certificate: str | Path, key: str | Path) -> Any:
    try:
        chain, private = Path(certificate).read_bytes(), Path(key).read_bytes()
    except OSError as error:
        raise InvalidRequest(f"tls: {error}") from error
    return grpc.ssl_server_credentials([(private, chain)])


def _address(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
