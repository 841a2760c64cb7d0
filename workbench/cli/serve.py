"""``workbench serve``: Qdrant's API from the shell, over one folder."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

from workbench.api.service import VERSION, Service, service_of
from workbench.engine import open_engine
from workbench.snapshots import Snapshots
from workbench.surfaces.settings import Settings, load_settings

_LEVELS = {"TRACE": logging.DEBUG, "WARN": logging.WARNING, "OFF": logging.CRITICAL + 1}

EPILOG = """\
Settings come from, in rising order: defaults, --config-path (Qdrant's config.yaml: service.host,
.http_port, .grpc_port, .api_key, .read_only_api_key, .enable_tls, .max_request_size_mb, .enable_cors;
storage.storage_path, .snapshots_path; tls.cert, .key; log_level), the environment
(QDRANT__SERVICE__HTTP_PORT, QDRANT__LOG_LEVEL, QDRANT__STORAGE__STORAGE_PATH, ...), and these options.
Stop it with Ctrl-C or SIGTERM."""


def add_arguments(verb: argparse.ArgumentParser) -> None:
    """Give the verb its options."""
    verb.formatter_class = argparse.RawDescriptionHelpFormatter
    verb.epilog = EPILOG
    verb.add_argument("storage_path", nargs="?", metavar="PATH", help="the folder (default: ./storage)")
    verb.add_argument("--host", help="address to listen on (default: 127.0.0.1; 0.0.0.0 lets others in)")
    verb.add_argument("--http-port", type=int, metavar="N", help="REST (default: 6333; 0: a free one)")
    verb.add_argument("--grpc-port", type=int, metavar="N", help="gRPC (default: 6334; 0: a free one)")
    verb.add_argument("--api-key", metavar="KEY", help="what callers must send")
    verb.add_argument("--read-only-api-key", metavar="KEY", help="a key that only reads")
    verb.add_argument("--tls-cert", metavar="FILE", help="certificate in PEM; switches TLS on")
    verb.add_argument("--tls-key", metavar="FILE", help="its key in PEM")
    verb.add_argument(
        "--snapshots-path", metavar="FOLDER", help="where snapshots are kept (default: PATH/snapshots)"
    )
    verb.add_argument("--log-level", metavar="LEVEL", help="TRACE, DEBUG, INFO (default), WARN, ERROR, OFF")
    verb.add_argument("--config-path", metavar="FILE", help="a YAML file of settings")


def settings_of(options: argparse.Namespace) -> Settings:
    """Return the settings that the options and what is below them give."""
    names = (
        "storage_path", "host", "http_port", "grpc_port", "api_key", "read_only_api_key", "tls_cert",
        "tls_key", "snapshots_path", "log_level",
    )  # fmt: skip
    given: dict[str, Any] = {name: getattr(options, name) for name in names}
    if options.tls_cert is not None:
        given["enable_tls"] = True
    return load_settings(options.config_path, **given)


def serve(settings: Settings) -> int:
    """Open the folder, serve it until a signal comes, close it; return the exit status."""
    level = settings.log_level.upper()
    logging.basicConfig(
        level=_LEVELS.get(level, level), format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    # A worker that computes hands the interpreter over at the latest after this, so the loop answers in time.
    sys.setswitchinterval(0.001)
    receive_in_one_thread()
    with open_engine(settings.storage_path) as engine:
        service = service_of(engine)
        if settings.snapshots_path is not None:
            service.snapshots = Snapshots(engine, Path(settings.snapshots_path))
        _serve_until(stopped, service, settings)
    return 0


def receive_in_one_thread() -> None:
    """Let the thread that takes up gRPC calls read them too; to be called before the first server is made.

    grpcio reads in threads of its own, which wake that one: three changes of threads a call. Without them a
    query costs one core 322 µs instead of 448, and 2,630 are answered a second instead of 2,050. grpcio does
    not promise this switch, so it is used where it was measured, and where nobody has set any.
    """
    if version("grpcio").startswith("1.85."):
        os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")


def _serve_until(stopped: threading.Event, service: Service, settings: Settings) -> None:
    from workbench.surfaces.server import Server

    with Server(service, settings) as server:
        print(f"Workbench answers as Qdrant {VERSION}, from {service.engine.root}")
        for name, address in (("REST", server.url), ("gRPC", server.grpc_address)):
            if address is not None:
                print(f"{name}: {address}")
        print("Stop it with Ctrl-C.", flush=True)
        stopped.wait()
        print("Stopping ...", flush=True)
