"""Answers one HTTP request: finds the route, asks for the key, reads the body, runs the operation."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from workbench.api.failures import Failure
from workbench.api.operations import ACCEPTED, Access, Call, operations
from workbench.api.service import Service
from workbench.errors import WorkbenchError
from workbench.surfaces.keys import Keys, Unauthorized, check_access
from workbench.surfaces.rest import answers, bodies, formatting, parameters, point_batch, uploads
from workbench.surfaces.rest.answers import Answer, Headers
from workbench.surfaces.rest.repeated_query import RepeatedQueries
from workbench.surfaces.rest.routes import QUERY, Gives, Match, Route, Router, Takes
from workbench.surfaces.rest.workers import Workers
from workbench.surfaces.settings import Settings
from workbench.surfaces.turns import LARGE, InTurn
from workbench.tasks import cores

log = logging.getLogger("workbench")

Scope = MutableMapping[str, Any]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

# As in Qdrant, so that probes need no key.
_OPEN_PATHS = frozenset({b"/", b"/healthz", b"/livez", b"/readyz"})


class App:
    """The ASGI application over one service.

    Operations run in threads of its own, so a slow one holds up neither the loop nor quick ones. Reads and
    writes have separate threads, because a write waits for the disk; so have large writes, which take turns.

    Parameters
    ----------
    service : Service
        What answers.
    settings : Settings
        Keys and limits.
    """

    def __init__(self, service: Service, settings: Settings) -> None:
        self._service, self._limit = service, settings.max_body
        self._keys = Keys(settings.api_key, settings.read_only_api_key)
        self._router = Router()
        self._readers = Workers(min(32, 4 * cores()), "workbench-rest-read")
        self._writers = ThreadPoolExecutor(32, "workbench-rest-write")
        self._large = InTurn("workbench-rest-large")
        self._repeated = RepeatedQueries(service)

    def close(self) -> None:
        """Wait for what is running, and end the threads."""
        self._readers.close()
        self._writers.shutdown()
        self._large.shutdown()

    def at_once(self, path: bytes, headers: Headers, body: bytes) -> Answer | None:
        """Answer a query whose like was quick, in the loop's own thread: another one costs more.

        None for all else, which is then answered as ever.

        Parameters
        ----------
        path : bytes
            With the parameters, if there are any.
        headers : list of tuple of bytes
        body : bytes
        """
        started = time.perf_counter()
        asked = self._repeated.find(path, body, quick=True)
        if asked is None or len(body) > self._limit:
            return None
        try:
            bodies.check_type(headers)
            self._permits_all(path, headers)
        except (Unauthorized, WorkbenchError):
            return None
        answer = self._repeated.answered(asked, started)
        name = asked.known.collection_name
        self._count(QUERY, {"collection_name": name}, answer, time.perf_counter() - started)
        return answer

    async def __call__(self, scope: Scope, receive: bodies.Receive, send: Send) -> None:
        """Answer a request, or one of the server's own events."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            try:
                await _send(await self._answer(scope, receive), scope, receive, send)
            except bodies.Disconnected:
                return

    async def _answer(self, scope: Scope, receive: bodies.Receive) -> Answer:
        started = time.perf_counter()
        path, headers = _path(scope), scope["headers"]
        try:
            match = self._find(scope["method"], path.partition(b"?")[0])
            permits_all = self._permits_all(path, headers)
            route = match.route
            if route is None:
                return answers.not_routed(match)
        except Unauthorized as error:
            return answers.unauthorized(error)
        except WorkbenchError as error:
            return answers.failed(error, started)
        try:
            answer = await self._routed(route, match.values, permits_all, scope, receive, started)
        except WorkbenchError as error:
            answer = answers.failed(error, started)
        self._count(route, match.values, answer, time.perf_counter() - started)
        return answer

    def _count(self, route: Route, values: Mapping[str, str], answer: Answer, seconds: float) -> None:
        name = values.get("collection_name", "")
        if not self._service.engine.exists(name):
            name = ""  # there is no end of names that no collection has
        endpoint = f"{route.method} {route.path}"
        self._service.requests.observe("rest", endpoint, answer.status, seconds, name)

    def _find(self, method: str, path: bytes) -> Match:
        try:
            return self._router.match(method, path)
        except UnicodeDecodeError as error:
            raise parameters.refused_path("invalid UTF-8") from error

    def _permits_all(self, path: bytes, headers: Headers) -> bool:
        if not self._keys.asked or path in _OPEN_PATHS:
            return True
        sent = dict(headers)
        return self._keys.permits_all(sent.get(b"api-key"), sent.get(b"authorization"))

    async def _routed(
        self,
        route: Route,
        values: dict[str, str],
        permits_all: bool,
        scope: Scope,
        receive: bodies.Receive,
        started: float,
    ) -> Answer:
        known = operations().get(route.operation)
        if known is None:
            return answers.refused(
                Failure(501, "UNIMPLEMENTED", f"{route.operation} is not answered"), started
            )
        check_access(known.access, permits_all)
        parameters.check_path(values)
        params = parameters.read_query(scope["query_string"])
        loop = asyncio.get_running_loop()
        body: Any = None
        if route.takes is Takes.JSON:
            bodies.check_type(scope["headers"])
            bodies.announced(scope["headers"], self._limit)
            body = await bodies.read(scope, receive, self._limit)
            if encoding := bodies.header(scope["headers"], b"content-encoding"):
                body = await loop.run_in_executor(self._writers, bodies.decoded, body, encoding, self._limit)
        elif route.takes is Takes.FILE:
            body = await uploads.receive_file(scope, receive, loop, self._writers)
        large = route.takes is Takes.JSON and len(body) >= LARGE
        if route is QUERY and not params and not large:
            name = values["collection_name"]
            return await self._readers.run(partial(self._repeated.answer, _path(scope), name, body, started))
        job = _Job(self._service, route, values, params, body, started)
        writers = self._large if large else self._writers
        if route.deferrable and params.get("wait") is False:
            writers.submit(job.run_unseen)
            return answers.accepted(started)
        if known.access is Access.READ:
            return await self._readers.run(job.run)
        return await loop.run_in_executor(writers, job.run)


