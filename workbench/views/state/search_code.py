"""The Python that asks what a search box asks: with Workbench, and with QdrantClient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.models.filter_json import dump_filter
from workbench.models.where import where as parse_where
from workbench.surfaces.notebook.hybrid import depth
from workbench.views.state.query_inputs import read_point, read_vector

if TYPE_CHECKING:
    from workbench.views.state.searching import Searching


def own_code(state: Searching) -> str:
    """Return the call of a ``Collection``."""
    named = len(state.vectors) > 1 or state.vector != ""
    parts = [
        f"where={state.where!r}" if state.where is not None else "",
        f"k={state.k}",
        f"ef={state.ef}" if state.differs("ef") else "",
        f"vector={state.vector!r}" if named else "",
    ]
    asked = _own_input(state)
    if state.hybrid:
        words = state.words or (state.query if state.kind == "text" else "")
        parts = [
            repr(words) if words and (state.words or state.kind != "text") else "",
            *parts,
            f"sparse={state.sparse!r}" if len(state.sparse_vectors) > 1 else "",
            f"weights=({state.dense_weight:g}, {state.sparse_weight:g})" if _weighted(state) else "",
            f"rrf_k={state.rrf_k}" if state.differs("rrf_k") else "",
        ]
        return f"collection.hybrid({', '.join([asked, *filter(None, parts)])})"
    method = "similar" if state.kind == "point" else "search"
    return f"collection.{method}({', '.join([asked, *filter(None, parts)])})"


def client_code(state: Searching) -> str:
    """Return the call of Qdrant's own client, which ``db.client()`` is, or ``QdrantClient(url=…)``."""
    head = ["from qdrant_client import models", *_client_imports(state), "", "client = db.client()"]
    flt = None if state.where is None else dump_filter(parse_where(state.where))
    body = [repr(state.collection.name)]
    search = f"models.SearchParams(hnsw_ef={state.ef})"
    if state.hybrid:
        deep = depth(state.k)
        dense = [f"query={_client_input(state)}", *_using(state.vector), f"params={search}", f"limit={deep}"]
        sparse = [f"query={_client_words(state)}", f"using={state.sparse!r}", f"limit={deep}"]
        weights = f", weights=[{state.dense_weight:g}, {state.sparse_weight:g}]" if _weighted(state) else ""
        body += [
            f"prefetch=[\n{_prefetch(dense)}{_prefetch(sparse)}    ]",
            f"query=models.RrfQuery(rrf=models.Rrf(k={state.rrf_k}{weights}))",
        ]
    else:
        body += [f"query={_client_input(state)}", *_using(state.vector), f"search_params={search}"]
    if flt is not None:
        body.append(f"query_filter=models.Filter.model_validate({flt!r})")
    body.append(f"limit={state.k}")
    lines = "".join(f"    {line},\n" for line in body)
    return "\n".join([*head, f"answer = client.query_points(\n{lines})", "answer.points"])


def _own_input(state: Searching) -> str:
    match state.kind:
        case "text":
            return repr(state.query)
        case "vector":
            return repr(read_vector(state.numbers))
        case "image":
            return "collection.image_vector(image)"
    return _point(state)


def _client_input(state: Searching) -> str:
    match state.kind:
        case "text" if _minilm(state):
            return f'models.Document(text={state.query!r}, model="sentence-transformers/all-MiniLM-L6-v2")'
        case "text":
            return f"embedder.embed([{state.query!r}], kind='query')[0].tolist()"
        case "vector":
            return repr(read_vector(state.numbers))
        case "image":
            return "collection.image_vector(image).tolist()"
    return _point(state)


def _client_words(state: Searching) -> str:
    words = state.words or (state.query if state.kind == "text" else "")
    return f'models.Document(text={words!r}, model="qdrant/bm25")' if words else _point(state)


def _client_imports(state: Searching) -> list[str]:
    if state.kind != "text" or _minilm(state):
        return []
    name = state.record.embedder if state.record is not None else "the model that made the vectors"
    return ["from workbench import embedding", "", f"embedder = embedding.resolve({name!r})"]


def _minilm(state: Searching) -> bool:
    return state.record is not None and "minilm" in state.record.embedder.lower()


def _point(state: Searching) -> str:
    point: Any = read_point(state.point)
    return repr(point) if isinstance(point, int) else repr(str(point))


def _using(vector: str) -> list[str]:
    return [f"using={vector!r}"] if vector else []


def _prefetch(parts: list[str]) -> str:
    lines = "".join(f"            {part},\n" for part in parts)
    return f"        models.Prefetch(\n{lines}        ),\n"


def _weighted(state: Searching) -> bool:
    return (state.dense_weight, state.sparse_weight) != (1.0, 1.0)
