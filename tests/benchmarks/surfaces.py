"""The three surfaces beside each other: the same client class in process, over REST and over gRPC.

The server is ``workbench serve`` in a process of its own on one core; the clients are threads of one process
on another. Every figure is wall clock, median of interleaved rounds. Over each wire two clients ask: the
official one, which spends more on a call than the server does (httpx and pydantic, and to a server on the
same machine a new connection a call, unless it is told to keep them), and a bare one, `http.client` or the
generated stub, which shows the server. More rows tell what the rest is to be held against: our own Python
API, and servers that return fixed bytes, which show the most that each client can ask.
"""

from __future__ import annotations

import http.client
import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import httpx
import numpy as np
import orjson
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as protocol

import workbench as wb
from tests.benchmarks.report import grid
from tests.benchmarks.served import clients, served
from tests.benchmarks.sets import BenchSet, recall

K, BATCH = 10, 1000
# The first ef whose recall reaches 0.95 is the one that is timed.
EFS = (32, 40, 48, 64, 80, 96, 128, 192, 256)
UPSERTS, QUERIES = 60, 2000
WARM = 10
"""Calls before the clock starts: a fresh server loads kernels and grows its buffers during the first."""
CLIENTS = 64
UPSERT_THREADS, QUERY_THREADS = 4, 8
"""Threads of the one client process: enough that server and client work at the same time."""

OWN = "own_API"
FLOOR = "_floor"
"""What the names of clients of a server of fixed bytes end with."""

Asker = Callable[[Any], list[int]]


def run(data: BenchSet, rounds: int, seconds: float = 60.0) -> dict[str, Any]:
    """Measure upserts, queries, and many clients at once."""
    folder = Path(tempfile.mkdtemp(prefix="workbench-bench-"))
    try:
        _prepare(data, folder)
        ef, found = _choose_ef(data, folder)
        queries = _queries(data, folder, rounds, ef)
        upserts = _upserts(data, folder, rounds)
        crowd = _crowd(data, folder, ef, seconds)
    finally:
        shutil.rmtree(folder)
    return {
        "data": data.name,
        "points": len(data.vectors),
        "dim": data.vectors.shape[1],
        "ef": ef,
        "recall": round(found, 4),
        "rounds": rounds,
        "client_threads": {"queries": QUERY_THREADS, "upserts": UPSERT_THREADS},
        "queries_per_second": queries,
        "points_per_second": upserts,
        "crowd": crowd,
    }


def _prepare(data: BenchSet, folder: Path) -> None:
    with wb.open(folder) as database:
        database.create("bench", vectors=data.vectors, distance=data.distance, progress=False)


def _choose_ef(data: BenchSet, folder: Path) -> tuple[int, float]:
    with wb.open(folder) as database:
        client = database.client()
        for ef in EFS:
            found = recall([_ask(client, q, ef) for q in data.queries], data)
            if found >= 0.95:
                break
    return ef, found


def _ask(client: QdrantClient, query: Any, ef: int) -> list[int]:
    params = models.SearchParams(hnsw_ef=ef)
    answer = client.query_points("bench", query=query, limit=K, search_params=params, with_payload=False)
    return [int(point.id) for point in answer.points]


def _queries(data: BenchSet, folder: Path, rounds: int, ef: int) -> dict[str, Any]:
    queries = [q.tolist() for q in data.queries[:QUERIES]]
    rates: dict[str, list[float]] = {}
    recalls: dict[str, float] = {}

    def measure(name: str, ask: Asker, threads: int) -> None:
        _timed(ask, queries[:200], threads)
        found, took = _timed(ask, queries, threads)
        rates.setdefault(name, []).append(len(queries) / took)
        if not name.endswith(FLOOR):
            recalls[name] = recall(found, data)

    for _ in range(rounds):
        with wb.open(folder) as database:
            client, own = database.client(), database["bench"]
            measure(OWN, lambda q, c=own: c.search(q, k=K, ef=ef, payload=False).ids, 1)
            measure("in_process", lambda q, c=client: _ask(c, q, ef), 1)
        with served(folder) as server:
            for name, remote in server.clients.items():
                measure(name, lambda q, c=remote: _ask(c, q, ef), QUERY_THREADS)
            measure("rest_kept", kept_rest(server.rest, ef), QUERY_THREADS)
            measure("rest_bare", bare_rest(server.rest, ef), QUERY_THREADS)
            measure("grpc_bare", bare_grpc(server.grpc, ef), QUERY_THREADS)
        with clients("tests.benchmarks.floor") as floor:
            for name, remote in floor.clients.items():
                measure(name + FLOOR, lambda q, c=remote: _ask(c, q, ef), QUERY_THREADS)
            measure("rest_kept" + FLOOR, kept_rest(floor.rest, ef), QUERY_THREADS)
            measure("rest_bare" + FLOOR, bare_rest(floor.rest, ef), QUERY_THREADS)
            measure("grpc_bare" + FLOOR, bare_grpc(floor.grpc, ef), QUERY_THREADS)
    return _summary(rates) | {"recall": {name: round(r, 4) for name, r in recalls.items()}}


