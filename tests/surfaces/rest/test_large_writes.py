"""Large writes take turns, and one that waits long holds up nothing else."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.surfaces.rest.conftest import Serve
from workbench.surfaces.turns import LARGE

VECTORS = {"size": 2, "distance": "Dot"}


def large(number: int) -> dict[str, object]:
    """Return the body of an upsert of one point that is to wait for its turn."""
    return {"points": [{"id": number, "vector": [1, 0], "payload": {"text": "x" * LARGE}}]}


def test_a_large_write_that_cannot_go_on_holds_up_no_other_request(
    monkeypatch: pytest.MonkeyPatch, serve: Serve
) -> None:
    monkeypatch.setattr("workbench.surfaces.turns.cores", lambda: 1)
    server, written = serve(), threading.Event()
    with httpx.Client(base_url=server.url, timeout=60) as http, ThreadPoolExecutor(2) as pool:
        for name in ("held", "free"):
            http.put(f"/collections/{name}", json={"vectors": VECTORS}).raise_for_status()
        held = server._service.engine.collection("held")
        holding = pool.submit(held.write, lambda: written.wait(60))
        waiting = pool.submit(http.put, "/collections/held/points?wait=true", json=large(1))

        points = {"points": [{"id": 1, "vector": [0, 1]}]}
        small = http.put("/collections/free/points?wait=true", json=points)
        other = http.put("/collections/free/points?wait=true", json=large(2))
        count = http.get("/collections/free/points/count").json()["result"]["count"]
        assert (small.status_code, other.status_code, count, waiting.done()) == (200, 200, 2, False)
        written.set()
        assert (holding.result(60), waiting.result(60).status_code) == (True, 200)


def test_large_writes_that_nobody_waits_for_are_made_too(serve: Serve) -> None:
    with httpx.Client(base_url=serve().url, timeout=60) as http:
        http.put("/collections/pets", json={"vectors": VECTORS}).raise_for_status()
        for number in range(3):
            answer = http.put("/collections/pets/points?wait=false", json=large(number))
            assert answer.json()["result"]["status"] == "acknowledged"
        http.put("/collections/pets/points?wait=true", json=large(3)).raise_for_status()

        assert http.get("/collections/pets/points/count").json()["result"]["count"] == 4
