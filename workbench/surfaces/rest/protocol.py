"""HTTP by uvicorn, with each answer written in one piece."""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Joining copies the body, which from some size on costs more than a second write.
_SMALL = 1 << 16

_HEAD, _CONTINUE = b"HTTP/1.1 ", b"HTTP/1.1 100 "


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol over a :class:`JoiningTransport`."""

    def connection_made(self, transport: Any) -> None:
        """Take up a connection."""
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]

    def on_body(self, body: bytes) -> None:
        """Take up a part of a body; one that follows none is handed on as it came, not copied twice."""
        cycle = self.cycle
        if not cycle.body and not cycle.response_complete:
            cycle.body, body = body, b""  # type: ignore[assignment]
        super().on_body(body)


class JoiningTransport:
    """A transport that sends the head of an answer together with what is written next.

    uvicorn writes the head and the body one after the other. Each write is a packet of its own, for which the
    caller is woken: one write saves a system call here and there. A head that nothing follows at once, as
    that of a file, goes out in the next turn of the loop.

    Parameters
    ----------
    transport : asyncio.Transport
        What sends; all but writing and closing is left to it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport, self._head = transport, b""
        self._loop = asyncio.get_running_loop()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Send `data`, or keep it when it is the head of an answer."""
        if self._head and len(data) < _SMALL:
            data, self._head = self._head + data, b""
        elif self._head:
            self._flush()
        elif data.startswith(_HEAD) and not data.startswith(_CONTINUE):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def close(self) -> None:
        """Send what is kept, then close."""
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        head, self._head = self._head, b""
        if head:
            self._transport.write(head)
