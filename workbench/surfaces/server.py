"""A running server over a database: REST and gRPC from the process that holds it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from workbench.api.service import Service
from workbench.errors import InvalidRequest
from workbench.surfaces import html
from workbench.surfaces.settings import Settings

if TYPE_CHECKING:
    from workbench.surfaces.grpc.server import GrpcServer
    from workbench.surfaces.rest import RestServer

log = logging.getLogger("workbench")


class Server:
    """REST and gRPC over one service; listens from the moment it is made, until :meth:`stop`.

    Parameters
    ----------
    service : Service
        What answers.
    settings : Settings
        Where to listen, keys, limits, TLS.

    Attributes
    ----------
    url : str or None
        The address of REST, for ``QdrantClient(url=...)``.
    grpc_address : str or None
        The address of gRPC, as ``host:port``.

    Raises
    ------
    StorageFailed
        When a port is taken.
    InvalidRequest
        When the certificate cannot be used, or no surface is wanted.
    """

    def __init__(self, service: Service, settings: Settings) -> None:
        if settings.http_port is None and settings.grpc_port is None:
            raise InvalidRequest("expected an http_port or a grpc_port, got neither")
        self.settings = settings
        self._rest: RestServer | None = None
        self._grpc: GrpcServer | None = None
        if settings.open_to_others:
            log.warning(
                "the server on %s is OPEN TO OTHER MACHINES WITHOUT A KEY: whoever reaches it can read and "
                "delete everything; give it api_key=..., or leave host at 127.0.0.1",
                settings.host,
            )
        try:
            self._start(service)
        except BaseException:
            self.stop()
            raise

    def _start(self, service: Service) -> None:
        settings = self.settings
        if settings.http_port is not None:
            from workbench.surfaces.rest import RestServer

            self._rest = RestServer(service, settings)
            self._rest.start()
        if settings.grpc_port is not None:
            from workbench.surfaces.grpc.server import GrpcServer

            self._grpc = GrpcServer(service, settings)
            self._grpc.start()

    @property
    def url(self) -> str | None:
        """The address of REST."""
        return self._rest.url if self._rest is not None else None

    @property
    def grpc_address(self) -> str | None:
        """The address of gRPC."""
        return self._grpc.address if self._grpc is not None else None

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._rest is not None or self._grpc is not None

    def stop(self) -> None:
        """Answer what has come, then stop listening; the database stays open. Doing it twice is harmless."""
        rest, self._rest = self._rest, None
        grpc, self._grpc = self._grpc, None
        try:
            if grpc is not None:
                grpc.stop()
        finally:
            if rest is not None:
                rest.stop()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Server {', '.join(self._addresses().values()) or 'stopped'}>"

    def _repr_html_(self) -> str:
        if not self.running:
            return html.card("Server", "stopped", {"start it again": "db.serve()"})
        asked = bool(self.settings.api_key or self.settings.read_only_api_key)
        own = ", api_key=…" if asked else ""
        client = f"QdrantClient(url={self.url!r}{own})" if self.url else f"gRPC at {self.grpc_address}"
        key = "asked for" if asked else "none"
        return html.card("Server", "running", {**self._addresses(), "api key": key, "client": client})

    def _addresses(self) -> dict[str, str]:
        found = {"REST": self.url, "gRPC": self.grpc_address}
        return {name: address for name, address in found.items() if address is not None}
