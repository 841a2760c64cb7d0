"""A query that comes again with another vector is answered as any other, though only the vector is read."""

from __future__ import annotations

import random
import uuid
from typing import Any

import grpc
import numpy as np
import pytest
from qdrant_client import grpc as q

from tests.surfaces.grpc.messages import anything
from workbench.api import known_queries
from workbench.api.operations import Call
from workbench.api.service import Service
from workbench.engine import Engine
from workbench.surfaces.grpc.answering import Answering
from workbench.surfaces.grpc.points import TABLE
from workbench.surfaces.grpc.repeated_query import QueryAnswering, place_of
from workbench.surfaces.grpc.written_hits import written

PARAMETERS = "/qdrant.Points/Query", TABLE["Query"], q.QueryPoints, q.QueryResponse
PAYLOAD = q.WithPayloadSelector(enable=True)
RED = q.Filter(must=[q.Condition(field=q.FieldCondition(key="color", match=q.Match(keyword="red")))])


class Refused(Exception):
    """How a call ended."""


class Context:
    """What a server passes to its calls."""

    def abort(self, code: Any, text: str) -> None:
        raise Refused(code, text)


def near(*numbers: float) -> q.Query:
    return q.Query(nearest=q.VectorInput(dense=q.DenseVector(data=numbers)))


def ask(*numbers: float, **more: Any) -> bytes:
    wire: bytes = q.QueryPoints(
        **{"collection_name": "songs", "query": near(*numbers), **more}
    ).SerializeToString()
    return wire


def outcome(answering: Answering, wire: bytes) -> Any:
    """Return the answer, or the status that the call ended with."""
    try:
        answer = answering(answering.read(wire), Context())  # type: ignore[arg-type]
    except Refused as refused:
        return refused.args
    answer.ClearField("time")
    return answer


@pytest.fixture
def songs(service: Service, engine: Engine) -> Service:
    for name in engine.names():
        engine.delete(name)
    vectors = {"": {"size": 2, "distance": "Cosine"}, "loud": {"size": 2, "distance": "Dot"}}
    service.run("create_collection", Call("songs", {"vectors": vectors}))
    points = [
        {
            "id": f"00000000-0000-0000-0000-{i:012}" if i % 3 else i + (1 << 40),
            "vector": {"": [np.cos(i), np.sin(i)], "loud": [i, -i]},
            "payload": {"color": ["red", "blue"][i % 2], "number": i},
        }
        for i in range(20)
    ]
    service.run("upsert_points", Call("songs", {"points": points}))
    return service


@pytest.fixture
def answering(songs: Service) -> QueryAnswering:
    return QueryAnswering(*PARAMETERS, songs)


@pytest.fixture
def general(songs: Service) -> Answering:
    return Answering(*PARAMETERS, songs)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"limit": 3, "offset": 2},
        {"using": "loud", "score_threshold": 2.5},
        {"filter": RED, "params": q.SearchParams(hnsw_ef=7, exact=False)},
        {"params": q.SearchParams(exact=True, acorn=q.AcornSearchParams(enable=True))},
        {"with_payload": q.WithPayloadSelector(enable=True)},
        {"with_payload": q.WithPayloadSelector(exclude=q.PayloadExcludeSelector(fields=["color"]))},
        {"with_vectors": q.WithVectorsSelector(include=q.VectorsSelector(names=["loud"]))},
    ],
    ids=lambda more: " ".join(more) or "nothing else",
)
def test_the_second_of_two_queries_is_known_and_answered_as_any_other(
    answering: QueryAnswering, general: Answering, more: dict[str, Any]
) -> None:
    first, second = ask(0.25, 1.0, **more), ask(3.0, 0.5, **more)

    assert answering.read(first).known is None
    assert outcome(answering, first) == outcome(general, first)
    assert answering.read(second).known is not None
    assert outcome(answering, second) == outcome(general, second)
    assert len(outcome(general, second).result) > 0


def test_random_queries_are_answered_as_any_other(answering: QueryAnswering, general: Answering) -> None:
    chance = random.Random(5)
    ended = []
    for _ in range(400):
        message = anything(q.QueryPoints.DESCRIPTOR, chance, depth=chance.randrange(4))
        message.collection_name = chance.choice(["songs", "songs", "films"])
        for numbers in ((0.5, 1.0), (2.0, -1.0), (float("nan"), 1.0), (1.0,), ()):
            if chance.random() < 0.8:
                message.query.CopyFrom(near(*numbers))
            wire = message.SerializeToString()
            found = outcome(general, wire)
            if message.query.WhichOneof("variant") != "sample":
                assert repr(outcome(answering, wire)) == repr(found)
            ended.append(isinstance(found, tuple))

    assert {True, False} == set(ended)


