"""The gRPC server: Qdrant's services, health and reflection on one port."""

from __future__ import annotations

from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2

from workbench.api.service import Service
from workbench.errors import InvalidRequest, StorageFailed
from workbench.surfaces.grpc import upserts
from workbench.surfaces.grpc.call_threads import CallThreads
from workbench.surfaces.grpc.handlers import SERVICES, handlers, rpcs
from workbench.surfaces.grpc.keys import KeyInterceptor
from workbench.surfaces.keys import Keys
from workbench.surfaces.settings import Settings, address

THREADS = 16
"""Calls answered at once; the others wait. More threads only take turns at the interpreter's lock."""

_HEALTH = "grpc.health.v1.Health"


class GrpcServer:
    """gRPC over one service, from :meth:`start` to :meth:`stop`.

    Parameters
    ----------
    service : Service
        What answers.
    settings : Settings
        Where to listen, keys, limits, TLS.

    Attributes
    ----------
    port : int
        Where it listens; 0 before it does.
    """

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service, self._settings = service, settings
        self.port = 0
        self._running: tuple[grpc.Server, health.HealthServicer] | None = None

    @property
    def address(self) -> str:
        """What a client on this machine connects to, ``host:port``."""
        return address(self._settings.local_host, self.port)

    def start(self) -> None:
        """Listen, and return when calls are answered.

        Raises
        ------
        StorageFailed
            When the port is taken, or the address is not of this machine.
        InvalidRequest
            When the certificate cannot be read.
        """
        settings = self._settings
        keys = Keys(settings.api_key, settings.read_only_api_key)
        server = grpc.server(
            CallThreads(THREADS, "workbench-grpc"),
            interceptors=[KeyInterceptor(keys, rpcs())] if keys.asked else [],
            options=[
                ("grpc.so_reuseport", 0),  # else a second server takes half of the calls of the first
                ("grpc.max_receive_message_length", settings.max_body),
                ("grpc.max_send_message_length", -1),
            ],
        )
        server.add_generic_rpc_handlers(tuple(handlers(self._service)))
        probe = _add_probe(server)
        _add_reflection(server)
        self.port = _listen(server, settings)
        server.start()
        upserts.warm()
        self._running = server, probe

    def stop(self, grace: float | None = 2.0) -> None:
        """Take no more calls, give those that run `grace` seconds, and end; doing it twice is harmless."""
        running, self._running = self._running, None
        if running is not None:
            server, probe = running
            probe.enter_graceful_shutdown()
            server.stop(grace).wait()


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


def _listen(server: grpc.Server, settings: Settings) -> int:
    """Return the port, a free one for 0."""
    place = address(settings.host, settings.grpc_port or 0)
    try:
        if settings.enable_tls:
            found = server.add_secure_port(place, _credentials(str(settings.tls_cert), str(settings.tls_key)))
        else:
            found = server.add_insecure_port(place)
    except RuntimeError:
        found = 0
    if not found:
        raise StorageFailed(
            f"cannot listen on {place}. Stop what listens there, or choose another port (0 takes a free one)"
        )
    return int(found)


def _credentials(certificate: str, key: str) -> grpc.ServerCredentials:
    try:
        chain, private = Path(certificate).read_bytes(), Path(key).read_bytes()
    except OSError as error:
        raise InvalidRequest(f"tls.cert and tls.key: {error}") from error
    return grpc.ssl_server_credentials([(private, chain)])
