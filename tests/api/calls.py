"""Operations by name, on a database of their own."""

from __future__ import annotations

from typing import Any

from workbench.api.failures import Failure, failure_of
from workbench.api.operations import Call
from workbench.api.service import Service
from workbench.errors import WorkbenchError


class Api:
    """What a surface does with a service: ``api("get_collection", "cities")``."""

    def __init__(self, service: Service) -> None:
        self.service = service

    def __call__(self, name: str, collection: str = "", body: Any = None, /, **params: Any) -> Any:
        """Run an operation; parts of the path are given as ``path={...}``."""
        path = params.pop("path", {})
        return self.service.run(name, Call(collection, body, params, path))

    def fails(self, name: str, collection: str = "", body: Any = None, /, **params: Any) -> tuple[int, str]:
        """Run an operation that fails; return its status and text."""
        failure = self.failure(name, collection, body, **params)
        return failure.status, failure.text

    def failure(self, name: str, collection: str = "", body: Any = None, /, **params: Any) -> Failure:
        """Run an operation that fails; return what a surface sends."""
        try:
            result = self(name, collection, body, **params)
        except WorkbenchError as error:
            return failure_of(error)
        raise AssertionError(f"{name} answered {result!r}")
