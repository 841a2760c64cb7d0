"""Servers in processes of their own on the last core, and clients of both wires, which run on the others."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from qdrant_client import QdrantClient


@dataclass
class Served:
    """A running server: its two ports, and the official client over each wire."""

    rest: int
    grpc: int
    clients: dict[str, QdrantClient]


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """Run our server in a process of its own, warm, with clients."""
    with clients("workbench.cli", "serve", str(folder), "--http-port", "0", "--grpc-port", "0") as running:
        _warm(running.clients["rest"])
        yield running


@contextmanager
def clients(*command: str) -> Iterator[Served]:
    """Run a server of both wires in a process of its own, with clients."""
    with _apart(*command) as server:
        rest, grpc = _addresses(server)
        given: dict[str, Any] = {"url": rest, "timeout": 120, "check_compatibility": False}
        plain, wired = QdrantClient(**given), QdrantClient(**given, grpc_port=grpc, prefer_grpc=True)
        yield Served(urlsplit(rest).port or 0, grpc, {"rest": plain, "grpc": wired})
        plain.close()
        wired.close()


@contextmanager
def _apart(*command: str) -> Iterator[subprocess.Popen[str]]:
    """Run a module as a program on the last core, and this process on the others."""
    cores = sorted(os.sched_getaffinity(0))
    started = subprocess.Popen(
        [sys.executable, "-m", *command],
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, cores[-1:]),
    )
    try:
        os.sched_setaffinity(0, cores[:-1] or cores)
        yield started
    finally:
        os.sched_setaffinity(0, cores)
        started.send_signal(signal.SIGTERM)
        started.wait(30)


def _addresses(server: subprocess.Popen[str]) -> tuple[str, int]:
    """Return where a server answers REST and its port for gRPC, which it prints."""
    url, grpc = "", 0
    assert server.stdout is not None
    for line in server.stdout:
        if found := re.match(r"REST: (\S+)", line):
            url = found[1]
        if found := re.match(r"gRPC: \S+:(\d+)", line):
            grpc = int(found[1])
        if grpc and url:
            return url, grpc
    raise RuntimeError(f"the server ended with status {server.wait()} before it listened")


def _warm(client: QdrantClient) -> None:
    """Wait until the kernels are loaded: a graph walk is then faster than a scan of the same vectors."""
    deadline = time.perf_counter() + 60
    info = client.get_collection("bench")
    query = [1.0] * info.config.params.vectors.size
    took = 1.0
    while took > 0.004 and time.perf_counter() < deadline:
        started = time.perf_counter()
        client.query_points("bench", query=query, limit=10, with_payload=False)
        took = time.perf_counter() - started
        time.sleep(0.1)
