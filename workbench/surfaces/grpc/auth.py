"""Who may call: keys in the metadata of a call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from hmac import compare_digest
from typing import Any

import grpc

from workbench.api.operations import Access, operations
from workbench.surfaces.grpc.table import Rpc

# Probes come without a key.
_OPEN = ("/qdrant.Qdrant/HealthCheck", "/grpc.health.v1.Health/Check")

_MISSING = "Must provide an API key or an Authorization bearer token"
_WRONG = "Invalid API key or JWT"
_READ_ONLY = "Forbidden: Global manage access is required"


class Keys(grpc.ServerInterceptor):
    """Lets only callers through who send a key, as ``api-key`` or as ``authorization: Bearer``.

    Parameters
    ----------
    full, read_only : str or None
        The key that allows everything, and the one that allows to read.
    rpcs : mapping of str to Rpc
        The calls by path.
    """

    def __init__(self, full: str | None, read_only: str | None, rpcs: Mapping[str, Rpc]) -> None:
        self._full, self._read_only, self._rpcs = full, read_only, rpcs

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        """Pass a call on, or refuse it."""
        if details.method in _OPEN:
            return continuation(details)
        sent = _sent(dict(details.invocation_metadata))
        if sent is None:
            return _refusing(grpc.StatusCode.UNAUTHENTICATED, _MISSING)
        if _same(sent, self._full):
            return continuation(details)
        if not _same(sent, self._read_only):
            return _refusing(grpc.StatusCode.UNAUTHENTICATED, _WRONG)
        if self._writes(details.method):
            return _refusing(grpc.StatusCode.PERMISSION_DENIED, _READ_ONLY)
        return continuation(details)

    def _writes(self, method: str) -> bool:
        rpc = self._rpcs.get(method)
        known = operations().get(rpc.operation) if rpc is not None else None
        return known is not None and known.access is not Access.READ


def _sent(metadata: Mapping[str, str]) -> str | None:
    """Return the key that a caller sent."""
    if "api-key" in metadata:
        return metadata["api-key"]
    scheme, _, token = metadata.get("authorization", "").partition(" ")
    return token if scheme in ("Bearer", "bearer") else None


def _same(sent: str, key: str | None) -> bool:
    return key is not None and compare_digest(sent.encode(), key.encode())


def _refusing(code: grpc.StatusCode, text: str) -> grpc.RpcMethodHandler:
    def refuse(request: Any, context: grpc.ServicerContext) -> None:
        context.abort(code, text)

    return grpc.unary_unary_rpc_method_handler(refuse)
