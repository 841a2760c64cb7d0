"""Who may call: the api-key, the read-only api-key, and the paths that are open to all."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from typing import Final

from workbench.api.operations import Access
from workbench.errors import Forbidden

# As in Qdrant, so that probes need no key.
OPEN_PATHS: Final = frozenset({b"/", b"/healthz", b"/livez", b"/readyz"})


class Unauthorized(Exception):
    """The caller sent no key, or a wrong one."""


class Keys:
    """The keys that a server was set up with.

    Parameters
    ----------
    api_key, read_only_api_key : str or None
        Nobody is asked where both are None.
    """

    def __init__(self, api_key: str | None, read_only_api_key: str | None) -> None:
        self._full = api_key.encode() if api_key else None
        self._read = read_only_api_key.encode() if read_only_api_key else None

    @property
    def asked(self) -> bool:
        """Whether callers need a key."""
        return self._full is not None or self._read is not None

    def permits_all(self, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Whether the caller may do everything; False means reading only.

        Raises
        ------
        Unauthorized
            When there is no key, or a wrong one.
        """
        given = _given(headers)
        if given is None:
            raise Unauthorized("Must provide an API key or an Authorization bearer token")
        # Both are compared whatever the first one says, and each in the same time for every wrong key.
        full = self._full is not None and hmac.compare_digest(given, self._full)
        read = self._read is not None and hmac.compare_digest(given, self._read)
        if not (full or read):
            raise Unauthorized("Invalid API key or JWT")
        return full


def check_access(access: Access, permits_all: bool) -> None:
    """Refuse an operation that changes something to a key that only reads.

    Raises
    ------
    Forbidden
        With the words of Qdrant.
    """
    if not permits_all and access is not Access.READ:
        raise Forbidden("Global manage access is required")


def _given(headers: Iterable[tuple[bytes, bytes]]) -> bytes | None:
    bearer = None
    for name, value in headers:
        if name == b"api-key":
            return value
        if name == b"authorization" and value[:7].lower() == b"bearer ":
            bearer = value[7:].strip()
    return bearer
