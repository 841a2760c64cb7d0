"""Sixty-four programs at once for a minute: no error, no wrong answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

import workbench as wb

CLIENTS, SECONDS = 64, 60
VECTORS = np.random.default_rng(0).normal(size=(2000, 32)).astype(np.float32)
NEAREST = np.argsort(-(VECTORS[:CLIENTS] @ VECTORS.T), axis=1)[:, :5].tolist()


class Program:
    """Searches for what it knows the answer to, writes points of its own and counts them."""

    def __init__(self, url: str, number: int) -> None:
        self.url, self.number = url, number
        self.written = set[int]()
        self.wrong = Counter[str]()
        self.seconds: list[float] = []

    def run(self, until: float) -> None:
        calls: list[Callable[[httpx.Client], bool]] = [self.search, self.write, self.search, self.count]
        with httpx.Client(base_url=f"{self.url}/collections/a", timeout=60) as client:
            while time.monotonic() < until:
                call = calls[len(self.seconds) % len(calls)]
                started = time.perf_counter()
                if not call(client):
                    self.wrong[call.__name__] += 1
                self.seconds.append(time.perf_counter() - started)

    def search(self, client: httpx.Client) -> bool:
        old = {"must_not": [{"key": "by", "range": {"gte": 0}}]}
        body = {"query": VECTORS[self.number].tolist(), "limit": 5, "filter": old, "params": {"exact": True}}
        points = client.post("/points/query", json=body).json()["result"]["points"]
        return [point["id"] for point in points] == NEAREST[self.number]

    def write(self, client: httpx.Client) -> bool:
        point_id = 100_000 + self.number * 1000 + len(self.seconds) % 50
        point: dict[str, Any] = {"id": point_id, "vector": [0.0] * 32, "payload": {"by": self.number}}
        self.written.add(point_id)
        answer = client.put("/points", params={"wait": True}, json={"points": [point]}).json()
        return answer["result"]["status"] == "completed"

    def count(self, client: httpx.Client) -> bool:
        mine = {"must": [{"key": "by", "match": {"value": self.number}}]}
        return client.post("/points/count", json={"filter": mine}).json()["result"]["count"] == len(
            self.written
        )


@pytest.mark.long
@pytest.mark.timeout(600)
def test_many_programs_at_once_get_right_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with wb.open(tmp_path / "db") as database:
        database.create("a", vectors=VECTORS, distance="Dot", progress=False)
        with database.serve(http_port=0, grpc_port=None) as server:
            programs = [Program(str(server.url), number) for number in range(CLIENTS)]
            until = time.monotonic() + SECONDS
            threads = [threading.Thread(target=program.run, args=(until,)) for program in programs]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert sum((program.wrong for program in programs), Counter[str]()) == {}
    seconds = np.concatenate([program.seconds for program in programs])
    assert len(seconds) > CLIENTS * 10
    p50, p99 = np.percentile(seconds, [50, 99]) * 1e3
    with capsys.disabled():
        print(f"\n{CLIENTS} programs: {len(seconds)} answers, p50 {p50:.0f} ms, p99 {p99:.0f} ms")
