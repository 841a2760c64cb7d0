"""Threads take up a call when its request has come; the one that received it answers what is quick."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import grpc
import pytest
from qdrant_client import grpc as q

from tests.surfaces.grpc.test_server import refused
from workbench.api.service import Service
from workbench.surfaces.grpc import call_threads
from workbench.surfaces.grpc.answering import Answering
from workbench.surfaces.grpc.call_threads import CallThreads
from workbench.surfaces.grpc.table import Rpc, call_of
from workbench.surfaces.turns import LARGE

POOL = "calls"


class Told(Answering):
    """Answers ``Count`` by the length of the collection's name; short names quickly."""

    def __init__(self, service: Service) -> None:
        super().__init__(
            "/a.B/Count", Rpc("count", call_of, call_of), q.CountPoints, q.CountResponse, service
        )
        self.threads: list[str] = []
        self.may_end = threading.Event()

    @property
    def writes(self) -> bool:
        return True

    def at_once(self, request: q.CountPoints) -> bytes | None:
        if len(request.collection_name) >= 10:
            return None
        wire: bytes = self._answered(request).SerializeToString()
        return wire

    def _answered(self, request: q.CountPoints) -> q.CountResponse:
        self.threads.append(threading.current_thread().name)
        if request.collection_name == "wait for it":
            self.may_end.wait(60)
        return q.CountResponse(result=q.CountResult(count=len(request.collection_name)))


@pytest.fixture
def told(service: Service) -> Told:
    return Told(service)


@pytest.fixture
def channel(told: Told) -> Iterator[grpc.Channel]:
    server = grpc.server(CallThreads(4, POOL))
    handler = grpc.unary_unary_rpc_method_handler(told, told.read, q.CountResponse.SerializeToString)
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("a.B", {"Count": handler}),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    told.may_end.set()
    server.stop(5).wait()


def count(channel: grpc.Channel, name: str) -> int:
    call = channel.unary_unary("/a.B/Count", q.CountPoints.SerializeToString, q.CountResponse.FromString)
    found: int = call(q.CountPoints(collection_name=name), timeout=60).result.count
    return found


def test_only_what_is_not_quick_is_given_to_another_thread(told: Told, channel: grpc.Channel) -> None:
    assert [count(channel, "short"), count(channel, "long enough")] == [5, 11]
    assert [name.startswith(POOL) for name in told.threads] == [False, True]


def test_a_large_write_waits_for_its_turn_in_a_thread_of_its_own(told: Told, channel: grpc.Channel) -> None:
    name = "x" * LARGE

    assert [count(channel, name), count(channel, "long enough")] == [LARGE, 11]
    assert [thread.startswith(f"{POOL}-large") for thread in told.threads] == [True, False]


def test_a_large_read_waits_for_no_turn(
    monkeypatch: pytest.MonkeyPatch, told: Told, channel: grpc.Channel
) -> None:
    monkeypatch.setattr(Told, "writes", False)

    assert count(channel, "x" * LARGE) == LARGE
    assert not told.threads[0].startswith(f"{POOL}-large")


def test_another_grpcio_gives_every_call_to_a_thread(
    monkeypatch: pytest.MonkeyPatch, told: Told, channel: grpc.Channel
) -> None:
    monkeypatch.setattr(call_threads, "_unary_response_in_pool", None)  # what a failed import leaves

    assert count(channel, "short") == 5
    assert told.threads[0].startswith(POOL)


def test_a_call_that_waits_holds_up_no_other(told: Told, channel: grpc.Channel) -> None:
    call = channel.unary_unary("/a.B/Count", q.CountPoints.SerializeToString)
    waiting = call.future(q.CountPoints(collection_name="wait for it"))

    assert [count(channel, "short"), count(channel, "long enough")] == [5, 11]
    assert not waiting.done()
    told.may_end.set()
    waiting.result(60)


def test_a_call_that_was_given_up_ends(told: Told, channel: grpc.Channel) -> None:
    call = channel.unary_unary("/a.B/Count", q.CountPoints.SerializeToString)
    call.future(q.CountPoints(collection_name="wait for it")).cancel()

    assert count(channel, "short") == 5


def test_a_request_that_is_no_message_is_refused(channel: grpc.Channel) -> None:
    call = channel.unary_unary("/a.B/Count")

    code, text = refused(lambda: call(b"\xff", timeout=60))
    assert (code, text) == (grpc.StatusCode.INTERNAL, "Exception deserializing request!")


def test_a_call_without_a_request_is_refused(channel: grpc.Channel) -> None:
    call = channel.stream_unary("/a.B/Count")

    code, text = refused(lambda: call(iter(()), timeout=60))
    assert (code, text) == (
        grpc.StatusCode.UNIMPLEMENTED,
        "\"b'/a.B/Count'\" requires exactly one request message.",
    )
