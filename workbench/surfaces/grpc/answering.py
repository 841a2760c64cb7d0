"""One kind of call: the request is read, its operation run, the result written, an error made a status."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any, NoReturn

import grpc

from workbench.api.collection_config import name_problem
from workbench.api.failures import Failure, failure_of
from workbench.api.operations import Access, Call, operations
from workbench.api.service import Service
from workbench.errors import InvalidName, WorkbenchError
from workbench.surfaces.grpc.table import Rpc

log = logging.getLogger("workbench")

# Clients refuse trailers over 8 KB, and then see no status at all; a byte beyond ASCII takes three there.
_LONGEST = 2000

# What the texts of the REST API say of JSON.
_PREFIXES = {
    "Format error in JSON body: ": "",
    "Validation error in JSON body: ": "Validation error in body: ",
    "Validation error in path parameters: ": "Validation error in body: ",
}


class Answering:
    """Answers one kind of call.

    Parameters
    ----------
    path : str
        Such as ``/qdrant.Points/Count``.
    rpc : Rpc
        Its operation, and how its messages are turned.
    request, answer : message classes
        What comes and what goes.
    service : Service
        What runs the operation.
    """

    def __init__(self, path: str, rpc: Rpc, request: Any, answer: Any, service: Service) -> None:
        self._path, self._rpc, self._answer, self._service = path, rpc, answer, service
        self._timed = "time" in answer.DESCRIPTOR.fields_by_name
        self._message = request

    def read(self, wire: bytes) -> Any:
        """Return a request out of its bytes."""
        return self._message.FromString(wire)

    @property
    def writes(self) -> bool:
        """Whether its calls may change something."""
        return operations()[self._rpc.operation].access is not Access.READ

    def at_once(self, request: Any) -> bytes | None:
        """Return the answer, written, where that costs less than another thread; it comes before all else."""
        return None

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the answer, or end the call with the status of the error."""
        started = perf_counter()
        try:
            name = getattr(request, "collection_name", None)
            if name == "" and (problem := name_problem(name)):
                raise InvalidName("collection_name", problem)
            answer = self._answered(request)
        except Exception as error:
            failure = failure_of(error)
            if failure.code == "INTERNAL" and not isinstance(error, WorkbenchError):
                log.exception("%s failed", self._path)
            self._observe(request, grpc.StatusCode[failure.code], started)
            refuse(context, failure)
        if self._timed:
            answer.time = perf_counter() - started
        self._observe(request, grpc.StatusCode.OK, started)
        return answer

    def _answered(self, request: Any) -> Any:
        answer = self._answer()
        self._rpc.write(answer, self._service.run(self._rpc.operation, self._call(request)))
        return answer

    def _call(self, request: Any) -> Call:
        return self._rpc.read(request)

    def _observe(self, request: Any, code: grpc.StatusCode, started: float) -> None:
        name = getattr(request, "collection_name", "")
        if code is not grpc.StatusCode.OK and not self._service.engine.exists(name):
            name = ""  # there is no end of names that no collection has
        number: int = code.value[0]
        self._service.requests.observe("grpc", self._path, number, perf_counter() - started, name)


def refuse(context: grpc.ServicerContext, failure: Failure) -> NoReturn:
    """End a call with the status and the text of an error."""
    text = failure.text
    for prefix, theirs in _PREFIXES.items():
        if text.startswith(prefix):
            text = theirs + text.removeprefix(prefix)
    if failure.retry_after is not None:
        context.set_trailing_metadata((("retry-after", str(failure.retry_after)),))
    if len(text) > _LONGEST // 4:
        text = text.encode()[:_LONGEST].decode(errors="ignore")
    context.abort(grpc.StatusCode[failure.code], text)
    raise AssertionError("abort() returned")