def kept_rest(port: int, ef: int) -> Asker:
    """Return what asks by the official client, told to keep its connections."""
    limits = httpx.Limits(max_keepalive_connections=QUERY_THREADS)
    given: dict[str, Any] = {"timeout": 120, "check_compatibility": False}
    client = QdrantClient(f"http://127.0.0.1:{port}", limits=limits, **given)
    return lambda query: _ask(client, query, ef)


def bare_rest(port: int, ef: int) -> Asker:
    """Return what asks over one kept connection a thread, with nothing between it and the socket."""
    local = threading.local()

    def ask(query: list[float]) -> list[int]:
        if not hasattr(local, "connection"):
            local.connection = http.client.HTTPConnection("127.0.0.1", port)
        body = orjson.dumps({"query": query, "params": {"hnsw_ef": ef}, "limit": K})
        path, head = "/collections/bench/points/query", {"Content-Type": "application/json"}
        local.connection.request("POST", path, body, head)
        answer = orjson.loads(local.connection.getresponse().read())
        return [point["id"] for point in answer["result"]["points"]]

    return ask


def bare_grpc(port: int, ef: int) -> Asker:
    """Return what asks by the generated stub."""
    stub = protocol.PointsStub(grpc.insecure_channel(f"127.0.0.1:{port}"))
    params = protocol.SearchParams(hnsw_ef=ef)

    def ask(query: list[float]) -> list[int]:
        vector = protocol.VectorInput(dense=protocol.DenseVector(data=query))
        request = protocol.QueryPoints(
            collection_name="bench", query=protocol.Query(nearest=vector), params=params, limit=K
        )
        return [point.id.num for point in stub.Query(request).result]

    return ask


def _upserts(data: BenchSet, folder: Path, rounds: int) -> dict[str, Any]:
    rows = min(UPSERTS * BATCH, len(data.vectors))
    batches = [
        [
            models.PointStruct(
                id=i, vector=data.vectors[i].tolist(), payload={"number": i, "even": i % 2 == 0}
            )
            for i in range(start, min(start + BATCH, rows))
        ]
        for start in range(0, rows, BATCH)
    ]
    rates: dict[str, list[float]] = {}
    size = data.vectors.shape[1]

    def send(client: QdrantClient, calls: list[Any], threads: int) -> float:
        return rows / _timed(lambda batch: client.upsert("filled", batch, wait=True), calls, threads)[1]

    def fill(client: QdrantClient, threads: int) -> float:
        for calls in batches[:WARM], batches:
            client.recreate_collection(
                "filled",
                vectors_config=models.VectorParams(size=size, distance=models.Distance.COSINE),
                optimizers_config=models.OptimizersConfigDiff(indexing_threshold=0),
            )
            rate = send(client, calls, threads)
        assert client.count("filled").count == rows
        return rate

    for _ in range(rounds):
        with wb.open(folder) as database:
            rates.setdefault("in_process", []).append(fill(database.client(), 1))
        with served(folder) as server:
            for name, remote in server.clients.items():
                rates.setdefault(name, []).append(fill(remote, UPSERT_THREADS))
        with clients("tests.benchmarks.floor") as floor:
            for name, remote in floor.clients.items():
                send(remote, batches[:WARM], UPSERT_THREADS)
                rates.setdefault(name + FLOOR, []).append(send(remote, batches, UPSERT_THREADS))
    return _summary(rates)


def _crowd(data: BenchSet, folder: Path, ef: int, seconds: float) -> dict[str, Any]:
    """Let many clients search, and change points of their own, at once.

    A wrong answer is a hit whose score is not the similarity of its vector, or a client that
    does not read what it just wrote.
    """
    with served(folder) as server:
        server.clients["rest"].create_payload_index("bench", "owner", models.PayloadSchemaType.KEYWORD)
        return {name: _stampede(data, remote, ef, seconds) for name, remote in server.clients.items()}


