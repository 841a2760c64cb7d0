"""Who may call a server: whoever sends the api-key, or to read only, the read-only api-key."""

from __future__ import annotations

from hmac import compare_digest

from workbench.api.operations import Access
from workbench.errors import Forbidden


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
        self._read_only = read_only_api_key.encode() if read_only_api_key else None

    @property
    def asked(self) -> bool:
        """Whether callers need a key."""
        return self._full is not None or self._read_only is not None

    def permits_all(self, api_key: bytes | None, authorization: bytes | None) -> bool:
        """Whether the caller may do everything; False means reading only.

        Parameters
        ----------
        api_key, authorization : bytes or None
            The two headers, or metadata, in which a key may come; ``Bearer`` stands before it in the second,
            which counts where the first is missing.

        Raises
        ------
        Unauthorized
            When there is no key, or a wrong one.
        """
        given = _bearer(authorization) if api_key is None else api_key
        if given is None:
            raise Unauthorized("Must provide an API key or an Authorization bearer token")
        # Both are compared whatever the first one says, and each in the same time for every wrong key.
        full = self._full is not None and compare_digest(given, self._full)
        read_only = self._read_only is not None and compare_digest(given, self._read_only)
        if not (full or read_only):
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


def _bearer(authorization: bytes | None) -> bytes | None:
    if authorization is None or authorization[:7].lower() != b"bearer ":
        return None
    return authorization[7:].strip()
