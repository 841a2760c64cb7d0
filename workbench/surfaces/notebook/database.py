"""A database as a notebook sees it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from workbench.engine import Engine
from workbench.errors import Conflict, Corrupted, NotFound
from workbench.models.config import (
    CollectionConfig,
    HnswConfig,
    OptimizersConfig,
)
from workbench.surfaces.notebook import habits, texts
from workbench.surfaces.notebook.collection import Collection
from workbench.surfaces.notebook.progress import Wanted
from workbench.surfaces.notebook.screens import open_page, open_screen

if TYPE_CHECKING:
    from workbench import embedding
    from workbench.surfaces.notebook.adding import Source
    from workbench.surfaces.notebook.memory import DatabaseMemory
    from workbench.surfaces.server import Server


class Database:
    """Collections in one folder or in memory: what ``workbench.open()`` returns.

    Examples
    --------
    >>> import workbench as wb
    >>> db = wb.open()
    >>> pets = db.create("pets", {"name": ["cat", "dog"]}, vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
    >>> pets.search([0.9, 0.1], k=1)[0]["name"]
    'cat'
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._embedders: dict[str, embedding.Embedder] = {}
        self._servers: list[Server] = []
        self._pages: list[Any] = []

    # -- collections -----------------------------------------------------------------------------------

    def create(
        self,
        name: str,
        frame: Any = None,
        *,
        text: str | None = None,
        vectors: Any = None,
        id: Any = None,
        size: int | Mapping[str, int] | None = None,
        distance: str = "Cosine",
        datatype: str = "float32",
        embedder: Any = None,
        m: int = 16,
        ef_construct: int = 100,
        indexing_threshold: int = 10_000,
        quantization: Mapping[str, Any] | None = None,
        on_disk: bool = False,
        payload_m: int | None = None,
        payload_indexes: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        device: str | None = None,
        replace: bool = False,
        index: bool = True,
        progress: Wanted = True,
    ) -> Collection:
        """Make a collection, fill it from `frame`, index it, and return it.

        Parameters
        ----------
        name : str
            Its name.
        frame : DataFrame, list of dict, dict of columns, or path, optional
            Rows to insert; columns that are neither ids nor vectors are payload. A missing value has no key.
        text : str, optional
            The column to embed. A set of ``workbench.datasets`` that brings vectors needs none.
        vectors : array, column, path, or a mapping of those by name, optional
            float32[n, d], a column that holds one vector a row, a ``.npy`` or ``.parquet`` file.
        id : str or sequence, optional
            The column of ids, or the ids: unsigned integers or UUIDs. Rows are numbered from 0 without it.
        size : int or mapping, optional
            Dimensions, for a collection that is filled later.
        distance, datatype : str
            ``Cosine``, ``Dot``, ``Euclid`` or ``Manhattan``; ``float32``, ``float16`` or ``uint8``.
        embedder : str, Embedder or callable, optional
            Who turns texts into vectors; see :func:`workbench.embedding.resolve`.
        m, ef_construct, indexing_threshold : int
            Of the HNSW graph; kilobytes of vectors from which points are indexed in the background.
        quantization : mapping, optional
            Codes that searches go by, as Qdrant configures them: ``{"scalar": {"type": "int8"}}``, and
            likewise ``product``, ``binary`` and ``turbo``.
        on_disk : bool
            Vectors are given back to the system as searches read them.
        payload_m : int, optional
            Links to points of the same value of an indexed field; see ``HnswConfig``.
        payload_indexes : mapping, optional
            Fields to index, and as what: ``{"year": "integer"}``, or Qdrant's parameters in a mapping.
        metadata : mapping, optional
            Anything JSON can hold, kept with the collection.
        device : str, optional
            On what graphs are built until the database is closed: ``"cpu"``, ``"gpu"`` or ``"auto"``; what
            ``workbench.open`` was told if not given.
        replace : bool
            Remove a collection of this name first.
        index : bool
            Build the graph before returning; otherwise it is built in the background.
        progress : bool or callable
            Show a bar, or report to a callable ``(done, total, text)``.

        Raises
        ------
        Conflict
            When the name is taken and `replace` is False.
        InvalidRequest, InvalidVector, InvalidPointId, InvalidPayload
            When the rows cannot be read; no collection is made.
        """
        from workbench.surfaces.notebook.arguments import indexes_of, metadata_of, params_of, sizes_of

        if self.engine.exists(name) and not replace:
            raise Conflict(
                f"Collection `{name}` already exists! Use db[{name!r}], or replace=True to make it anew"
            )
        source, record, model = self._read(frame, text, vectors, id, embedder)
        config = CollectionConfig(
            vectors=params_of(sizes_of(source, model, size, vectors), distance, datatype, on_disk),
            hnsw=HnswConfig(m=m, ef_construct=ef_construct, payload_m=payload_m),
            optimizers=OptimizersConfig(indexing_threshold=indexing_threshold),
            quantization=quantization,
            metadata=metadata_of(metadata, record),
            payload_indexes=indexes_of(payload_indexes),
        )
        return self._fill(
            name, config, source, model, device, index=index, replace=replace, progress=progress
        )

    def create_wizard(self, source: Any = None, **settings: Any) -> Any:
        """Open a page that makes a collection step by step; `source` as `frame` of :meth:`create`, or an
        array, the name of a variable or of a set of ``workbench.datasets``.
        """
        return open_screen("create", self, source, **settings)

    def __getitem__(self, name: str) -> Collection:
        """Return the collection `name`; raise ``NotFound`` when there is none."""
        try:
            return Collection(self.engine.collection(name), self._embedders.get(name))
        except NotFound as error:
            known = ", ".join(self.engine.names()) or "none; db.create(...) makes one"
            raise NotFound(f"{error} Collections: {known}") from None

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.engine.exists(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.engine.names())

    def __len__(self) -> int:
        return len(self.engine.names())

    def delete(self, name: str) -> bool:
        """Remove a collection with all its files; False when there is none."""
        self._embedders.pop(name, None)
        return self.engine.delete(name)

    def memory(self) -> DatabaseMemory:
        """Return how many bytes each collection has on disk, mapped, allocated and in RAM now.

        Damaged collections, which are not loaded, are left out.
        """
        from workbench.surfaces.notebook.memory import DatabaseMemory

        return DatabaseMemory.of(self.engine)

    # -- surfaces --------------------------------------------------------------------------------------

    def client(self) -> Any:
        """Return a real ``qdrant_client.QdrantClient`` over this database: in process, without a network."""
        from workbench.surfaces.client import client_over

        return client_over(self.engine)

    def serve(
        self,
        http_port: int | None = 6333,
        grpc_port: int | None = 6334,
        host: str = "127.0.0.1",
        api_key: str | None = None,
        **settings: Any,
    ) -> Server:
        """Answer Qdrant's REST and gRPC API over this database, beside whatever the process does.

        Parameters
        ----------
        http_port, grpc_port : int or None
            0 takes a free port; None leaves that surface out.
        host : str
            The address to listen on: this machine only, unless told otherwise.
        api_key : str, optional
            What callers must send.
        **settings
            The other fields of :class:`workbench.surfaces.settings.Settings`, such as ``read_only_api_key``,
            ``enable_tls``, ``tls_cert`` and ``tls_key``.

        Returns
        -------
        Server
            With ``url``, ``grpc_address`` and ``stop()``; a context manager. Closing the database stops it.

        Raises
        ------
        StorageFailed
            When a port is taken.
        InvalidRequest
            When a setting is wrong.
        """
        from workbench.api.service import service_of
        from workbench.surfaces.server import Server
        from workbench.surfaces.settings import settings_from

        known = settings_from(
            http_port=http_port, grpc_port=grpc_port, host=host, api_key=api_key, **settings
        )
        server = Server(service_of(self.engine), known)
        self._servers.append(server)
        return server

    def dashboard(self, *, page: bool = False, port: int = 0) -> Any:
        """Open the overview: collections, memory, work, snapshots, servers, and the way to every screen.

        Parameters
        ----------
        page : bool
            Serve it, with every other screen, as a page of its own on 127.0.0.1 instead, beside whatever the
            process does.
        port : int
            Of that page; 0 takes a free one.

        Returns
        -------
        Overview or Dashboard
            A dashboard has ``url`` and ``stop()``; closing the database stops it.

        Raises
        ------
        StorageFailed
            When the port is taken.
        """
        if not page:
            return open_screen("overview", self)
        opened = open_page(self, port)
        self._pages.append(opened)
        return opened

    def close(self) -> None:
        """Stop its servers, close the files and let other processes open the folder."""
        while self._pages:
            self._pages.pop().stop()
        while self._servers:
            self._servers.pop().stop()
        self.engine.close()

    def __enter__(self) -> Database:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- showing ---------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        where = str(self.engine.root) if self.engine.root else "in memory"
        if self.engine.closed:
            return f"<Database {where}, closed>"
        return f"<Database {where}: {', '.join(self.engine.names()) or 'no collections'}>"

    def _repr_html_(self) -> str:
        from workbench.surfaces import html

        if self.engine.closed:
            return html.card("Workbench", "closed", {"open it again": "workbench.open(path)"})
        rows = [self._row(name) for name in self.engine.names()]
        empty = 'No collections yet: db.create("name", frame, text="column")'
        columns = ["collection", "points", "vectors", "status", "disk"]
        return html.listing("Workbench", str(self.engine.root or "in memory"), columns, rows, empty)

    def _row(self, name: str) -> list[Any]:
        from workbench.collection import info
        from workbench.surfaces import html

        try:
            i = info.describe(self.engine.collection(name))
        except Corrupted as error:
            return [name, "", "", "damaged", str(error)]
        vectors = ", ".join(
            f"{n + ': ' if n else ''}{p.size} {p.distance.value}" for n, p in i.config.vectors.items()
        )
        return [
            name,
            f"{i.points_count:,}",
            vectors,
            i.status,
            html.size(i.disk_bytes) if i.disk_bytes else "–",
        ]

    if not TYPE_CHECKING:  # with it nothing would be unknown to a type checker

        def __getattr__(self, name: str) -> Any:
            raise habits.unknown(self, name, habits.DATABASE)

    # -- inside ----------------------------------------------------------------------------------------

    def _read(
        self,
        frame: Any,
        text: str | None,
        vectors: Any,
        id: Any,
        embedder: Any,
    ) -> tuple[Source | None, texts.TextRecord | None, embedding.Embedder | None]:
        """Read the rows before anything is made, and find out by which model their texts become vectors."""
        from workbench import embedding
        from workbench.surfaces.notebook.adding import read_source

        model = embedding.resolve(embedder) if embedder is not None else None
        if frame is None and vectors is None:
            return None, None, model
        source = read_source(
            frame,
            text=text,
            vectors=vectors,
            id=id,
            first_id=0,
            fingerprint=model.fingerprint if model is not None else None,
        )
        own = getattr(frame, "attrs", {}) if vectors is None else {}
        if source.texts is None and "embedder" in own:
            name = str(own.get("embedder_name", "minilm"))
            return source, texts.TextRecord(str(own.get("text", "")), "", name, str(own["embedder"])), model
        if source.texts is None or text is None:
            return source, None, model
        model = model or embedding.default()
        return source, texts.TextRecord(text, "", model.name, model.fingerprint), model

    def _fill(
        self,
        name: str,
        config: CollectionConfig,
        source: Source | None,
        model: embedding.Embedder | None,
        device: str | None,
        *,
        index: bool,
        replace: bool,
        progress: Wanted,
    ) -> Collection:
        """Fill a collection aside, so that a failure, Ctrl-C or a crash leaves what was there before."""
        from workbench.kernels.gpu import devices
        from workbench.surfaces.notebook.adding import write_source

        inner = self.engine.prepare(name, config, replace=replace)
        try:
            inner.upkeep.device = None if device is None else devices.check(device)
            collection = Collection(inner, model)
            if source is not None:
                with inner.upkeep.held():
                    write_source(inner, source, model, "", progress)
                    if index and config.hnsw.m > 0:
                        collection.optimize(progress=progress)
            self.engine.adopt(inner, replace=replace)
        except BaseException:
            self.engine.discard(inner)
            raise
        self._embedders.pop(name, None)
        if model is not None:
            self._embedders[name] = model
        return collection
