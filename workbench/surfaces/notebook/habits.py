"""Calls by the names that they have in other databases: the error says what they are called here."""

from __future__ import annotations

from collections.abc import Mapping

DATABASE = {
    "create_collection": "db.create(name, frame, text=...)",
    "get_or_create_collection": "db[name] if name in db else db.create(name, frame, text=...)",
    "get_collection": "db[name]",
    "list_collections": "list(db)",
    "get_collections": "list(db)",
    "collections": "list(db)",
    "collection_exists": "name in db",
    "delete_collection": "db.delete(name)",
    "drop": "db.delete(name)",
    "search": "db[name].search(...)",
    "query": "db[name].search(...)",
    "query_points": "db[name].search(...), or Qdrant's own call by db.client().query_points(...)",
    "upsert": "db[name].add(...), or Qdrant's own call by db.client().upsert(...)",
}

COLLECTION = {
    "query": "search(text or vector, k=...)",
    "query_points": "search(text or vector, k=...)",
    "knn_query": "search_batch(vectors, k=...)",
    "similarity_search": "search(text, k=...)",
    "upsert": "add(rows, id=...), which replaces points of the same id",
    "insert": "add(rows)",
    "add_items": "add(vectors=array)",
    "add_texts": 'add({"text": texts}), if the collection was made with text="text"',
    "peek": "page(limit=...)",
    "scroll": "page(where, offset=..., limit=...)",
    "update": "set_payload(values, ids)",
    "set_ef": 'configure(hnsw={"ef": ...}), or search(..., ef=...)',
    "ntotal": "len(collection)",
    "size": "len(collection)",
    "to_pandas": "to_frame()",
    "save": "a folder: what wb.open(folder) holds is always on disk",
}


def unknown(owner: object, name: str, names: Mapping[str, str]) -> AttributeError:
    """Return the error for an attribute that `owner` lacks, with what `names` knows it as."""
    hint = f". Here it is {names[name]}" if name in names else ""
    return AttributeError(
        f"{type(owner).__name__!r} object has no attribute {name!r}{hint}", name=name, obj=owner
    )
