"""Upserts read from their bytes: points and errors are those of messages."""

from __future__ import annotations

import random
import uuid
from typing import Any

import hypothesis.strategies as st
import numpy as np
import orjson
import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from qdrant_client import QdrantClient, models
from qdrant_client import grpc as q

from workbench.api.service import Service
from workbench.models.points import PointBatch
from workbench.surfaces.grpc import upserts
from workbench.surfaces.grpc.handlers import rpcs
from workbench.surfaces.grpc.messages import fill_map
from workbench.surfaces.grpc.point_batch import read_rows
from workbench.surfaces.grpc.upserts import Upsert, UpsertAnswering, take_points


@pytest.fixture(autouse=True, scope="module")
def kernel() -> None:
    """Have the kernel loaded, which a server does in the background."""
    upserts.warm(block=True)


def point(number: int = 1, vectors: q.Vectors | None = None, **payload: Any) -> q.PointStruct:
    made = q.PointStruct(id=q.PointId(num=number), vectors=vectors or one(q.DenseVector(data=[0.5, -2.0])))
    fill_map(made.payload, payload)
    return made


def one(dense: q.DenseVector) -> q.Vectors:
    return q.Vectors(vector=q.Vector(dense=dense))


def wire(*points: q.PointStruct, **more: Any) -> bytes:
    written: bytes = q.UpsertPoints(collection_name="c", points=points, **more).SerializeToString()
    return written


def taken(*points: q.PointStruct) -> PointBatch:
    found = take_points(wire(*points))
    assert found is not None
    return found[1]


def listed(batch: PointBatch) -> Any:
    assert list(batch.vectors) == [""]
    vectors = batch.vectors[""].values
    assert (vectors.dtype, batch.vectors[""].rows) == (np.float32, None)
    return batch.ids.tolist(), vectors.tobytes(), vectors.shape, list(map(orjson.loads, batch.payloads))


def test_points_become_columns_and_the_rest_stays_a_message() -> None:
    name = q.PointStruct(
        id=q.PointId(uuid=str(uuid.UUID(int=5 << 64 | 6))), vectors=one(q.DenseVector(data=[3, 4]))
    )
    found = take_points(wire(point(7, a=1, b=["x", None]), name, wait=True, timeout=9))

    assert found is not None
    rest, batch = found
    assert q.UpsertPoints.FromString(rest) == q.UpsertPoints(collection_name="c", wait=True, timeout=9)
    assert batch.ids.tolist() == [7, uuid.UUID(int=5 << 64 | 6)]
    assert batch.vectors[""].values.tolist() == [[0.5, -2.0], [3.0, 4.0]]
    assert batch.payloads in ([b'{"a":1,"b":["x",null]}', b"{}"], [b'{"b":["x",null],"a":1}', b"{}"])


def test_flat_vectors_of_old_clients_are_read() -> None:
    flat = q.Vectors(vector=q.Vector(data=[1.0, 2.0]))
    assert taken(point(1, flat), point(2)).vectors[""].values.tolist() == [[1.0, 2.0], [0.5, -2.0]]


plain = (
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(-100_000, 100_000, places=3).map(float)
    | st.text(max_size=5)
)
lists = plain | st.lists(plain, max_size=3) | st.recursive(plain, st.lists, max_leaves=4)
values = lists | st.dictionaries(st.text(max_size=2), plain, max_size=2)


@given(lists)
@example(-0.0)
@example(1e15)
@example(999999999999999.0)
@example(99999999999999.98)
@example(1e-05)
@example(9.9e-06)
@example(0.1 + 0.2)
@example(1e22)
@example(5e-324)
@example(-(1 << 63))
@example('\0\x1f\x7f\b\t\n\f\r"\\/ä\u2028\U0001f600')
def test_a_value_is_written_as_orjson_writes_it(value: Any) -> None:
    assert taken(point(a=value)).payloads == [orjson.dumps({"a": value})]


ids = st.integers(0, (1 << 64) - 1).map(lambda n: q.PointId(num=n)) | st.uuids().flatmap(
    lambda own: st.sampled_from([str(own), str(own).upper()]).map(lambda text: q.PointId(uuid=text))
)
numbers = st.lists(st.floats(width=32), min_size=2, max_size=2)
dense = numbers.map(lambda own: one(q.DenseVector(data=own)))
flat = numbers.map(lambda own: q.Vectors(vector=q.Vector(data=own)))
payloads = st.dictionaries(st.text(max_size=3), values, max_size=4)


@st.composite
def usual(draw: Any) -> bytes:
    points = draw(st.lists(st.tuples(ids, dense | flat, payloads), min_size=1, max_size=4))
    made = [q.PointStruct(id=own, vectors=vectors) for own, vectors, _ in points]
    for own, (_, _, payload) in zip(made, points, strict=True):
        fill_map(own.payload, payload)
    return wire(
        *made, **draw(st.fixed_dictionaries({}, optional={"wait": st.booleans(), "timeout": st.just(5)}))
    )


def same_as_message(text: bytes) -> bool:
    """Whether points were taken, which then are those of the message."""
    found = take_points(text)
    if found is None:
        return False
    rest, batch = found
    whole, without = q.UpsertPoints.FromString(text), q.UpsertPoints.FromString(rest)
    points = list(whole.points)
    expected = read_rows(points[: len(points) - len(without.points)])
    assert isinstance(expected, PointBatch)
    assert listed(batch) == listed(expected)
    whole.ClearField("points")
    without.ClearField("points")
    assert without == whole
    return True


@given(usual())
def test_both_ways_read_the_same(text: bytes) -> None:
    assert same_as_message(text)


