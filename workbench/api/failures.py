"""What each error is on the wire: its HTTP status, its gRPC code, and the text Qdrant would give."""

from __future__ import annotations

from dataclasses import dataclass

from workbench import errors


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as a surface sends it.

    Parameters
    ----------
    status : int
        The HTTP status.
    code : str
        The name of the gRPC status code.
    text : str
        The whole message.
    retry_after : int or None
        Seconds after which to ask again.
    """

    status: int
    code: str
    text: str
    retry_after: int | None = None


# The first class that fits decides, so leaves stand before their parents.
_TABLE: tuple[tuple[type[Exception], int, str, str], ...] = (
    (errors.FormatError, 400, "INVALID_ARGUMENT", "Format error in JSON body: "),
    (errors.InvalidPointId, 400, "INVALID_ARGUMENT", "Format error in JSON body: "),
    (errors.InferenceFailed, 400, "INVALID_ARGUMENT", ""),
    (errors.InvalidName, 422, "INVALID_ARGUMENT", "Validation error in path parameters: "),
    (errors.OutOfRange, 422, "INVALID_ARGUMENT", "Validation error in JSON body: "),
    (errors.BadRequest, 400, "INVALID_ARGUMENT", "Bad request: "),
    (errors.TooLarge, 413, "RESOURCE_EXHAUSTED", ""),
    (errors.ChecksumMismatch, 400, "DATA_LOSS", "Checksum mismatch: "),
    (errors.InvalidRequest, 400, "INVALID_ARGUMENT", "Wrong input: "),
    (errors.NotFound, 404, "NOT_FOUND", "Not found: "),
    (errors.Conflict, 409, "ALREADY_EXISTS", "Wrong input: "),
    (errors.NotStandalone, 405, "UNIMPLEMENTED", ""),
    (errors.Unsupported, 400, "INVALID_ARGUMENT", "Wrong input: "),
    (errors.EmbedderMismatch, 400, "INVALID_ARGUMENT", "Wrong input: "),
    (errors.Forbidden, 403, "PERMISSION_DENIED", "Forbidden: "),
    (errors.RateLimited, 429, "RESOURCE_EXHAUSTED", "Rate limiting exceeded: "),
    (errors.TimedOut, 408, "DEADLINE_EXCEEDED", "Timeout: "),
    (errors.QuotaReached, 507, "RESOURCE_EXHAUSTED", "Insufficient storage: "),
    (errors.MissingDependency, 400, "INVALID_ARGUMENT", ""),
    (errors.DeviceUnavailable, 503, "UNAVAILABLE", "Service unavailable: "),
    (errors.Closed, 503, "UNAVAILABLE", "Service unavailable: "),
    (errors.WorkbenchError, 500, "INTERNAL", "Service internal error: "),
)


def failure_of(error: BaseException) -> Failure:
    """Return what `error` is on the wire; anything unforeseen is an internal error."""
    for kind, status, code, prefix in _TABLE:
        if isinstance(error, kind):
            return Failure(status, code, f"{prefix}{error}", getattr(error, "retry_after", None))
    return Failure(500, "INTERNAL", f"Service internal error: {type(error).__name__}: {error}")
