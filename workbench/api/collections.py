"""Collections: made, changed, described, listed and removed."""

from __future__ import annotations

from typing import Any

from workbench.api.body import Body
from workbench.api.collection_changes import read_changes
from workbench.api.collection_config import name_problem, read_config
from workbench.api.collection_info import info_json
from workbench.api.operations import Access, Call, operation
from workbench.api.service import Service
from workbench.collection.settings import change_config
from workbench.errors import InvalidName


@operation(Access.MANAGE)
def create_collection(service: Service, call: Call) -> bool:
    """Make an empty collection; ``init_from``, which Qdrant dropped, is passed over."""
    call.number("timeout", 1)
    if problem := name_problem(call.collection_name):
        raise InvalidName("collection_name", problem)
    service.engine.create(call.collection_name, read_config(_body(call)))
    return True


@operation(Access.MANAGE)
def update_collection(service: Service, call: Call) -> bool:
    """Change the settings that the body names."""
    call.number("timeout", 1)
    change = read_changes(_body(call))
    change_config(service.engine.collection(call.collection_name), change)
    return True


@operation(Access.MANAGE)
def delete_collection(service: Service, call: Call) -> bool:
    """Remove a collection and its aliases; false when there is none."""
    call.number("timeout", 1)
    service.issues.solved(call.collection_name)
    return service.engine.delete(call.collection_name)


@operation(Access.READ)
def get_collection(service: Service, call: Call) -> dict[str, Any]:
    """Describe a collection."""
    return info_json(service.engine.collection(call.collection_name))


@operation(Access.READ)
def get_collections(service: Service, call: Call) -> dict[str, Any]:
    """List the names of all collections."""
    return {"collections": [{"name": name} for name in service.engine.names()]}


@operation(Access.READ)
def collection_exists(service: Service, call: Call) -> dict[str, bool]:
    """Tell whether there is a collection or an alias of this name."""
    engine = service.engine
    return {"exists": engine.exists(engine.resolve(call.collection_name))}


def _body(call: Call) -> Body:
    body = Body({} if call.body is None else call.body)
    return body.renamed(optimizer_config="optimizers_config", quantization="quantization_config")
