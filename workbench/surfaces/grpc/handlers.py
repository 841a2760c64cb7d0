"""The services: every call run as its operation, every error as a status."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import Any, NoReturn

import grpc
from google.protobuf.message_factory import GetMessageClass
from qdrant_client.grpc import collections_service_pb2, points_service_pb2, qdrant_pb2, snapshots_service_pb2

from workbench.api.failures import failure_of
from workbench.api.operations import operations
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

# Trailers of more than 8 KB are cut off by clients, which then see no status at all.
_LONGEST = 4000

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
            methods[method.name] = grpc.unary_unary_rpc_method_handler(
                _answering(table[method.name], answer, service),
                request_deserializer=request.FromString,
                response_serializer=answer.SerializeToString,
            )
        yield grpc.method_handlers_generic_handler(full_name, methods)


def _answering(rpc: Rpc, answer_class: Any, service: Service) -> Callable[[Any, Any], Any]:
    timed = "time" in answer_class.DESCRIPTOR.fields_by_name

    def answering(request: Any, context: grpc.ServicerContext) -> Any:
        started = perf_counter()
        try:
            if rpc.operation not in operations():
                context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{rpc.operation} is not answered here")
            result = service.run(rpc.operation, rpc.read(request))
            answer = answer_class()
            rpc.write(answer, result)
        except Exception as error:
            if context.code() is not None:  # raised by abort() itself
                raise
            refuse(context, error)
        if timed:
            answer.time = perf_counter() - started
        return answer

    return answering


def refuse(context: grpc.ServicerContext, error: Exception) -> NoReturn:
    """End a call with the status and the text of an error."""
    failure = failure_of(error)
    if failure.code == "INTERNAL" and not isinstance(error, WorkbenchError):
        log.exception("a call over gRPC failed")
    text = failure.text
    for prefix, theirs in _PREFIXES.items():
        if text.startswith(prefix):
            text = theirs + text.removeprefix(prefix)
    if failure.retry_after is not None:
        context.set_trailing_metadata((("retry-after", str(failure.retry_after)),))
    context.abort(getattr(grpc.StatusCode, failure.code), text[:_LONGEST])
    raise AssertionError("abort() returned")
