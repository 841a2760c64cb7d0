"""What is written to a connection, and in how many pieces."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from workbench.surfaces.rest.protocol import JoiningTransport, Protocol

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"


class Wire(asyncio.Transport):
    """Keeps what was written."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 6333), "sslcontext": "a context"})
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:  # type: ignore[override]
        self.written.append(data)

    def close(self) -> None:
        self.written.append(b"closed")


def written(*pieces: bytes | None) -> list[bytes]:
    """Return what reaches the wire; None stands for a turn of the loop."""

    async def write() -> list[bytes]:
        wire = Wire()
        transport = JoiningTransport(wire)
        for piece in pieces:
            if piece is None:
                await asyncio.sleep(0)
            else:
                transport.write(piece)
        await asyncio.sleep(0)
        return wire.written

    return asyncio.run(write())


def test_a_head_and_its_body_are_one_write() -> None:
    assert written(HEAD, b"{}") == [HEAD + b"{}"]


def test_what_follows_the_body_is_written_by_itself() -> None:
    assert written(HEAD, b"{", b"}") == [HEAD + b"{", b"}"]


def test_a_large_body_is_not_copied_behind_its_head() -> None:
    assert written(HEAD, b"0" * 65_536) == [HEAD, b"0" * 65_536]


def test_a_head_without_a_body_goes_out_in_the_next_turn_of_the_loop() -> None:
    assert written(HEAD) == [HEAD]
    assert written(HEAD, None, b"{}") == [HEAD, b"{}"]


def test_two_answers_in_one_turn_stay_in_order() -> None:
    assert written(HEAD, b"{}", HEAD, b"[]") == [HEAD + b"{}", HEAD + b"[]"]


def test_a_caller_that_waits_to_send_its_body_is_told_at_once() -> None:
    assert written(b"HTTP/1.1 100 Continue\r\n\r\n") == [b"HTTP/1.1 100 Continue\r\n\r\n"]


def test_a_head_is_written_before_the_connection_closes() -> None:
    async def refuse() -> list[bytes]:
        wire = Wire()
        transport = JoiningTransport(wire)
        transport.write(HEAD)
        transport.close()
        return wire.written

    assert asyncio.run(refuse()) == [HEAD, b"closed"]


def test_all_else_is_asked_of_the_transport() -> None:
    async def peer() -> object:
        return JoiningTransport(Wire()).get_extra_info("sslcontext")

    assert asyncio.run(peer()) == "a context"


def waiting(*parts: bytes) -> bytes:
    """Return what of a body waits for the application when these parts have come."""
    protocol = Protocol.__new__(Protocol)
    protocol._query = None
    protocol.parser = SimpleNamespace(should_upgrade=lambda: False)
    protocol.flow = SimpleNamespace(pause_reading=lambda: None)  # type: ignore[assignment]
    event = SimpleNamespace(set=lambda: None)
    protocol.cycle = SimpleNamespace(  # type: ignore[assignment]
        body=bytearray(), response_complete=False, message_event=event
    )
    for part in parts:
        protocol.on_body(part)
    body: bytes = protocol.cycle.body
    return body


def test_a_part_of_a_body_is_handed_on_without_a_copy() -> None:
    part = b"0" * 65_537

    assert waiting(part) is part


def test_parts_that_wait_together_are_joined() -> None:
    assert waiting(b"ab", b"c", b"") == b"abc"
    assert waiting() == b""
