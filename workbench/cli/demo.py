"""``workbench demo``: the main job without a browser, on Wikipedia's vital articles."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

import workbench as wb
from workbench import kernels
from workbench.surfaces.notebook.progress import bar

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = (
    "how plants make food from sunlight",
    "disease spread by mosquitoes",
    "proved that the earth moves around the sun",
)

# Descriptions of articles as queries: real short texts that are not in the index, enough that a recall of
# .99 is known to about half a percent.
QUERIES = 300


def demo(queries: Sequence[str], k: int, embed: int) -> int:
    """Load, embed, create on disk, search, filter and measure; print what happens."""
    asked = [" ".join(queries)] if queries else list(EXAMPLES)
    print("1. Load Wikipedia's vital articles, with vectors that were embedded before")
    articles = wb.datasets.load("wikipedia")
    print(f"   {len(articles):,} articles: {', '.join(c for c in articles.columns if c != 'vector')}")
    if embed:
        _embed_some(articles, embed)
    with tempfile.TemporaryDirectory(prefix="workbench-demo-") as folder, wb.open(folder) as database:
        print("2. Create a collection on disk and build its HNSW graph")
        started = time.perf_counter()
        collection = database.create("articles", articles)
        print(f"   {collection!r} in {time.perf_counter() - started:.1f} s")
        print("3. Search by meaning")
        for text in asked:
            _show(collection.search(text, k=k))
        print("4. Search by meaning, among articles of one topic only")
        topic = articles["topic"].value_counts().index[0]
        _show(collection.search(asked[-1], where={"topic": topic}, k=k), f" where topic = {topic}")
        print("5. Measure: the graph against an exact scan of every vector")
        _measure(collection, articles)
    return 0


def _embed_some(articles: pd.DataFrame, count: int) -> None:
    column = articles.attrs.get("text", "extract")
    texts = articles[column if column in articles.columns else "extract"].head(count).tolist()
    embedder = wb.embedding.default()
    started = time.perf_counter()
    with bar(f"   embedding with {embedder.name}", "texts", True) as report:
        embedder.embed(texts, progress=report)
    print(f"   {count / (time.perf_counter() - started):.0f} texts a second on this machine")


def _show(hits: Any, condition: str = "") -> None:
    print(f"   “{hits.query}”{condition}  ({hits.took_ms:.2f} ms)")
    for hit in hits:
        print(f"     {hit.score:.3f}  {hit['title']}: {str(hit.payload.get('description') or '')[:70]}")


def _measure(collection: Any, articles: pd.DataFrame) -> None:
    if not kernels.ready():
        print("   waiting for the compiler: about a minute, once on a machine", flush=True)
    kernels.warm(block=True)
    described = articles["description"].dropna()
    texts = described.sample(min(QUERIES, len(described)), random_state=0).tolist()
    with bar("   embedding queries", "texts", True) as report:
        vectors = list(wb.embedding.default().embed(texts, kind="query", progress=report))
    exact = [set(collection.search(v, k=10, exact=True, payload=False).ids) for v in vectors]
    print(f"   {'ef':>5} {'recall@10':>10} {'p50 ms':>8} {'p95 ms':>8}")
    for ef in (16, 32, 64, 128):
        found, took = [], []
        for vector in vectors:
            started = time.perf_counter()
            found.append(set(collection.search(vector, k=10, ef=ef, payload=False).ids))
            took.append((time.perf_counter() - started) * 1e3)
        recall = np.mean([len(a & b) / len(b) for a, b in zip(found, exact, strict=True)])
        print(f"   {ef:>5} {recall:>10.4f} {np.percentile(took, 50):>8.3f} {np.percentile(took, 95):>8.3f}")
    print(f"   {len(vectors)} descriptions of articles as queries, single calls on one thread, payloads off")
