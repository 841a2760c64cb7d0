"""Where the bytes of a collection are, component by component: on disk, mapped, held, and in RAM now.

=================  ==================================================================================
component          what it is
=================  ==================================================================================
vectors            sealed dense vectors, by vector name; so are the next ten
multivectors       sealed multivectors, and where each begins
sparse vectors     sealed sparse vectors
tail vectors       vectors of any kind that wait to be sealed: a file, mapped
tail codes         int8 codes that these scans read, and their signs
postings           inverted indexes of sparse vectors, built by the first search
links              HNSW graphs
codes              int8 codes that graphs are walked with; product codes that propose multivectors
signs              one bit a number of these, which scans go by first; made by the first filtered scan
nibbles            half a byte a number of codes, which walks read where that is faster; else made by the
                   first exact search of many
quantized codes    codes that the collection's quantization asks for
unit copies        float32 copies of uint8 vectors under Cosine, which kernels compare
ids                keys, ids and operations of the rows, and which rows have a vector
id maps            from ids to rows, built by the first look-up
deletion marks     which rows are dead
payload columns    fields that filters have asked for, by key
text tokens        the inverted indexes of their texts, by key
search scratch     what searches left for the next ones to use
payloads           the SQLite file with ids and payloads
page cache         what SQLite keeps of that file in memory
other files        of segments that are being built or removed
=================  ==================================================================================

Payloads that were set after the columns were built are Python objects that nobody counts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from workbench.collection.collection import Collection
from workbench.collection.memory_prediction import predict, predict_ids, row_bytes
from workbench.indexes.quantization import QuantizedSearcher
from workbench.models.config import CollectionConfig
from workbench.segments.multi_columns import MultiColumn
from workbench.segments.segment import Segment
from workbench.segments.sparse_columns import SparseColumn
from workbench.segments.tail import Tail
from workbench.segments.vector_columns import Column, VectorColumn
from workbench.segments.view import SegmentView
from workbench.storage.files import size_of
from workbench.storage.residency import owner, resident

AnyArray = npt.NDArray[Any]
Key = tuple[str, str]

ORDER = (
    *(
        "vectors",
        "multivectors",
        "sparse vectors",
        "tail vectors",
        "tail codes",
        "postings",
        "links",
        "codes",
        "signs",
        "nibbles",
    ),
    "quantized codes",
    *("unit copies", "ids", "id maps", "deletion marks", "payload columns", "text tokens"),
    *("search scratch", "payloads", "page cache", "other files"),
)
_ESTIMATED = "Python objects, roughly"
_KINDS = {SparseColumn: "sparse vectors", MultiColumn: "multivectors", VectorColumn: "vectors"}
# The names of a segment's files, such as ids_low.npy, graph-0-links0.npy and tail-0-ends.raw.
_FILE = re.compile(r"([a-z]+)(?:_[a-z]+)?(?:-(\d+))?")
_ID_FILES, _INDEX_FILES = (
    ("keys", "operations", "ids", "rows"),
    {
        "graph": "links",
        "candidates": "codes",
        "codes": "codes",
        "nibbles": "nibbles",
        "payload": "links",
        "quantized": "quantized codes",
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component of a collection, or several added up.

    Attributes
    ----------
    component : str
        One of the table above.
    name : str
        The vector's, or the key of a payload field; empty for what belongs to the whole collection.
    disk : int
        Bytes of its files.
    mapped : int
        Bytes of its files that are mapped: in RAM only as far as they were read, and given back when the
        system needs room.
    held : int
        Bytes allocated in this process, spare room of growing arrays included.
    resident : int or None
        Bytes of `mapped` and `held` that are in RAM and counted to this process now, as the kernel says;
        None where that cannot be told.
    predicted : int or None
        What the configuration lets expect of `mapped` and `held` together; None where it depends on the data.
    note : str
        What to know of the numbers.
    """

    component: str
    name: str = ""
    disk: int = 0
    mapped: int = 0
    held: int = 0
    resident: int | None = None
    predicted: int | None = None
    note: str = ""


def add_up(component: str, parts: Iterable[Part]) -> Part:
    """Return the sum of `parts`; what is None does not count, unless all are."""
    known = list(parts)

    def total(values: Iterable[int | None]) -> int | None:
        told = [value for value in values if value is not None]
        return sum(told) if told else None

    return Part(
        component=component,
        disk=sum(p.disk for p in known),
        mapped=sum(p.mapped for p in known),
        held=sum(p.held for p in known),
        resident=total(p.resident for p in known),
        predicted=total(p.predicted for p in known),
    )