@given(usual(), st.integers(0, 1 << 32))
def test_bytes_that_are_damaged_are_never_read_otherwise(text: bytes, seed: int) -> None:
    """What is taken of them is what their message says; what is no message is not taken."""
    chance = random.Random(seed)
    for _ in range(20):
        place = chance.randrange(len(text))
        change = chance.choice([b"", b"\x00", b"\xff", b"\x08", b"\x0a", b"\x1a", b"\x7f\x80"])
        damaged = text[:place] + change + text[place + chance.randrange(3) :]
        if is_message(damaged):
            same_as_message(damaged)
        elif (found := take_points(damaged)) is not None:
            # Beyond the points nothing is looked at: whoever reads the rest finds it.
            assert not is_message(found[0])


def is_message(text: bytes) -> bool:
    try:
        q.UpsertPoints.FromString(text)
    except DecodeError:
        return False
    return True


def field(tag: int, content: bytes) -> bytes:
    return bytes([tag, len(content)]) + content


ID, TWO = b"\x0a\x02\x08\x07", field(0x22, point().vectors.SerializeToString())


def repeated(*parts: bytes) -> bytes:
    return b"\x0a\x01c" + field(0x1A, b"".join(parts))


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\x0a",
        b"\x0a\x05c",
        wire(),
        repeated(),
        repeated(ID),
        repeated(TWO),
        repeated(ID, ID, TWO),
        repeated(ID, TWO, TWO),
        repeated(ID, TWO, b"\x28\x01"),
        repeated(b"\x0a\x00", TWO),
        repeated(field(0x0A, b"\x12\x02ab"), TWO),
        repeated(field(0x0A, b"\x12\x2000000000000000000000000000000005"), TWO),
        repeated(ID, TWO, field(0x1A, b"\x0a\x01\xff\x12\x00")),
        repeated(
            ID, TWO, field(0x1A, b"\x0a\x01a\x12\x03\x22\x01\xc3"), field(0x1A, b"\x0a\x01\xa4\x12\x00")
        ),
        b"\x0a\x01c\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        wire(point(1), point(2, one(q.DenseVector(data=[1.0])))),
        wire(q.PointStruct(id=q.PointId(num=1), vectors=q.Vectors(vectors=q.NamedVectors()))),
        wire(q.PointStruct(id=q.PointId(num=1), vectors=one(q.DenseVector()))),
    ],
)
def test_other_bytes_are_left_to_protobuf(text: bytes) -> None:
    assert take_points(text) is None


def test_fields_may_come_in_any_order() -> None:
    assert same_as_message(repeated(field(0x1A, b"\x0a\x01a\x12\x02\x18\x05"), TWO, ID))


def test_what_is_wrong_in_a_hard_payload_is_left_to_whoever_tells_it() -> None:
    hidden = field(0x1A, b"\x0a\x01a" + field(0x12, b"\x11" + b"\0\0\0\0\0\0\xf0\x7f"))  # infinity
    assert take_points(repeated(ID, TWO, hidden)) is None
    assert take_points(repeated(ID, TWO, field(0x1A, b"\x0a\x01a" + field(0x12, b"\x32\x05")))) is None


def test_a_length_of_millions_of_bytes_is_not_added_up() -> None:
    assert take_points(b"\x0a" + b"\xff" * 3_000_000) is None


def test_a_name_that_comes_twice_has_its_last_value() -> None:
    entry = (
        field(0x1A, b"\x0a\x01a" + field(0x12, b"\x18\x01")),
        field(0x1A, b"\x0a\x01a" + field(0x12, b"\x18\x02")),
    )
    found = take_points(repeated(ID, TWO, *entry))
    assert found is not None
    assert found[1].payloads == [b'{"a":2}']


def test_payloads_of_many_names_and_hard_values_among_others_are_read() -> None:
    many: dict[str, Any] = {f"name {n}": n for n in range(100)}
    batch = taken(point(1, **many), point(2, a={"b": {"c": 1}}), point(3, a="x" * 300))
    assert list(map(orjson.loads, batch.payloads)) == [many, {"a": {"b": {"c": 1}}}, {"a": "x" * 300}]


def test_where_most_payloads_are_hard_all_points_are_left_to_protobuf() -> None:
    assert take_points(wire(*[point(n, a={"b": n}) for n in range(300)])) is None


def test_a_large_upsert_is_stored_as_it_was_sent(client: QdrantClient) -> None:
    client.create_collection(
        "large", vectors_config=models.VectorParams(size=64, distance=models.Distance.DOT)
    )
    vectors = np.random.default_rng(5).normal(size=(200, 64)).astype(np.float32)
    sent = [
        models.PointStruct(id=n, vector=row.tolist(), payload={"n": n, "text": "ä", "in": {"x": [1.5]}})
        for n, row in enumerate(vectors)
    ]
    sent[7].id = str(uuid.UUID(int=7))

    client.upsert("large", sent)

    stored = client.retrieve("large", [own.id for own in sent], with_vectors=True)
    assert {own.id: own.payload for own in stored} == {own.id: own.payload for own in sent}
    assert {own.id: own.vector for own in stored} == {own.id: own.vector for own in sent}


def test_points_that_come_in_two_places_are_read_together(service: Service) -> None:
    path = "/qdrant.Points/Upsert"
    answering = UpsertAnswering(path, rpcs()[path], q.UpsertPoints, q.PointsOperationResponse, service)
    many = [point(n) for n in range(1000)]

    assert isinstance(answering.read(wire(*many, wait=True)), Upsert)
    both = answering.read(wire(*many, timeout=3) + field(0x1A, point(1000).SerializeToString()))
    assert [own.id.num for own in both.points] == list(range(1001))
