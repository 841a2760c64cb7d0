"""What a call costs before anything is answered: a gRPC server in Python whose handler returns fixed bytes.

Run as a program it serves ``qdrant.Points/Query`` with as many threads as our server, and prints its port.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import grpc
from qdrant_client import grpc as protocol

from workbench.surfaces.grpc.server import THREADS

HITS = 10


def fixed_answer() -> bytes:
    """Return an answer of ten points, in the bytes that go over the wire."""
    answer = protocol.QueryResponse(time=0.001)
    for number in range(HITS):
        point = answer.result.add(version=1, score=0.5)
        point.id.num = 1000 * number
    found: bytes = answer.SerializeToString()
    return found


def main() -> None:
    """Serve until the process is ended."""
    answer = fixed_answer()
    server = grpc.server(ThreadPoolExecutor(THREADS), options=[("grpc.so_reuseport", 0)])
    # Neither the request nor the answer is turned into a message.
    query = grpc.unary_unary_rpc_method_handler(lambda request, context: answer)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("qdrant.Points", {"Query": query}),)
    )
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(f"gRPC: 127.0.0.1:{port}", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
