"""The search box without a face: a question, its approximate and exact answers, and the questions before."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from traitlets import Any as Anything
from traitlets import Bool, Enum, Float, Int, List, Unicode

from workbench import distances
from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.compared import Compared, compare
from workbench.surfaces.notebook.hits import Hits
from workbench.surfaces.notebook.hybrid import RRF_K, HybridHits
from workbench.surfaces.notebook.listing import listed
from workbench.surfaces.notebook.texts import TextRecord
from workbench.tasks import Progress, Task
from workbench.views.state.query_inputs import KINDS, read_point, read_vector, written_vector
from workbench.views.state.question import read_filter, written
from workbench.views.state.search_code import client_code, own_code
from workbench.views.state.settings import apply_settings
from workbench.views.state.working import Working

if TYPE_CHECKING:
    from workbench.surfaces.notebook.collection import Collection

SETTINGS = (
    "kind", "query", "numbers", "point", "image", "vector", "where", "filter_text", "words_in", "k", "ef",
    "hybrid", "words", "sparse", "dense_weight", "sparse_weight", "rrf_k",
)  # fmt: skip
# Of each kind of question, the trait that holds what was typed.
TYPED = {"text": "query", "vector": "numbers", "point": "point", "image": "image"}
_HISTORY = 12
# Points looked at for the payload keys that hold texts.
_SAMPLE = 20


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was answered, so that one can return to it."""

    label: str
    settings: dict[str, Any]