def measure(collection: Collection) -> tuple[Part, ...]:
    """Return the components of `collection` that there are, in the order of the table above.

    Raises
    ------
    Closed
        When the collection was closed or deleted.
    """
    view, books = collection.view, _Books()
    for segment in view.segments:
        _rows(books, segment)
        for name in segment.segment.names:
            # The segment's own column: what was deleted, or made anew under this name, is still there.
            _column(books, segment, name, segment.segment.column(name, segment.count), view.config)
    _payloads(books, collection)
    if collection.folder is not None:
        _files(books, collection.folder)
    return tuple(books.parts())


@dataclass(slots=True)
class _Entry:
    """What was found of one component so far."""

    disk: int = 0
    arrays: list[AnyArray] = field(default_factory=list)
    mapped: int = 0
    held: int = 0
    objects: int = 0
    predicted: int | None = None
    note: str = ""
    unknown: bool = False


class _Books:
    """All components; each buffer counts once, however many arrays show it.

    Attributes
    ----------
    places : dict of int to dict of int to (str, str)
        By number of the segment and of the vector's files: the component and name of the vectors.
    """

    def __init__(self) -> None:
        self._entries: defaultdict[Key, _Entry] = defaultdict(_Entry)
        self._seen: set[tuple[int, int]] = set()
        self.places: dict[int, dict[int, Key]] = {}

    def entry(self, component: str, name: str = "") -> _Entry:
        return self._entries[component, name]

    def arrays(self, entry: _Entry, arrays: Iterable[AnyArray]) -> None:
        for array in arrays:
            whole, mapped = owner(array)
            at = whole.ctypes.data, whole.nbytes
            if whole.nbytes == 0 or at in self._seen:
                continue
            self._seen.add(at)
            entry.arrays.append(whole)
            if mapped:
                entry.mapped += whole.nbytes
            else:
                entry.held += whole.nbytes

    def predict(self, entry: _Entry, nbytes: int) -> None:
        entry.predicted = nbytes + (entry.predicted or 0)

    def parts(self) -> Iterator[Part]:
        for component, name in sorted(self._entries, key=lambda key: (ORDER.index(key[0]), key[1])):
            e = self._entries[component, name]
            if not (e.disk or e.mapped or e.held or e.objects or e.predicted or e.unknown):
                continue
            measured = None if e.unknown else resident(e.arrays)
            yield Part(
                component=component,
                name=name,
                disk=e.disk,
                mapped=e.mapped,
                held=e.held + e.objects,
                resident=None if measured is None else measured + e.objects,
                predicted=e.predicted,
                note=e.note,
            )


def _rows(books: _Books, view: SegmentView) -> None:
    """Enter what a segment keeps of its rows and their payloads, beside vectors."""
    segment = view.segment
    books.places[segment.number] = {}
    ids, maps, marks = (books.entry(c) for c in ("ids", "id maps", "deletion marks"))
    books.arrays(ids, segment.id_arrays())
    if isinstance(segment, Segment):
        books.predict(ids, predict_ids(segment.count, uuids=bool(segment.info["uuids"])))
    arrays, objects = segment.id_maps()
    books.arrays(maps, arrays)
    maps.objects += objects
    if objects:
        maps.note = _ESTIMATED
    books.arrays(marks, [] if view.dead is None else [view.dead])
    tokens = segment.table.token_bytes()
    for component, sizes in (("text tokens", tokens), ("payload columns", segment.table.column_bytes())):
        for key, nbytes in sizes.items():
            entry = books.entry(component, key)
            entry.objects += nbytes - (tokens.get(key, 0) if component == "payload columns" else 0)
            entry.note = _ESTIMATED


