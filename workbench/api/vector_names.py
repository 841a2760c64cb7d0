"""Named vectors of a live collection: one added, one removed."""

from __future__ import annotations

from dataclasses import replace

from workbench.api.body import Body
from workbench.api.collection_config import read_sparse_vector, read_vector, vector_name_problem
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.api.updates import check_parameters, receipt
from workbench.collection import vector_names
from workbench.errors import FormatError, InvalidName
from workbench.models.answers import UpdateResult
from workbench.models.config import SparseVectorParams, VectorParams


@operation(Access.MANAGE)
def create_vector_name(service: Service, call: Call) -> UpdateResult:
    """Add a named vector, which no point has yet; doing it twice is harmless."""
    wait = check_parameters(call)
    collection = service.engine.collection(call.collection_name)
    name, params = call.path["vector_name"], _params(call.reader())
    if problem := vector_name_problem(name):
        raise InvalidName("vector_name", problem)
    return receipt(vector_names.create_vector(collection, name, params), wait)


@operation(Access.MANAGE)
def delete_vector_name(service: Service, call: Call) -> UpdateResult:
    """Remove a named vector from the collection and from every point."""
    wait = check_parameters(call)
    collection = service.engine.collection(call.collection_name)
    return receipt(vector_names.delete_vector(collection, call.path["vector_name"]), wait)


def _params(body: Body) -> VectorParams | SparseVectorParams:
    if (dense := body.body("dense")) is not None:
        return read_vector(dense)
    if (sparse := body.body("sparse")) is None:
        raise FormatError("data did not match any variant of untagged enum VectorNameConfig")
    params = read_sparse_vector(sparse)
    datatype = sparse.choice("datatype", ("float32", "float16", "uint8", "turbo4"))
    return params if datatype is None else replace(params, index={"datatype": datatype})
