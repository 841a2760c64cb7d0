"""Words: sparse vectors made of a payload's texts, and the words that a text shares with a query."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.errors import InvalidRequest
from workbench.models.points import IdArray, PointBatch, PointId, Record, VectorBatch
from workbench.models.query import NOTHING, Selector
from workbench.query import fetch, nearest
from workbench.segments.view import View
from workbench.surfaces.notebook.progress import Wanted, bar

if TYPE_CHECKING:
    from workbench import collection as core
    from workbench.text.analyzer import Analyzer

# Points whose texts are read and written at a time: one operation of the log, some megabytes at most.
_BATCH = 2_000
# What ``qdrant/bm25`` does to English texts: what it leaves out as too common is not marked either.
_ENGLISH = {"stopwords": "english", "stemmer": {"type": "snowball", "language": "english"}}


class Words:
    """The part of a notebook's collection that gives its points sparse vectors of their words."""

    _inner: core.Collection

    def add_words(self, key: str, *, sparse: str = "bm25", progress: Wanted = True) -> int:
        """Give every point a sparse vector of the words in a payload key; return how many have one now.

        The vectors are those of ``qdrant/bm25`` (English), weighed by inverse document frequency. Points that
        are added later need theirs too: call it again, or write ``models.Document(text, "qdrant/bm25")``.

        Parameters
        ----------
        key : str
            A top-level payload key that holds texts, or lists of texts.
        sparse : str
            Name of the sparse vector, which is made if there is none of it.

        Raises
        ------
        InvalidRequest
            When no point has a text there, or the name is taken by another vector.
        """
        from workbench.collection import updates, vector_names
        from workbench.embedding import bm25
        from workbench.models.config import SparseVectorParams
        from workbench.models.vectors import SparseRows, SparseVector

        inner = self._inner
        ids = fetch.retrying(lambda: inner.view, _all_ids)
        written = 0
        with bar(f"words of {inner.name}", "points", progress) as report:
            for start in range(0, len(ids), _BATCH):
                texts = _texts(inner, ids.take(slice(start, start + _BATCH)), key)
                if texts:
                    vector_names.create_vector(inner, sparse, SparseVectorParams(idf=True))
                    rows = SparseRows.of(SparseVector(*bm25.embed_document(t)) for t in texts.values())
                    batch = PointBatch(IdArray.of(texts), {sparse: VectorBatch(rows)}, [b"{}"] * len(texts))
                    updates.update_vectors(inner, batch)
                    written += len(texts)
                report(min(start + _BATCH, len(ids)), len(ids))
        if not written:
            raise InvalidRequest(
                f"add_words: expected a payload key that holds texts, and no point has one in {key!r}"
            )
        return written


def _all_ids(view: View) -> IdArray:
    from workbench.query import scroll

    return nearest.ids_of(view, scroll.matching(view, None))


def _texts(inner: core.Collection, ids: IdArray, key: str) -> dict[PointId, str]:
    """Return the texts that points have in a key; those that have none are left out."""
    from workbench.query import scroll

    def read(view: View) -> list[Record]:
        return fetch.records(view, scroll.by_ids(view, ids)[0], Selector(True, [key]), NOTHING)

    found = ((r.id, _text((r.payload or {}).get(key))) for r in fetch.retrying(lambda: inner.view, read))
    return {point: text for point, text in found if text}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(v for v in value if isinstance(v, str))
    return value if isinstance(value, str) else ""


def marked(text: str, query: str, analyzer: Analyzer | None = None) -> list[tuple[str, bool]]:
    """Cut a text into pieces, and say which are words of a query.

    Words are compared as ``qdrant/bm25`` compares them: without case and endings, and without stop words.

    Returns
    -------
    list of (str, bool)
        The pieces, which together are `text`, and whether each is such a word.

    Examples
    --------
    >>> marked("Black holes sleep.", "a sleeping hole")
    [('Black ', False), ('holes', True), (' ', False), ('sleep', True), ('.', False)]
    """
    from workbench.text.analyzer import analyzer_of
    from workbench.text.tokenizers import words

    known = analyzer or analyzer_of(_ENGLISH)
    wanted = set(known.tokens(query))
    pieces: list[tuple[str, bool]] = []
    at = begun = 0
    for word in words(text) if wanted else []:
        start = text.index(word, at)
        at = start + len(word)
        if wanted.isdisjoint(known.tokens(word)):
            continue
        if start > begun:
            pieces.append((text[begun:start], False))
        pieces.append((word, True))
        begun = at
    if begun < len(text):
        pieces.append((text[begun:], False))
    return pieces
