"""What goes back for one request: results, receipts and errors, each in its envelope."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.api.failures import Failure, failure_of
from workbench.surfaces.keys import Unauthorized
from workbench.surfaces.rest import formatting, parameters
from workbench.surfaces.rest.routes import Gives, Match

log = logging.getLogger("workbench")

Headers = list[tuple[bytes, bytes]]

_JSON = [(b"content-type", b"application/json")]
_TEXT = [(b"content-type", b"text/plain; charset=utf-8")]


@dataclass(slots=True)
class Answer:
    """What goes back: a body in memory, or a file."""

    status: int
    body: bytes = b""
    headers: Headers = field(default_factory=list)
    file: Path | None = None


def enveloped(result: Any, started: float) -> Answer:
    """Return a result, in its shape as JSON, with the seconds since `started`."""
    return _json(200, {"result": result, "status": "ok", "time": time.perf_counter() - started})


def bare(gives: Gives, result: Any) -> Answer:
    """Return a result without an envelope: text, a file, or plain JSON."""
    if gives is Gives.TEXT:
        text, kind = result if isinstance(result, tuple) else (result, "")
        headers = [(b"content-type", kind.encode())] if kind else list(_TEXT)
        return Answer(200, text if isinstance(text, bytes) else text.encode(), headers)
    if gives is Gives.FILE:
        return Answer(200, file=Path(result))
    return _json(200, result)


def accepted(started: float) -> Answer:
    """Return the receipt of what will be done later."""
    return _json(202, {"status": "accepted", "time": time.perf_counter() - started})


def not_routed(match: Match) -> Answer:
    """Return the refusal of a path, or of a method that a path has not."""
    if not match.allowed:
        return Answer(404)
    return Answer(405, headers=[(b"allow", ", ".join(match.allowed).encode())])


def unauthorized(error: Unauthorized) -> Answer:
    """Return the refusal of a caller without a key."""
    return Answer(401, str(error).encode(), list(_TEXT))


def failed(error: Exception, started: float) -> Answer:
    """Return what an error is for the caller."""
    failure = error.failure if isinstance(error, parameters.Refused) else failure_of(error)
    if failure.status == 500:  # 503 and 507 are answers on purpose
        log.error("a request failed: %s", failure.text, exc_info=error)
    return refused(failure, started)


def refused(failure: Failure, started: float) -> Answer:
    """Return an error with its status and text."""
    answer = _json(failure.status, {"status": {"error": failure.text}, "time": time.perf_counter() - started})
    if failure.retry_after is not None:
        answer.headers.append((b"retry-after", str(failure.retry_after).encode()))
    return answer


def _json(status: int, value: Any) -> Answer:
    return Answer(status, formatting.encode(value), list(_JSON))
