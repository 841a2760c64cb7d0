"""What a remote call is: which operation answers it, and how its messages are turned."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from workbench.api.operations import Call
from workbench.surfaces.grpc.messages import plain

# Fields of a request that the REST API has among its query parameters, by the name that they have there.
_PARAMS = {"wait": "wait", "ordering": "ordering", "timeout": "timeout", "read_consistency": "consistency"}
# Fields of a body that the REST API calls otherwise.
_RENAMED = {"shard_key_selector": "shard_key", "with_vectors": "with_vector"}


@dataclass(frozen=True, slots=True)
class Rpc:
    """A remote call.

    Parameters
    ----------
    operation : str
        The ``operationId`` of the operation that answers.
    read : callable
        From the request's message to a :class:`~workbench.api.operations.Call`.
    write : callable
        Called as ``write(answer, result)`` with an empty answer.
    """

    operation: str
    read: Callable[[Any], Call]
    write: Callable[[Any, Any], None]


def call_of(
    message: Any, body: Mapping[str, Any] | None = None, *, path: Iterable[str] = (), **params: Any
) -> Call:
    """Return the call that a request means.

    Parameters
    ----------
    message : Message
        Its ``collection_name`` and what are query parameters in the REST API are put in their places.
    body : mapping or None
        The body where it is not the request's own fields.
    path : iterable of str
        Fields that the REST API has in its path.
    **params
        Query parameters that the message does not have.
    """
    known = message.DESCRIPTOR.fields_by_name
    for name, theirs in _PARAMS.items():
        if name in known and message.HasField(name):
            value = getattr(message, name)
            params[theirs] = value if isinstance(value, bool | int) else plain(value)
    parts = {name: getattr(message, name) for name in path}
    if body is None:
        body = inner(message, *path)
    return Call(message.collection_name if "collection_name" in known else "", body, params, parts)


def inner(message: Any, *without: str) -> dict[str, Any]:
    """Return the fields of a request, or of one in a batch, that are its body, as the REST API names them."""
    found: dict[str, Any] = plain(message)
    for name, theirs in _RENAMED.items():
        if name in found:
            found[theirs] = found.pop(name)
    for name in ("collection_name", *_PARAMS, *without):
        found.pop(name, None)
    return found
