"""HTTP by uvicorn, with each answer written in one piece, and large bodies read in one."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from workbench.surfaces.rest import bodies
from workbench.surfaces.rest.large_bodies import LargeBody
from workbench.surfaces.turns import LARGE

# Longer bodies are left to uvicorn: room is made for the whole of a body when its first bytes are there.
LARGEST: Final = 1 << 30

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

    def on_headers_complete(self) -> None:
        """Offer the application a large body as a whole."""
        super().on_headers_complete()
        length = int(bodies.header(self.headers, b"content-length") or 0)
        plain = self.scheme == "http" and not self.expect_100_continue
        if plain and LARGE <= length <= LARGEST and not bodies.header(self.headers, b"transfer-encoding"):
            whole = partial(self._whole_body, self.cycle, length)
            self.scope["extensions"] = {bodies.WHOLE: {"read": whole}}

    async def _whole_body(self, cycle: RequestResponseCycle, length: int) -> bytes | memoryview:
        """Return the body of a request of which nothing was taken yet."""
        if cycle.disconnected:
            raise bodies.Disconnected
        begun = bytes(cycle.body)
        if not cycle.more_body:
            return begun
        cycle.body = bytearray()
        large = LargeBody(self, length, begun)
        self.transport.set_protocol(large)
        self.flow.resume_reading()
        return await large.whole

    def body_came(self) -> None:
        """Take up the connection again behind a body that the parser did not see."""
        self.parser = httptools.HttpRequestParser(self)
        with suppress(AttributeError):  # httptools before 0.6.3
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        self.transport.set_protocol(self)
        self.on_message_complete()


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
