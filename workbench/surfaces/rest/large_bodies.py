"""Large bodies, read by the system straight into the memory where they are parsed.

uvicorn takes a body in pieces: each is copied on its way through its parser, joined with the others, and
holds the connection up until the application took it. 8 MB cost the server 7 to 10 ms so, and 2 ms here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from workbench.surfaces.rest.bodies import Disconnected

if TYPE_CHECKING:
    from workbench.surfaces.rest.protocol import Protocol


class LargeBody(asyncio.BufferedProtocol):
    """Takes the place of a connection's protocol until a body is there.

    Parameters
    ----------
    protocol : Protocol
        Whose place it takes; what happens to the connection meanwhile is told to it.
    length : int
        Bytes of the body.
    begun : bytes
        Those that have come.

    Attributes
    ----------
    whole : Future of memoryview
        The body; :class:`~workbench.surfaces.rest.bodies.Disconnected` when the caller goes away before.
    """

    def __init__(self, protocol: Protocol, length: int, begun: bytes) -> None:
        self._protocol, self._filled = protocol, len(begun)
        self._body = np.empty(length, np.uint8).data  # unlike a bytearray it is not filled with zeros first
        self._body[: len(begun)] = begun
        self.whole: asyncio.Future[memoryview] = asyncio.get_running_loop().create_future()

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the next bytes go: never beyond the body, behind which another request may come."""
        return self._body[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Count bytes that have come."""
        self._filled += nbytes
        if self._filled == len(self._body):
            self._protocol.body_came()
            if not self.whole.done():  # whoever waited may have given up
                self.whole.set_result(self._body)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell whoever waits that the rest will never come."""
        if not self.whole.done():
            self.whole.set_exception(Disconnected())
        self._protocol.connection_lost(exc)

    def eof_received(self) -> None:
        """Pass on that the caller sends no more: the transport then closes."""
        self._protocol.eof_received()

    def pause_writing(self) -> None:
        """Pass on."""
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """Pass on."""
        self._protocol.resume_writing()
