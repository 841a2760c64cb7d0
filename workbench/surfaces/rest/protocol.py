"""HTTP by uvicorn: answers written, and large bodies read, in one piece; quick queries answered at once.

A request costs uvicorn a task, events and messages, and the App another thread, which is as much as a query
takes. One that is answered when its last byte has come, in the thread that received it, needs none of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from workbench.surfaces.rest import bodies
from workbench.surfaces.rest.answers import Answer, Headers
from workbench.surfaces.rest.large_bodies import LargeBody
from workbench.surfaces.turns import LARGE

# Longer bodies are left to uvicorn: room is made for the whole of a body when its first bytes are there.
LARGEST: Final = 1 << 30

# Joining copies the body, which from some size on costs more than a second write.
_SMALL = 1 << 16

_ADDRESSES = frozenset(("socket", "sockname", "peername"))

_HEAD, _CONTINUE = b"HTTP/1.1 ", b"HTTP/1.1 100 "

# Requests with one of these are left to uvicorn and the App; a page of another origin is for CORS.
_UNUSUAL = frozenset((b"expect", b"transfer-encoding", b"content-encoding", b"upgrade", b"origin"))

_QUERIES = b"/points/query"

AtOnce = Callable[[bytes, Headers, bytes], Answer | None]


class Protocol(HttpToolsProtocol):
    """uvicorn's protocol over a :class:`JoiningTransport`.

    Parameters
    ----------
    at_once : callable
        Given path, headers and body of a query it returns the answer, or None when it is not for the loop.
    parameters
        Those of uvicorn's protocol.
    """

    def __init__(self, at_once: AtOnce, **parameters: Any) -> None:
        super().__init__(**parameters)
        self._at_once = at_once
        self._query: bytes | None = None  # what has come of the body of one that may be answered at once

    def connection_made(self, transport: Any) -> None:
        """Take up a connection."""
        super().connection_made(JoiningTransport(transport))  # type: ignore[arg-type]

    def on_headers_complete(self) -> None:
        """Begin with a request, or wait for the rest of a query."""
        if self._may_be_quick():
            self._query = b""
        else:
            self._begin()

    def on_body(self, body: bytes) -> None:
        """Take up a part of a body; one that follows none is handed on as it came, not copied twice."""
        if self._query is not None:
            self._query += body
            return
        cycle = self.cycle
        if not cycle.body and not cycle.response_complete:
            cycle.body, body = body, b""  # type: ignore[assignment]
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End a request: answer a query that is for the loop, or hand it on."""
        query, self._query = self._query, None
        if query is not None:
            answer = self._at_once(self.url, self.headers, query)
            if answer is not None:
                self._send(answer)
                return
            self._begin()
            self.on_body(query)
        super().on_message_complete()

    def _may_be_quick(self) -> bool:
        """Whether a request is a short query, and every one before it was answered."""
        if not self.url.endswith(_QUERIES) or self.parser.get_method() != b"POST":
            return False
        free = (self.cycle is None or self.cycle.response_complete) and not self.flow.write_paused
        if not free or any(name in _UNUSUAL for name, _ in self.headers):
            return False
        return int(bodies.header(self.headers, b"content-length") or 0) < LARGE

    def _send(self, answer: Answer) -> None:
        keep = self.parser.should_keep_alive() and self.parser.get_http_version() != "1.0"
        length = b"content-length", b"%d" % len(answer.body)
        parts = [STATUS_LINE[answer.status]]
        for name, value in (*self.server_state.default_headers, *answer.headers, length):
            parts += name, b": ", value, b"\r\n"
        parts += b"\r\n" if keep else b"connection: close\r\n\r\n", answer.body
        self.transport.write_whole(b"".join(parts))  # type: ignore[attr-defined]
        if not keep:
            self.transport.close()
        self.on_response_complete()

    def _begin(self) -> None:
        """Start to answer, and offer the application a large body as a whole."""
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

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what is known of the connection but its addresses.

        uvicorn asks for both of each connection, which are seven system calls, and nothing here reads them.
        """
        return default if name in _ADDRESSES else self._transport.get_extra_info(name, default)

    def write_whole(self, data: bytes) -> None:
        """Send an answer that is complete."""
        self._flush()
        self._transport.write(data)

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
