"""Payload indexes: made and removed."""

from __future__ import annotations

from workbench.api import strict_mode
from workbench.api.body import REQUIRED
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.api.updates import check_parameters, receipt
from workbench.collection import payload_index
from workbench.errors import BadRequest
from workbench.models.answers import UpdateResult
from workbench.models.payload_schema import parse_field_schema


@operation(Access.WRITE)
def create_field_index(service: Service, call: Call) -> UpdateResult:
    """Index a field of the payload; ``field_schema`` is a type, or an object with ``type`` and parameters."""
    wait = check_parameters(call)
    collection = service.engine.collection(call.collection_name)
    body = call.reader()
    key = body.text("field_name", REQUIRED)
    schema = body.raw("field_schema", body.raw("field_type"))
    if schema is None:
        raise BadRequest("Can't auto-detect field type, please specify `field_schema` in the request")
    index = parse_field_schema(schema)
    strict_mode.check_index_count(collection)
    result = receipt(payload_index.create_index(collection, key, index), wait)
    service.issues.solved(collection.name, key)
    return result


@operation(Access.WRITE)
def delete_field_index(service: Service, call: Call) -> UpdateResult:
    """Remove the index of a field; nothing is done when there is none."""
    wait = check_parameters(call)
    collection = service.engine.collection(call.collection_name)
    return receipt(payload_index.delete_index(collection, call.path["field_name"]), wait)
