"""Keys in the metadata of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import grpc

from workbench.api.failures import failure_of
from workbench.api.operations import operations
from workbench.errors import Forbidden
from workbench.surfaces.grpc.table import Rpc
from workbench.surfaces.keys import Keys, Unauthorized, check_access

# Probes come without a key.
_OPEN = ("/qdrant.Qdrant/HealthCheck", "/grpc.health.v1.Health/Check")


class KeyInterceptor(grpc.ServerInterceptor):
    """Lets only callers through who send a key, as ``api-key`` or as ``authorization: Bearer``.

    Parameters
    ----------
    keys : Keys
        Those of the server.
    rpcs : mapping of str to Rpc
        The calls by path.
    """

    def __init__(self, keys: Keys, rpcs: Mapping[str, Rpc]) -> None:
        self._keys, self._rpcs = keys, rpcs

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Pass a call on, or refuse it."""
        if details.method in _OPEN:
            return continuation(details)
        sent = {name: value.encode() for name, value in details.invocation_metadata if isinstance(value, str)}
        try:
            permits_all = self._keys.permits_all(sent.get("api-key"), sent.get("authorization"))
            rpc = self._rpcs.get(details.method)
            known = None if rpc is None else operations().get(rpc.operation)
            if known is not None:
                check_access(known.access, permits_all)
        except Unauthorized as error:
            return _refusing(grpc.StatusCode.UNAUTHENTICATED, str(error))
        except Forbidden as error:
            failure = failure_of(error)
            return _refusing(grpc.StatusCode[failure.code], failure.text)
        return continuation(details)


def _refusing(code: grpc.StatusCode, text: str) -> grpc.RpcMethodHandler:
    def refuse(request: Any, context: grpc.ServicerContext) -> None:
        context.abort(code, text)

    return grpc.unary_unary_rpc_method_handler(refuse)
