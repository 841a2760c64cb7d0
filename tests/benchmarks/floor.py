"""What a call costs before anything is answered: servers in Python that return fixed bytes over both wires.

Run as a program it serves ``qdrant.Points/Query`` with as many threads as our server, and any HTTP request by
nothing but a socket's protocol, and prints where.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import orjson
import uvloop
from qdrant_client import grpc as protocol

from workbench.surfaces.grpc.server import THREADS

HITS = 10


def fixed_message() -> bytes:
    """Return an answer of ten points, in the bytes that go over gRPC."""
    answer = protocol.QueryResponse(time=0.001)
    for number in range(HITS):
        point = answer.result.add(version=1, score=0.5)
        point.id.num = 1000 * number
    found: bytes = answer.SerializeToString()
    return found


def fixed_page() -> bytes:
    """Return the same answer as one over REST, its head included."""
    points = [{"id": 1000 * number, "version": 1, "score": 0.5} for number in range(HITS)]
    body = orjson.dumps({"result": {"points": points}, "status": "ok", "time": 0.001})
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


class Page(asyncio.Protocol):
    """Answers each request with the same page, when its last byte has come."""

    page = fixed_page()

    def connection_made(self, transport: Any) -> None:
        """Take up a connection."""
        self._transport, self._request = transport, b""

    def data_received(self, data: bytes) -> None:
        """Take up a part of a request, of which none follows before it is answered."""
        self._request += data
        head, blank, body = self._request.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if blank and len(body) == int(length or 0):
            self._request = b""
            self._transport.write(self.page)


async def _serve_pages() -> None:
    server = await asyncio.get_running_loop().create_server(Page, "127.0.0.1", 0, backlog=2048)
    print(f"REST: http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until the process is ended."""
    answer = fixed_message()
    server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    # Neither the request nor the answer is turned into a message.
    query = grpc.unary_unary_rpc_method_handler(lambda request, context: answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("qdrant.Points", {"Query": query}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"gRPC: 127.0.0.1:{port}", flush=True)
    uvloop.run(_serve_pages())


if __name__ == "__main__":
    main()