def _column(books: _Books, view: SegmentView, name: str, column: Column, config: CollectionConfig) -> None:
    """Enter the vectors of one name in one segment, and their indexes."""
    segment, known = view.segment, name in config.vectors and name not in view.absent
    if isinstance(segment, Segment):
        sealed, at, component = True, int(segment.info["vectors"][name]["index"]), _KINDS[type(column)]
    else:
        assert isinstance(segment, Tail)
        sealed, at, component = False, segment.places[name], "tail vectors"
    books.places[segment.number][at] = component, name
    entry = books.entry(component, name)
    if column.rows is not None:
        books.arrays(books.entry("ids"), [column.rows])
    if isinstance(column, SparseColumn):
        books.arrays(entry, [column.stored.starts, column.stored.indices, column.stored.values])
        postings = books.entry("postings", name)
        for part in column.index.known:
            books.arrays(postings, part.arrays())
    elif isinstance(column, MultiColumn):
        books.arrays(entry, [column.stored.starts, column.stored.values])
        copies = vars(column).get("searched")
        books.arrays(books.entry("unit copies", name), [] if copies is None else [copies.values])
        if column.candidates is not None:
            books.arrays(books.entry("codes", name), column.candidates.arrays().values())
        _quantized(books, name, None if column.quantized is None else column.quantized.searcher)
    else:
        books.arrays(entry, [column.stored])
        if column.paging is not None:
            entry.note = "on disk: given back as searches read them"
        _indexes(books, name, column)
        if known and sealed:
            settings, codes = config.hnsw_of(name), config.quantization_of(name)
            sizes = predict(column.count, column.params, settings.m, codes)
            for kind, nbytes in sizes.items():
                books.predict(books.entry(kind, name), nbytes)
        elif known:
            books.predict(entry, column.count * row_bytes(column.params))


def _indexes(books: _Books, name: str, column: VectorColumn) -> None:
    """Enter the graph, the codes and what else searching dense vectors takes."""
    copies = vars(column).get("searched")
    books.arrays(books.entry("unit copies", name), [] if copies is None else [copies])
    if column.growing is not None:
        books.arrays(books.entry("tail codes", name), column.growing.arrays())
    _quantized(books, name, column.quantized)
    if (linked := column.payload_links) is not None:
        own = [*linked.searcher.graph.arrays().values(), linked.rows, linked.starts]
        books.arrays(books.entry("links", name), own)
        books.arrays(books.entry("search scratch"), linked.searcher.scratch())
    if (searcher := column.searcher) is None:
        return
    books.arrays(books.entry("unit copies", name), [searcher.vectors])
    books.arrays(books.entry("links", name), searcher.graph.arrays().values())
    if searcher.codes is not None:
        books.arrays(books.entry("codes", name), searcher.codes.arrays().values())
    if searcher.bounds is not None:
        books.arrays(books.entry("codes", name), [searcher.bounds.errors])
    if searcher.sieve is not None and (signs := searcher.sieve.arrays()):
        books.arrays(books.entry("signs", name), signs)
    if searcher.halved is not None:
        books.arrays(books.entry("nibbles", name), searcher.halved.arrays().values())
    elif searcher.nibbles is not None:
        books.arrays(books.entry("nibbles", name), searcher.nibbles.arrays)
    books.arrays(books.entry("search scratch"), searcher.scratch())


def _payloads(books: _Books, collection: Collection) -> None:
    store = collection.store
    books.entry("payloads").disk = store.disk_bytes()
    nbytes, exact = store.page_bytes()
    cache = books.entry("page cache")
    if exact:
        cache.objects, cache.note = nbytes, "the whole database, in memory"
    else:
        cache.unknown, cache.note = True, f"at most {nbytes // 1024:,} KiB; SQLite tells no more"


def _files(books: _Books, folder: Path) -> None:
    """Enter the bytes of every file of the segments."""
    for path in folder.glob("segments/*/*"):
        books.entry(*_owner_of(books, path)).disk += size_of(path)


def _owner_of(books: _Books, path: Path) -> Key:
    """Return the component and name that a segment's file belongs to, by its name."""
    found, number = _FILE.match(path.name), path.parent.name
    places = books.places.get(int(number)) if number.isdecimal() else None
    if found is None or places is None:
        return "other files", ""
    if found[1] in _ID_FILES:
        return "ids", ""
    component, name = places.get(int(found[2] or -1), ("other files", ""))
    return (_INDEX_FILES.get(found[1], component), name) if component != "other files" else (component, "")


def _quantized(books: _Books, name: str, searcher: QuantizedSearcher | None) -> None:
    """Enter the codes that the configuration asks for."""
    for arrays in [] if searcher is None else searcher.all_arrays():
        books.arrays(books.entry("quantized codes", name), arrays)