class Searching(Working):
    """A question to one collection, answered twice: by the graph, and by comparing with every vector.

    Attributes
    ----------
    kind : {"text", "vector", "point", "image"}
        Which of the next four is asked.
    query : str
        A text.
    numbers : str
        A vector as a person pastes it: JSON, or what NumPy prints.
    point : str
        The id of a point: more like this.
    image : str
        A picture as a data URI, where the embedder takes pictures.
    vector : str
        Name of the dense vector compared.
    where : mapping, Filter or None
        Which points may be hits; `filter_text` is the same as a person types it, and `words_in` the payload
        key in which a filter of plain words looks.
    k, ef : int
        Hits wanted, and candidates kept while walking the graph.
    hybrid : bool
        Whether words are compared too, by the sparse vector `sparse`; `words` are those, unless `query`'s.
    dense_weight, sparse_weight : float
        Of both answers in the fusion by rank; `rrf_k` is its constant.
    result : Compared or None
        Both answers, None while nothing is asked; `hits` are the approximate ones.
    selection : list
        Ids of the chosen hits.
    history : list of Asked
        The questions answered, the newest first.
    code, client_code : str
        The Python that does the same, with Workbench and with QdrantClient.
    """

    kind = Enum(KINDS, "text")
    query = Unicode("")
    numbers = Unicode("")
    point = Unicode("")
    image = Unicode("")
    vector = Unicode("")
    where = Anything(None, allow_none=True)
    filter_text = Unicode("")
    words_in = Unicode("")
    k = Int(10, min=1, max=100)
    ef = Int(100, min=1, max=4096)
    hybrid = Bool(False)
    words = Unicode("")
    sparse = Unicode("")
    dense_weight = Float(1.0, min=0.0, max=10.0)
    sparse_weight = Float(1.0, min=0.0, max=10.0)
    rrf_k = Int(RRF_K, min=1, max=1000)
    result = Anything(None, allow_none=True)
    hits = Anything(None, allow_none=True)
    selection: List[Any] = List()
    history: List[Any] = List()
    code = Unicode("")
    client_code = Unicode("")

    def __init__(self, collection: Collection, query: Any = None, **settings: Any) -> None:
        super().__init__()
        self.collection = collection
        config = collection.info.config
        self.vectors = [name for name, params in config.vectors.items() if not params.multivector]
        self.record = TextRecord.of(config.metadata)
        self.searchable, self.takes_images = collection.searchable, collection.takes_images
        self.text_keys = _text_keys(collection)
        self._busy = threading.local()
        self._mistyped = ""
        self.vector = self._first_vector()
        hnsw = config.hnsw_of(self.vector)
        self.default_ef = hnsw.ef or hnsw.ef_construct
        self.set_trait("ef", self.default_ef)
        self.sparse = next(iter(self.sparse_vectors), "")
        self.words_in = self._default_words_in()
        if not self.searchable:
            self.kind = "vector"
        self.take({**begun(query), **settings})
        self.observe(self._asked, list(SETTINGS))
        self.search()

    # -- what there is ---------------------------------------------------------------------------------

    @property
    def sparse_vectors(self) -> list[str]:
        """Names of the sparse vectors now."""
        return list(self.collection.info.config.sparse_vectors)

    @property
    def greater_is_nearer(self) -> bool:
        """Whether a greater score is the better one."""
        return self.hybrid or distances.greater_is_nearer(self.distance)

    @property
    def distance(self) -> Any:
        """By which the vectors are compared."""
        return self.collection.info.config.vectors[self.vector].distance

    @property
    def typed(self) -> str:
        """What was typed for the present kind of question."""
        return str(getattr(self, TYPED[self.kind]))

    def differs(self, name: str) -> bool:
        """Return whether a setting differs from what a new search box has."""
        return bool(
            getattr(self, name) != (self.default_ef if name == "ef" else self.traits()[name].default_value)
        )

    # -- what a person can do --------------------------------------------------------------------------

    def take(self, settings: dict[str, Any]) -> None:
        """Apply settings together, and make `where` and `filter_text` say the same.

        Raises
        ------
        InvalidRequest
            For an unknown setting or a wrong value.
        """
        with self._quietly():
            if settings.get("ef", 0) is None:
                settings = {**settings, "ef": self.default_ef}
            apply_settings(self, "search_box", SETTINGS, settings)
            if "where" in settings:
                self.filter_text, self._mistyped = written(self.where), ""
            elif "filter_text" in settings:
                self.where = read_filter(self.filter_text, self.words_in)

    def ask(self, query: Any) -> None:
        """Ask for a text, or for a vector as a list or array."""
        self.take(begun(query))
        self.search()

    def like(self, point: Any) -> None:
        """Ask for the points nearest to a stored one."""
        self.take({"kind": "point", "point": str(point)})
        self.search()

    def back(self, at: int) -> None:
        """Return to a question of the history."""
        if 0 <= at < len(self.history):
            self.take(dict(self.history[at].settings))
            self.search()

    def choose(self, point: Any, chosen: bool = True) -> None:
        """Choose a hit, or no longer."""
        others = [i for i in self.selection if i != point]
        self.selection = [*others, point] if chosen else others

    def search(self) -> None:
        """Ask the collection; on an error keep what is shown, and say why."""
        if self._mistyped:
            self.problem = self._mistyped
            return
        if not self.typed.strip():
            with self.hold_trait_notifications():
                self.result, self.hits, self.problem, self.code, self.client_code = None, None, "", "", ""
            return
        settings = {name: getattr(self, name) for name in SETTINGS}
        self._start("searching", lambda task, _: self._answer(task, settings))

    def add_words(self, key: str) -> None:
        """Give every point a sparse vector of the words in a payload key, and search by them too."""

        def work(task: Task, progress: Progress) -> None:
            self.collection.add_words(key, progress=progress)
            if self._newest(task, sparse=self.sparse or self.sparse_vectors[0], hybrid=True):
                return

        self._start(f"reading the words in {key!r}", work)

    def why_missed(self, point: Any) -> str:
        """Return why a point is not among the hits, with the cure."""
        verdict = self.collection.why_missed(
            self.asked_vector(), point, where=self.where, k=self.k, ef=self.ef, vector=self.vector
        )
        cure = f" Cure: {verdict.cure}." if verdict.cure else ""
        return f"{verdict.reason}: {verdict.verdict.because}.{cure}"

    # -- inside ----------------------------------------------------------------------------------------

    def _asked(self, change: Any) -> None:
        """Answer a changed question."""
        if getattr(self._busy, "now", False):
            return
        name = change["name"]
        try:
            if name in ("filter_text", "words_in"):
                with self._quietly():
                    self.where = read_filter(self.filter_text, self.words_in)
                self._mistyped = ""
            elif name == "where":
                with self._quietly():
                    self.filter_text, self._mistyped = written(self.where), ""
        except InvalidRequest as error:
            self._mistyped = str(error)
        if name in TYPED.values() and name != TYPED[self.kind]:
            return
        self.search()

    def _quietly(self) -> _Quiet:
        return _Quiet(self._busy)

    def _answer(self, task: Task, settings: dict[str, Any]) -> None:
        result = self._compared()
        if self.kind == "text":
            result.hits.query = result.truth.query = self.query
        asked = Asked(self._label(result), settings)
        rest = [old for old in self.history if _plain(old.settings) != _plain(settings)]
        self._newest(
            task,
            result=result,
            hits=result.hits,
            code=own_code(self),
            client_code=client_code(self),
            history=[asked, *rest][:_HISTORY],
            selection=[i for i in self.selection if i in {*result.hits.ids, *result.truth.ids}],
        )

    def _compared(self) -> Compared:
        if self.hybrid:
            return compare(self._hybrid_search())
        where, k, ef, vector = self.where, self.k, self.ef, self.vector
        if self.kind == "point":
            point = read_point(self.point)
            return compare(lambda exact: self._similar(point, exact))
        asked = self.asked_vector()
        return compare(
            lambda exact: self.collection.search(asked, where=where, k=k, ef=ef, exact=exact, vector=vector)
        )

    def _similar(self, point: Any, exact: bool) -> Hits:
        return self.collection.similar(
            point, where=self.where, k=self.k, ef=self.ef, exact=exact, vector=self.vector
        )

    def _hybrid_search(self) -> Any:
        asked = read_point(self.point) if self.kind == "point" else self.asked_vector()
        words = self.words or (self.query if self.kind == "text" else None)
        weights = (self.dense_weight, self.sparse_weight)

        def search(exact: bool) -> HybridHits:
            return self.collection.hybrid(
                asked, words, where=self.where, k=self.k, ef=self.ef, exact=exact, rrf_k=self.rrf_k,
                weights=weights, vector=self.vector, sparse=self.sparse or None,
            )  # fmt: skip

        return search

    def asked_vector(self) -> Any:
        """Return the vector that is asked for: embedded, read or stored.

        Raises
        ------
        InvalidRequest, NotFound
            When there is none.
        """
        match self.kind:
            case "text":
                return self.collection._embed_query(self.query, None)
            case "vector":
                return read_vector(self.numbers)
            case "image":
                return self.collection.image_vector(self.image)
        found = self.collection.get([read_point(self.point)], vectors=[self.vector])
        return (found[0].vectors or {})[self.vector]

    def _label(self, result: Compared) -> str:
        typed = {"text": f"“{self.query}”", "point": f"like {self.point}", "image": "a picture"}
        what = typed.get(self.kind, f"vector {self.numbers:.24}…")
        parts = [what, self.filter_text, "with words" if self.hybrid else ""]
        return " · ".join(filter(None, [*parts, f"recall {result.kept}/{len(result.truth)}"]))

    def _first_vector(self) -> str:
        if not self.vectors:
            raise InvalidRequest(
                f"search_box: expected a dense vector, and collection {self.collection.name!r} has none"
            )
        own = "" if self.record is None else self.record.vector
        return own if own in self.vectors else self.vectors[0]

    def _default_words_in(self) -> str:
        if self.record is not None and self.record.column in self.text_keys:
            return self.record.column
        return self.text_keys[0] if self.text_keys else ""


class _Quiet:
    """While it lasts, changes made on this thread ask nothing."""

    def __init__(self, busy: threading.local) -> None:
        self._busy, self._before = busy, getattr(busy, "now", False)

    def __enter__(self) -> None:
        self._busy.now = True

    def __exit__(self, *_: object) -> None:
        self._busy.now = self._before


def begun(query: Any) -> dict[str, Any]:
    """Return the settings that ask for a text, or for a vector as a list or array; none for None."""
    if query is None:
        return {}
    if isinstance(query, str):
        return {"kind": "text", "query": query}
    return {"kind": "vector", "numbers": written_vector(query)}


def _plain(settings: dict[str, Any]) -> str:
    return repr(sorted(settings.items()))


def _text_keys(collection: Collection) -> list[str]:
    payloads = [record.payload or {} for record in listed(collection._inner, limit=_SAMPLE)[0]]
    return list(dict.fromkeys(k for p in payloads for k, v in p.items() if isinstance(v, str)))
