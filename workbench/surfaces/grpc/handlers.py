"""The services and what answers each of their calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import grpc
from google.protobuf.message_factory import GetMessageClass
from qdrant_client.grpc import collections_service_pb2, points_service_pb2, qdrant_pb2, snapshots_service_pb2

from workbench.api.service import Service
from workbench.surfaces.grpc import collections, filters, points, queries, settings, snapshots
from workbench.surfaces.grpc.answering import Answering
from workbench.surfaces.grpc.repeated_query import QueryAnswering
from workbench.surfaces.grpc.table import Rpc
from workbench.surfaces.grpc.upserts import UpsertAnswering

SHAPES = (filters, queries, settings)
"""Where messages are given their shapes; importing them is what does it."""

SERVICES: Mapping[str, tuple[Any, Mapping[str, Rpc]]] = {
    "qdrant.Points": (points_service_pb2, points.TABLE),
    "qdrant.Collections": (collections_service_pb2, collections.TABLE),
    "qdrant.Snapshots": (snapshots_service_pb2, snapshots.TABLE),
    "qdrant.Qdrant": (qdrant_pb2, snapshots.SERVICE),
}
"""By the name of the service: where it is described, and its calls."""

ANSWERING: Mapping[str, type[Answering]] = {
    "/qdrant.Points/Query": QueryAnswering,
    "/qdrant.Points/Upsert": UpsertAnswering,
}
"""The calls whose requests are not always read as messages."""


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
            answering = ANSWERING.get(path, Answering)(path, table[method.name], request, answer, service)
            methods[method.name] = grpc.unary_unary_rpc_method_handler(
                answering,
                request_deserializer=answering.read,
                response_serializer=answer.SerializeToString,
            )
        yield grpc.method_handlers_generic_handler(full_name, methods)
