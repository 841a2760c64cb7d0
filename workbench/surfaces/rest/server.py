"""Listens: uvicorn in a thread of its own, with its own loop, beside whatever the process does."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from functools import partial
from typing import Any

from workbench.api.operations import operations
from workbench.api.service import Service
from workbench.errors import InvalidRequest, StorageFailed
from workbench.surfaces.rest import point_batch
from workbench.surfaces.rest.app import App
from workbench.surfaces.settings import Settings, address

log = logging.getLogger("workbench")


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that listens; port 0 takes a free one.

    Raises
    ------
    StorageFailed
        When the port is taken, or the address is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # create_server appends the address to the reason.
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise StorageFailed(
            f"cannot listen on {address(host, port)}: {reason}. Stop what listens there, or choose "
            "another port (0 takes a free one)"
        ) from error


class RestServer:
    """REST over one service, from :meth:`start` to :meth:`stop`.

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
        self._thread: threading.Thread | None = None
        self._server: Any = None
        self._failure: BaseException | None = None

    @property
    def url(self) -> str:
        """The address to give to a client."""
        scheme = "https" if self._settings.enable_tls else "http"
        return f"{scheme}://{address(self._settings.local_host, self.port)}"

    def start(self) -> None:
        """Listen, and return when requests are answered.

        Raises
        ------
        StorageFailed
            When the port is taken.
        InvalidRequest
            When the certificate cannot be used.
        """
        import uvicorn

        from workbench.surfaces.rest.protocol import Protocol

        operations()  # loads them now, so that the first request need not wait
        point_batch.warm()
        settings = self._settings
        app = App(self._service, settings)
        config = uvicorn.Config(
            _with_cors(app) if settings.enable_cors else app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="off",
            ws="none",
            http=partial(Protocol, app.at_once),  # type: ignore[arg-type]
            proxy_headers=False,  # nothing asks for the address of a caller
            timeout_keep_alive=75,
            timeout_graceful_shutdown=10,
            **_tls(settings),
        )
        listening = listening_socket(settings.host, settings.http_port or 0)
        try:
            try:
                config.load()
            except OSError as error:  # ssl.SSLError is one
                raise InvalidRequest(f"tls.cert and tls.key: {error}") from error
            self.port = listening.getsockname()[1]
            self._server = uvicorn.Server(config)
            self._thread = threading.Thread(
                target=self._serve, args=(app, listening), name="workbench-rest", daemon=True
            )
            self._thread.start()
        except BaseException:
            listening.close()
            app.close()
            raise
        self._await_start()

    def stop(self) -> None:
        """Answer what has come, then stop listening; doing it twice is harmless."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._server.should_exit = True
            thread.join()

    def _serve(self, app: App, listening: socket.socket) -> None:
        try:
            self._server.run(sockets=[listening])
        except BaseException as error:
            self._failure = error
            log.exception("the REST server stopped")
        finally:
            with contextlib.suppress(OSError):
                listening.close()
            app.close()

    def _await_start(self) -> None:
        thread = self._thread
        while thread is not None and thread.is_alive() and not self._server.started:
            thread.join(0.005)
        if thread is None or not thread.is_alive():
            self._thread = None
            raise StorageFailed(f"the REST server did not start: {self._failure}") from self._failure


def _with_cors(app: App) -> Any:
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(app, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])


def _tls(settings: Settings) -> dict[str, Any]:
    if not settings.enable_tls:
        return {}
    return {"ssl_certfile": settings.tls_cert, "ssl_keyfile": settings.tls_key}
