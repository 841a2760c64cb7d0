"""Errors as a Qdrant program expects them: ours, and ``UnexpectedResponse`` and ``ValueError`` at once.

A program written against a server catches ``UnexpectedResponse`` and reads its ``status_code``; one written
against the client's local mode catches ``ValueError``; one that knows this package catches
``workbench.errors.NotFound``. All three catch what is raised here, whose text stays that of our error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http import HTTPStatus
from typing import Any

import orjson
from httpx import Headers
from qdrant_client.http.exceptions import UnexpectedResponse

from workbench.api.failures import failure_of
from workbench.errors import WorkbenchError


@cache
def _response_kind(kind: type[WorkbenchError]) -> type[Any]:
    """Return the class of `kind` that is also Qdrant's; its name is that of `kind` and ``Response``."""
    bases: list[type[Any]] = [kind, UnexpectedResponse]
    if not issubclass(kind, ValueError):
        bases.append(ValueError)
    own = {"__doc__": kind.__doc__, "__module__": __name__, "__str__": _text, "__init__": _init}
    return type(f"{kind.__name__}Response", tuple(bases), own)


def _init(self: Any, *args: Any) -> None:
    BaseException.__init__(self, *args)


def _text(self: Any) -> str:
    return str(self.failure_text)


def as_response(error: WorkbenchError) -> WorkbenchError:
    """Return an error as a Qdrant program expects it.

    Parameters
    ----------
    error : WorkbenchError
        What an operation raised.

    Returns
    -------
    WorkbenchError
        Of the class of `error` and of ``UnexpectedResponse``, with ``status_code``, ``reason_phrase``, the
        ``content`` that a server would send, and the attributes of `error`.
    """
    if isinstance(error, UnexpectedResponse):
        return error
    failure = failure_of(error)
    kind: Any = type(error)
    made: Any = _response_kind(kind)(*error.args)
    made.__dict__.update(error.__dict__)
    made.failure_text = str(error)
    made.status_code = failure.status
    made.reason_phrase = HTTPStatus(failure.status).phrase
    text = failure.text.encode(errors="replace").decode()  # what came may have halves of surrogate pairs
    made.content = orjson.dumps({"status": {"error": text}, "time": 0.0})
    made.headers = Headers({} if failure.retry_after is None else {"retry-after": str(failure.retry_after)})
    found: WorkbenchError = made
    return found


@contextmanager
def responses() -> Iterator[None]:
    """Raise what is raised inside as a Qdrant program expects it."""
    try:
        yield
    except WorkbenchError as error:
        raise as_response(error).with_traceback(error.__traceback__) from error.__cause__
