"""The services: every call run as its operation, every error as a status."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from time import perf_counter
from typing import Any, NoReturn

import grpc
from google.protobuf.message_factory import GetMessageClass
from qdrant_client.grpc import collections_service_pb2, points_service_pb2, qdrant_pb2, snapshots_service_pb2

from workbench.api.failures import Failure, failure_of
from workbench.api.service import Service
from workbench.errors import WorkbenchError
from workbench.surfaces.grpc import collections, filters, points, queries, settings, snapshots
from workbench.surfaces.grpc.table import Rpc

log = logging.getLogger("workbench")

SHAPES = (filters, queries, settings)
"""Where messages are given their shapes; importing them is what does it."""

SERVICES: Mapping[str, tuple[Any, Mapping[str, Rpc]]] = {
    "qdrant.Points": (points_service_pb2, points.TABLE),
    "qdrant.Collections": (collections_service_pb2, collections.TABLE),
    "qdrant.Snapshots": (snapshots_service_pb2, snapshots.TABLE),
    "qdrant.Qdrant": (qdrant_pb2, snapshots.SERVICE),
}
"""By the name of the service: where it is described, and its calls."""

# Clients refuse trailers over 8 KB, and then see no status at all; a byte beyond ASCII takes three there.
_LONGEST = 2000

# What the texts of the REST API say of JSON.
_PREFIXES = {
    "Format error in JSON body: ": "",
    "Validation error in JSON body: ": "Validation error in body: ",
}


def rpcs() -> dict[str, Rpc]:
    """Return every remote call by its path, such as ``/qdrant.Points/Query``."""
    return {
        f"/{service}/{name}": rpc for service, (_, table) in SERVICES.items() for name, rpc in table.items()
    }


def handlers(service: Service) -> Iterable[grpc.GenericRpcHandler]:
    """Return the handlers of every service, over `service`."""
    for full_name, (module, table) in SERVICES.items():
        described = module.DESCRIPTOR.services_by_name[full_name.rpartition(".")[2]]
        methods = {}
        for method in described.methods:
            request, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
            path = f"/{full_name}/{method.name}"
            methods[method.name] = grpc.unary_unary_rpc_method_handler(
                _Answering(path, table[method.name], answer, service),
                request_deserializer=request.FromString,
                response_serializer=answer.SerializeToString,
            )
        yield grpc.method_handlers_generic_handler(full_name, methods)


class _Answering:
    """Answers one kind of call: the request is read, its operation run, the result written."""

    __slots__ = ("_answer", "_path", "_rpc", "_service", "_timed")

    def __init__(self, path: str, rpc: Rpc, answer: Any, service: Service) -> None:
        self._path, self._rpc, self._answer, self._service = path, rpc, answer, service
        self._timed = "time" in answer.DESCRIPTOR.fields_by_name

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the answer, or end the call with the status of the error."""
        started = perf_counter()
        try:
            result = self._service.run(self._rpc.operation, self._rpc.read(request))
            answer = self._answer()
            self._rpc.write(answer, result)
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