def _stampede(data: BenchSet, client: QdrantClient, ef: int, seconds: float) -> dict[str, Any]:
    stop = time.perf_counter() + seconds
    latencies: list[float] = []
    wrong: list[str] = []
    errors: list[str] = []

    def one(number: int) -> None:
        rng = np.random.default_rng(number)
        while time.perf_counter() < stop:
            started = time.perf_counter()
            try:
                if rng.random() < 0.1:
                    own = int(rng.integers(len(data.vectors) // CLIENTS)) * CLIENTS + number
                    client.set_payload("bench", {"owner": str(number)}, points=[own], wait=True)
                    read = client.retrieve("bench", [own])[0].payload
                    if read != {"owner": str(number)}:
                        wrong.append(f"client {number} read {read} at {own}")
                else:
                    wrong.extend(_mistakes(data, client, int(rng.integers(len(data.queries))), ef))
            except Exception as error:
                errors.append(f"{type(error).__name__}: {error}")
            latencies.append(time.perf_counter() - started)

    threads = [threading.Thread(target=one, args=(n,)) for n in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    p50, p99 = np.percentile(latencies, [50, 99])
    return {
        "clients": CLIENTS,
        "seconds": seconds,
        "calls": len(latencies),
        "errors": len(errors),
        "first_errors": errors[:3],
        "wrong": len(wrong),
        "first_wrong": wrong[:3],
        "p50_ms": round(float(p50) * 1e3, 1),
        "p99_ms": round(float(p99) * 1e3, 1),
    }


def _mistakes(data: BenchSet, client: QdrantClient, number: int, ef: int) -> list[str]:
    """Ask one query and return what is wrong with its answer."""
    query = data.queries[number]
    params = models.SearchParams(hnsw_ef=ef)
    hits = client.query_points(
        "bench", query=query.tolist(), limit=K, search_params=params, with_payload=False
    ).points
    scores = np.array([hit.score for hit in hits])
    true = data.vectors[[int(hit.id) for hit in hits]] @ query
    if data.distance == "Euclid":
        true = np.linalg.norm(data.vectors[[int(hit.id) for hit in hits]] - query, axis=1)
    if len(hits) == K and np.allclose(scores, true, rtol=1e-3, atol=1e-4):
        return []
    return [f"query {number}: scores {scores.tolist()}, expected {true.tolist()}"]


def _timed(ask: Callable[[Any], Any], items: list[Any], threads: int) -> tuple[list[Any], float]:
    """Return the answers in order, and the seconds they took."""
    answers: list[Any] = [None] * len(items)
    places = iter(range(len(items)))
    guard = threading.Lock()

    def work() -> None:
        while True:
            with guard:
                at = next(places, None)
            if at is None:
                return
            answers[at] = ask(items[at])

    workers = [threading.Thread(target=work) for _ in range(threads)]
    started = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    took = time.perf_counter() - started
    if None in answers:
        raise RuntimeError("a call failed; its thread has told why")
    return answers, took


def _summary(rates: dict[str, list[float]]) -> dict[str, Any]:
    medians = {name: round(float(np.median(values))) for name, values in rates.items()}
    ratios = {name: round(value / medians["in_process"], 2) for name, value in medians.items()}
    return {"median": medians, "ratio_to_in_process": ratios}


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    asked, filled = r["queries_per_second"], r["points_per_second"]
    wanted = {"rest": ("≥ 1,000", "≥ 15,000"), "grpc": ("≥ 2,000", "≥ 25,000")}
    rows = [
        [
            name.replace("_", " "),
            f"{rate:,}",
            "–" if name.endswith(FLOOR) else wanted.get(name.split("_")[0], ("–", "–"))[0],
            asked["ratio_to_in_process"][name],
            asked["recall"].get(name, "–"),
            f"{filled['median'][name]:,}" if name in filled["median"] else "–",
            wanted[name][1] if name in wanted else "–",
        ]
        for name, rate in asked["median"].items()
    ]
    cells = grid(["surface", "queries/s", "wanted", "ratio", "recall@10", "points/s", "wanted"], rows)
    crowd = grid(
        ["surface", "calls", "errors", "wrong answers", "p50 ms", "p99 ms"],
        [
            [name, f"{c['calls']:,}", c["errors"], c["wrong"], c["p50_ms"], c["p99_ms"]]
            for name, c in r["crowd"].items()
        ],
    )
    crowded, threads = r["crowd"]["rest"], r["client_threads"]
    more = 1e6 / asked["median"]["in_process"] - 1e6 / asked["median"][OWN]
    return (
        f"## Surfaces: {r['points']:,} × {r['dim']}, the official client's `query_points` (ef {r['ef']}, "
        "payloads off) and `upsert` of 1,000 points (durable)\n\nBare clients are `http.client` and gRPC's "
        "generated stub; “kept” is the official client with `limits=httpx.Limits(max_keepalive_connections="
        f"{threads['queries']})`. The server on one core, {threads['queries']} threads of one client process "
        f"({threads['upserts']} for upserts) on the other, one in process. Medians of {r['rounds']} rounds."
        f"\n\n{cells}\n\nA call of `QdrantClient.query_points` in process costs "
        f"{more:.0f} µs more than `collection.search` (wanted: ≤ 80). A floor is the same client at a server "
        f"that returns fixed bytes.\n\n### {crowded['clients']} clients at once for "
        f"{crowded['seconds']:.0f} s, a tenth of the calls write and read back\n\n{crowd}"
    )
