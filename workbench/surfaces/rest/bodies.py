"""Bodies of requests: read within a limit, then parsed."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, Final

import orjson

from workbench.errors import FormatError
from workbench.surfaces.rest.parameters import Refused

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

WHOLE: Final = "workbench.body"
"""The extension of a scope by which a body is awaited as a whole; its length was announced."""


class Disconnected(Exception):
    """The caller went away while sending."""


def header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes | None:
    """Return the first header of this name (in lower case), or None."""
    return next((value for key, value in headers if key == name), None)


def announced(headers: Iterable[tuple[bytes, bytes]], limit: int) -> None:
    """Refuse a body whose length is said to be over `limit`, before a byte of it is read.

    Raises
    ------
    Refused
        With the status and the words of Qdrant.
    """
    length = header(headers, b"content-length")
    if length is not None and length.isdigit() and int(length) > limit:
        text = f"JSON payload ({int(length)} bytes) is larger than allowed (limit: {limit} bytes)."
        raise Refused(400, f"Payload error: {text}")


async def read(scope: MutableMapping[str, Any], receive: Receive, limit: int) -> bytes | memoryview:
    """Return the body; stop as soon as it is over `limit`.

    Raises
    ------
    Refused
        When it is over the limit, whatever length it was said to have.
    Disconnected
        When the caller went away.
    """
    if (whole := scope.get("extensions", {}).get(WHOLE)) is not None:
        body: bytes | memoryview = await whole["read"]()
        return body
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Disconnected
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise Refused(400, f"Payload error: JSON payload has exceeded limit ({limit} bytes).")
        if chunk:
            parts.append(chunk)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def check_type(headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Refuse a body that is not said to be JSON.

    Raises
    ------
    Refused
        As Qdrant's server does.
    """
    kind = (header(headers, b"content-type") or b"").partition(b";")[0].strip().lower()
    if kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json")):
        raise Refused(400, "Payload error: Content type error")


def decoded(body: bytes | memoryview, encoding: bytes, limit: int) -> bytes | memoryview:
    """Return a body as it was before it was compressed.

    Raises
    ------
    Refused
        When it is not compressed as it says, or over `limit` without the compression.
    """
    kind = encoding.strip().lower()
    if kind in (b"", b"identity"):
        return body
    if kind not in (b"gzip", b"deflate"):
        raise Refused(415, f"Payload error: content encoding {kind.decode('latin-1')!r} is not understood")
    reader = zlib.decompressobj(wbits=47)  # the headers of gzip and of zlib
    try:
        plain = reader.decompress(body, limit + 1)
    except zlib.error as error:
        raise Refused(400, f"Payload error: {error}") from error
    if len(plain) > limit:
        raise Refused(400, f"Payload error: JSON payload has exceeded limit ({limit} bytes).")
    if not reader.eof:
        raise Refused(400, "Payload error: the compressed body ends too early")
    return plain


def parse(body: bytes | memoryview) -> Any:
    """Return the plain values of a JSON body.

    Raises
    ------
    FormatError
        With the line and column, as serde counts them.
    """
    if not body:
        raise FormatError("EOF while parsing a value at line 1 column 0")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise FormatError(f"{error.msg} at line {error.lineno} column {error.colno}") from error
    except RecursionError as error:
        raise FormatError("recursion limit exceeded at line 1 column 128") from error
