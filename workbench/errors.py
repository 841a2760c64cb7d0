"""Every error that Workbench raises on purpose.

::

    WorkbenchError
    ├── InvalidRequest          (also ValueError)    the caller: mend the request and call again
    │   ├── DimensionMismatch                        a vector of the wrong length
    │   ├── InvalidVector                            NaN, infinite, empty or ragged vectors
    │   ├── InvalidPointId                           neither an unsigned 64-bit integer nor a UUID
    │   ├── InvalidPayload                           not a JSON object
    │   ├── UnknownVector                            a vector name that the collection does not have
    │   ├── FormatError                              a request that does not have the shape of the API
    │   ├── OutOfRange                               a field whose value is outside its range
    │   │   └── InvalidName                          a name in the path that cannot be given
    │   ├── BadRequest                               what the collection's settings do not allow
    │   ├── InferenceFailed                          an object of which no model makes a vector
    │   ├── TooLarge                                 a body over the limit
    │   └── ChecksumMismatch                         an upload that is not what its checksum says
    ├── NotFound                (also LookupError)   the caller: no such collection or point
    ├── Conflict                                     the caller: it exists already, or changed meanwhile
    ├── Unsupported                                  the caller: this version does not answer this call
    ├── NotStandalone                                the caller: a call for a cluster
    ├── Forbidden                                    the caller: the key does not allow it
    ├── RateLimited                                  the caller: wait, and ask again
    ├── TimedOut                                     the caller: allow more time
    ├── QuotaReached                                 the person: make room, or raise the quota
    ├── EmbedderMismatch                             the caller: text and vectors are of different spaces
    ├── DeviceUnavailable                            the person: a GPU is asked for, and there is none
    ├── Closed                                       the caller: open the database again
    ├── FolderLocked            (also OSError)       the person: another process has the folder open
    ├── Corrupted                                    the person: a file is damaged; the text names it
    ├── StorageFailed           (also OSError)       the person: the disk is full or failing
    ├── MissingDependency       (also ImportError)   the person: install the package that is named
    └── Cancelled                                    nobody: somebody pressed Cancel

The messages say what was expected, what came and what to do. No HTTP status and no gRPC code appears here or
anywhere below ``api``: :mod:`workbench.api.failures` maps this tree to both, once for all surfaces.
"""

from __future__ import annotations


class WorkbenchError(Exception):
    """Base of all errors raised on purpose."""


class InvalidRequest(WorkbenchError, ValueError):
    """The request cannot be understood or is out of range; nothing was changed."""


class DimensionMismatch(InvalidRequest):
    """A vector has another length than the collection was created with."""

    def __init__(self, expected: int, received: int, where: str = "") -> None:
        self.expected, self.received = expected, received
        place = f" ({where})" if where else ""
        super().__init__(f"Vector dimension error: expected dim: {expected}, got {received}{place}")


class InvalidVector(InvalidRequest):
    """A vector holds NaN or infinite values, is empty, or is not a flat list of numbers."""


class InvalidPointId(InvalidRequest):
    """A point id is neither an unsigned 64-bit integer nor a UUID."""


class InvalidPayload(InvalidRequest):
    """A payload is not a JSON object."""


class UnknownVector(InvalidRequest):
    """The collection has no vector of this name."""

    def __init__(self, name: str, known: tuple[str, ...] | list[str]) -> None:
        names = ", ".join(repr(k) for k in known) or "none"
        super().__init__(f"Not existing vector name error: {name}")
        self.add_note(f"this collection has: {names}")  # for people: programs compare the text with Qdrant's
        self.name = name


class FormatError(InvalidRequest):
    """A request does not have the shape that the API asks for: a field is missing or of another type."""


class OutOfRange(InvalidRequest):
    """A field of the right type has a value outside its range.

    Parameters
    ----------
    field : str
        Its path in the request, such as ``limit`` or ``vectors.size``.
    problem : str
        Such as ``value 0 invalid, must be 1 or larger``.
    """

    def __init__(self, field: str, problem: str) -> None:
        self.field, self.problem = field, problem
        super().__init__(f"[{field}: {problem}]")


class InvalidName(OutOfRange):
    """A name in the path of a request is none that can be given."""


class BadRequest(InvalidRequest):
    """The request is well formed, but the collection (strict mode, its indexes) does not allow it."""


class InferenceFailed(InvalidRequest):
    """An object stands where a vector is needed, and no model can make one of it."""


class TooLarge(InvalidRequest):
    """The body of a request is larger than the limit."""


class ChecksumMismatch(InvalidRequest):
    """What was uploaded or downloaded is not what its checksum says."""

    def __init__(self, expected: str, actual: str) -> None:
        super().__init__(f"expected {expected}, actual {actual}")


class NotFound(WorkbenchError, LookupError):
    """No such collection, point or data set."""


class Conflict(WorkbenchError):
    """The thing to be created exists already."""


class Unsupported(WorkbenchError):
    """This version does not answer this call; the message says what to use instead."""


class NotStandalone(WorkbenchError):
    """The call is about a cluster of machines, and this is one process."""

    def __init__(self) -> None:
        super().__init__("Qdrant is running in standalone mode")


class Forbidden(WorkbenchError):
    """The caller's key does not allow this."""


class RateLimited(WorkbenchError):
    """Too many requests in the last minute.

    Parameters
    ----------
    retry_after : int or None
        Whole seconds after which it may pass; None when it never will.
    """

    def __init__(self, message: str, retry_after: int | None) -> None:
        self.retry_after = retry_after
        super().__init__(message)


class TimedOut(WorkbenchError):
    """The request took longer than its ``timeout``."""


class QuotaReached(WorkbenchError):
    """A quota of the database is used up."""


class EmbedderMismatch(WorkbenchError):
    """A text would be embedded by another model than the one that made the collection's vectors."""


class DeviceUnavailable(WorkbenchError):
    """A GPU is asked for by name, and there is none that can be used; the message says why."""


class Closed(WorkbenchError):
    """The database, or a collection that was deleted, is used after it was closed."""


class FolderLocked(WorkbenchError, OSError):
    """Another process has the database folder open."""


class Corrupted(WorkbenchError):
    """A stored file fails its checksum or its bounds check."""

    def __init__(self, path: str, what: str, remedy: str = "") -> None:
        self.path, self.what, self.remedy = path, what, remedy
        super().__init__(f"{path}: {what}." + (f" {remedy}" if remedy else ""))

    def again(self) -> Corrupted:
        """Return an equal error: one that is kept, and raised often, gathers what all its frames hold."""
        return Corrupted(self.path, self.what, self.remedy)


class StorageFailed(WorkbenchError, OSError):
    """The operating system refused a write; nothing of the operation was acknowledged."""

    def again(self) -> StorageFailed:
        """Return an equal error, as that of :class:`Corrupted` does."""
        return StorageFailed(*self.args)


class MissingDependency(WorkbenchError, ImportError):
    """An optional package is needed for this call."""


class Cancelled(WorkbenchError):
    """The task was cancelled by its user."""
