"""What a call costs before anything is answered: servers in Python that return fixed bytes over both wires.

Run as a program it serves ``Query`` and ``Upsert`` of ``qdrant.Points``, received and answered by as many
threads as in our server, and any HTTP request by nothing but a socket's protocol, and prints where.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import orjson
import uvloop
from qdrant_client import grpc as protocol

from workbench.cli.serve import receive_in_one_thread
from workbench.surfaces.grpc.server import THREADS

HITS = 10


def fixed_messages() -> dict[str, bytes]:
    """Return an answer of ten points, and a receipt, as they go over gRPC, by the name of the call."""
    answer = protocol.QueryResponse(time=0.001)
    for number in range(HITS):
        point = answer.result.add(version=1, score=0.5)
        point.id.num = 1000 * number
    result = protocol.UpdateResult(operation_id=1, status=protocol.UpdateStatus.Completed)
    receipt = protocol.PointsOperationResponse(result=result, time=0.001)
    return {"Query": answer.SerializeToString(), "Upsert": receipt.SerializeToString()}


def fixed_pages() -> dict[bytes, bytes]:
    """Return the same answers as they go over REST, their heads included, by the request's method."""
    points = [{"id": 1000 * number, "version": 1, "score": 0.5} for number in range(HITS)]
    return {b"POST": _page({"points": points}), b"PUT": _page({"operation_id": 1, "status": "completed"})}


def _page(result: Any) -> bytes:
    body = orjson.dumps({"result": result, "status": "ok", "time": 0.001})
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
        len(body),
        body,
    )


class Page(asyncio.Protocol):
    """Answers each request with the page of its method, when its last byte has come."""

    pages = fixed_pages()

    def connection_made(self, transport: Any) -> None:
        """Take up a connection."""
        self._transport, self._head, self._left = transport, b"", 0

    def data_received(self, data: bytes) -> None:
        """Take up a part of a request, of which none follows before it is answered."""
        if self._left:
            self._left -= len(data)
        else:
            self._head += data
            head, blank, body = self._head.partition(b"\r\n\r\n")
            if not blank:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            self._left = int(length or 0) - len(body)
        if not self._left:
            self._transport.write(self.pages[self._head.partition(b" ")[0]])
            self._head = b""


async def _serve_pages() -> None:
    server = await asyncio.get_running_loop().create_server(Page, "127.0.0.1", 0, backlog=2048)
    print(f"REST: http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve until the process is ended."""
    receive_in_one_thread()
    server = grpc.server(
        ThreadPoolExecutor(THREADS),
        options=[("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", -1)],
    )
    # Neither the request nor the answer is turned into a message.
    calls = {
        name: grpc.unary_unary_rpc_method_handler(lambda request, context, answer=answer: answer)
        for name, answer in fixed_messages().items()
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("qdrant.Points", calls),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"gRPC: 127.0.0.1:{port}", flush=True)
    uvloop.run(_serve_pages())


if __name__ == "__main__":
    main()