@dataclass(slots=True)
class _Job:
    """The part of a request that runs in a thread: parse, run, write the answer."""

    service: Service
    route: Route
    values: dict[str, str]
    params: Mapping[str, Any]
    body: Any
    started: float

    def run(self) -> Answer:
        route = self.route
        try:
            result = self.service.run(route.operation, self._call())
            if result is ACCEPTED:
                return answers.accepted(self.started)
            if route.gives is Gives.ENVELOPE:
                return answers.enveloped(formatting.shaped(route.operation, result), self.started)
            return answers.bare(route.gives, result)
        except Exception as error:
            return answers.failed(error, self.started)
        finally:
            if route.takes is Takes.FILE:
                self.body.unlink(missing_ok=True)

    def run_unseen(self) -> None:
        answer = self.run()
        if answer.status >= 400:
            log.error("%s, which nobody waited for: %s", self.route.operation, answer.body.decode())

    def _call(self) -> Call:
        body: Any = None
        if self.route.takes is Takes.JSON:
            body = self._parsed()
        elif self.route.takes is Takes.FILE:
            body = {"snapshot": self.body}
        elif self.route.operation == "count_points":  # by GET, as a guide has it
            body = {}
        path = dict(self.values)
        return Call(path.pop("collection_name", ""), body, self.params, path)

    def _parsed(self) -> Any:
        if self.route.operation in point_batch.OPERATIONS and len(self.body) >= point_batch.SMALLEST:
            batch = point_batch.read_large(self.body)
            if batch is not None:
                return batch
        return bodies.parse(self.body)


def _path(scope: Scope) -> bytes:
    """Return the path of a request, still percent-encoded."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    return path


async def _send(answer: Answer, scope: Scope, receive: bodies.Receive, send: Send) -> None:
    if answer.file is not None:
        from starlette.responses import FileResponse

        response = FileResponse(answer.file, filename=answer.file.name, media_type="application/octet-stream")
        await response(scope, receive, send)
        return
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _lifespan(receive: bodies.Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
