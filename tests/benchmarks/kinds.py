"""Sparse vectors and multivectors: searches of made-up data of the shapes that real ones have.

The sparse vectors have the 111 of 30,000 dimensions that texts have (Zipf's law with the exponent 0.9), and
queries 30; the multivectors are 64 vectors of 128 numbers, and queries 32 (ColBERT's shapes). Candidates are
measured with texts of 32 words, each of which has its vector, moved by the text and by chance.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.benchmarks.report import grid
from workbench import kernels
from workbench.indexes import multivector, multivector_candidates, sparse
from workbench.models.config import HnswConfig
from workbench.models.vectors import MultiRows, SparseRows, SparseVector

K = 10
DOCUMENTS, TERMS, DRAWN, ASKED = 100_000, 30_000, 130, 30
TEXTS, TOKENS, ASKED_TOKENS, DIM = 4_000, 64, 32, 128
QUERIES = 100
PROPOSED, WORDS, VOCABULARY = 10_000, 32, 8_000
SHARES = {"all": 1.0, "10 %": 0.1, "1 %": 0.01, "0.1 %": 0.001}


def run(rounds: int) -> dict[str, Any]:
    """Measure both kinds in interleaved rounds of one thread's CPU time."""
    kernels.warm(block=True)
    return {"sparse": _sparse(rounds), "multivector": _multivector(rounds), "candidates": _candidates(rounds)}


def table(r: dict[str, Any]) -> str:
    """Return the result as Markdown."""
    vectors, multi, found = r["sparse"], r["multivector"], r["candidates"]
    searches = grid(["searched", "queries/s"], [[k, f"{v:,}"] for k, v in vectors["queries/s"].items()])
    measured = grid(["multivectors", "µs each"], [[k, v] for k, v in multi["us a multivector"].items()])
    return (
        f"## Sparse vectors and multivectors, made up, one thread\n\n{vectors['vectors']:,} sparse vectors, "
        f"{vectors['postings a query']:,} postings a query; an index of {vectors['MB']} MB made in "
        f"{vectors['build s']} s. Wanted: 2,662 searches of 467,000 postings a second.\n\n{searches}\n\n"
        f"Multivectors of {multi['shape']}; wanted: 11 µs for a query of 32 vectors.\n\n{measured}\n\n"
        f"Of {PROPOSED:,} texts of {WORDS} x {DIM} the nearest {K}: {found['all ms']} ms by comparing all, "
        f"{found['candidates ms']} ms by the {found['width']} candidates that were found to be needed when "
        f"they were made in {found['build s']} s; recall {found['recall']}."
    )


def _sparse(rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    odds = np.cumsum(1 / np.arange(1, TERMS + 1) ** 0.9)
    odds /= odds[-1]

    def draw(count: int) -> SparseVector:
        indices = np.unique(np.searchsorted(odds, rng.random(count)))
        return SparseVector(indices.astype(np.uint32), rng.random(len(indices)).astype(np.float32))

    rows = SparseRows.of(draw(DRAWN) for _ in range(DOCUMENTS))
    began = time.thread_time()
    parts = sparse.SparseIndex().parts(rows)
    built = time.thread_time() - began
    queries = [draw(ASKED) for _ in range(QUERIES)]
    chosen = {
        name: np.flatnonzero(rng.random(DOCUMENTS) < share).astype(np.int32) for name, share in SHARES.items()
    }

    def search(name: str) -> None:
        for query in queries:
            sparse.search(parts, query, K, None if name == "all" else chosen[name], rows)

    seconds = _medians(search, list(SHARES), rounds)
    places = [parts[0].places(query.indices) for query in queries]
    postings = [np.diff(parts[0].starts)[at[there]].sum() for at, there in places]
    return {
        "vectors": DOCUMENTS,
        "postings a query": round(float(np.mean(postings))),
        "build s": round(built, 2),
        "MB": round(sum(a.nbytes for part in parts for a in part.arrays()) / 1e6, 1),
        "queries/s": {name: round(QUERIES / own) for name, own in seconds.items()},
    }


def _multivector(rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    made = rng.standard_normal((TEXTS * TOKENS, DIM)).astype(np.float32)
    made /= np.linalg.norm(made, axis=1, keepdims=True)
    starts = TOKENS * np.arange(TEXTS + 1)
    stored = {dtype.__name__: MultiRows(starts, made.astype(dtype)) for dtype in (np.float32, np.float16)}
    queries = {f"{count} vectors": made[:count].copy() for count in (ASKED_TOKENS, 4)}
    cases = [(kind, asked) for kind in stored for asked in queries]

    def search(case: tuple[str, str]) -> None:
        multivector.search(stored[case[0]], queries[case[1]], K, kernels.NEGATIVE_DOT)

    seconds = _medians(search, cases, rounds)
    return {
        "shape": f"{TOKENS} x {DIM}",
        "us a multivector": {
            f"{kind}, query of {asked}": round(own / TEXTS * 1e6, 2) for (kind, asked), own in seconds.items()
        },
    }


def _candidates(rounds: int) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    words = _unit(rng.standard_normal((VOCABULARY, DIM), np.float32))
    odds = 1 / np.arange(1, VOCABULARY + 1) ** 0.9
    drawn = rng.choice(VOCABULARY, (PROPOSED, WORDS), p=odds / odds.sum())

    def write(chosen: Any) -> Any:
        own = _unit(rng.standard_normal((len(chosen), 1, DIM), np.float32))
        chance = _unit(rng.standard_normal((*chosen.shape, DIM), np.float32))
        return _unit(words[chosen] + np.float32(0.5) * own + np.float32(0.6) * chance)

    stored = MultiRows(WORDS * np.arange(PROPOSED + 1), write(drawn).reshape(-1, DIM))
    queries = write(drawn[:QUERIES])
    began = time.thread_time()
    made = multivector_candidates.make(stored, kernels.NEGATIVE_DOT)
    built = time.thread_time() - began
    assert made is not None
    width = max(HnswConfig().ef_construct, math.ceil(made.spread * K))
    every, found = np.arange(PROPOSED), {"all": [[0]] * QUERIES, "candidates": [[0]] * QUERIES}

    def search(how: str) -> None:
        for i, query in enumerate(queries):
            allowed = made.mask(query, width, every) if how == "candidates" else None
            found[how][i] = multivector.search(stored, query, K, kernels.NEGATIVE_DOT, allowed)[0].tolist()

    seconds = _medians(search, list(found), rounds)
    kept = sum(len({*a} & {*b}) for a, b in zip(*found.values(), strict=True))
    return {
        **{f"{how} ms": round(own / QUERIES * 1e3, 2) for how, own in seconds.items()},
        "recall": round(kept / (K * QUERIES), 4),
        "build s": round(built, 2),
        "width": width,
    }


def _unit(rows: Any) -> Any:
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def _medians(work: Callable[[Any], None], cases: list[Any], rounds: int) -> dict[Any, float]:
    seconds: dict[Any, list[float]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            began = time.thread_time()
            work(case)
            seconds[case].append(time.thread_time() - began)
    return {case: float(np.median(own)) for case, own in seconds.items()}