def test_every_part_but_the_numbers_makes_another_query(answering: QueryAnswering) -> None:
    outcome(answering, ask(1.0, 2.0, limit=3))

    assert answering.read(ask(2.0, 1.0, limit=3)).known is not None
    for other in (ask(1.0, 2.0), ask(1.0, 2.0, limit=4), ask(1.0, 2.0, limit=3, collection_name="films")):
        assert answering.read(other).known is None


@pytest.mark.parametrize(
    "wire",
    [
        ask(1.0, 2.0, timeout=60),
        ask(1.0, 2.0, query=q.Query(nearest=q.VectorInput(id=q.PointId(num=1 << 40)))),
        ask(1.0, 2.0, query=q.Query(order_by=q.OrderBy(key="number"))),
        ask(1.0, 2.0, prefetch=[q.PrefetchQuery(query=near(1.0, 0.0))]),
        ask(1.0, 2.0, lookup_from=q.LookupLocation(collection_name="songs")),
        # One query after another, which protobuf joins; numbers one by one.
        ask(1.0, 2.0) + ask(3.0, 4.0),
        b"\x0a\x05songs\x1a\x0e\x0a\x0c\x12\x0a\x0d\0\0\x80\x3f\x0d\0\0\x80\x3f",
    ],
)
def test_what_is_unusual_is_read_as_a_whole_each_time(
    answering: QueryAnswering, general: Answering, wire: bytes
) -> None:
    for _ in range(2):
        assert repr(outcome(answering, wire)) == repr(outcome(general, wire))
        assert answering.read(wire).known is None


def test_a_request_that_is_cut_off_has_no_place_for_numbers() -> None:
    wire = ask(1.0, 2.0)

    assert place_of(wire) == (7, 15, 23)
    assert [place_of(wire[:size]) for size in range(len(wire))] == [None] * len(wire)


def test_a_length_of_a_million_bytes_is_not_added_up() -> None:
    assert place_of(b"\x0a\x01c\x1a" + b"\xff" * 1_000_000) is None


def test_a_collection_that_was_deleted_is_not_found(answering: QueryAnswering, engine: Engine) -> None:
    outcome(answering, ask(1.0, 2.0))
    engine.delete("songs")

    assert outcome(answering, ask(2.0, 1.0))[1] == "Not found: Collection `songs` doesn't exist!"


def test_a_query_is_answered_at_once_when_its_like_was_quick(
    answering: QueryAnswering, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at_once() -> bool:
        outcome(answering, ask(1.0, 2.0))
        return answering.at_once(answering.read(ask(2.0, 1.0))) is not None

    monkeypatch.setattr(known_queries, "QUICK_S", float("inf"))
    monkeypatch.setattr(known_queries, "PROMPT_S", float("inf"))
    assert [at_once(), at_once()] == [False, True]  # the first was read as a whole
    monkeypatch.setattr(known_queries, "QUICK_S", 0.0)
    assert not at_once()


@pytest.mark.parametrize(
    "more", [{}, {"limit": 30}, {"using": "loud"}, {"with_payload": PAYLOAD}, {"limit": 0}]
)
def test_what_is_answered_at_once_is_what_any_other_answer_is(
    answering: QueryAnswering, general: Answering, monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]
) -> None:
    monkeypatch.setattr(known_queries, "QUICK_S", float("inf"))
    monkeypatch.setattr(known_queries, "PROMPT_S", float("inf"))
    for _ in range(2):
        outcome(answering, ask(1.0, 2.0, **more))

    wire = answering.at_once(answering.read(ask(3.0, 1.0, **more)))
    if more.get("limit") == 0:
        assert wire is None  # refused, and not known
        return
    assert wire is not None
    answer = q.QueryResponse.FromString(wire)
    assert answer.time > 0
    answer.ClearField("time")
    assert answer == outcome(general, ask(3.0, 1.0, **more))


def test_an_error_is_left_to_the_ordinary_way(
    answering: QueryAnswering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_queries, "QUICK_S", float("inf"))
    monkeypatch.setattr(known_queries, "PROMPT_S", float("inf"))
    for _ in range(2):
        outcome(answering, ask(1.0, 2.0))

    assert answering.at_once(answering.read(ask(1.0, 2.0))) is not None
    assert answering.at_once(answering.read(ask(1.0, 2.0, 3.0))) is None
    assert outcome(answering, ask(1.0, 2.0, 3.0))[0] == grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("number", [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152, (1 << 64) - 1])
def test_whole_numbers_are_written_as_protobuf_writes_them(number: int) -> None:
    point = uuid.UUID(int=number)
    message = q.QueryResponse(time=0.5)
    message.result.add(id=q.PointId(num=number), score=0.25, version=number)
    message.result.add(id=q.PointId(uuid=str(point)), score=-1.5, version=number)

    wire = written([number, point], np.array([0.25, -1.5], np.float32), [number, number], 0.5)

    assert q.QueryResponse.FromString(wire) == message
