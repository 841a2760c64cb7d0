"""What HTTP itself decides: envelopes, statuses, parameters, limits, content types."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable, Iterator

import httpx
import numpy as np
import pytest

from workbench.surfaces.rest import RestServer

Serve = Callable[..., RestServer]


def error(response: httpx.Response) -> str:
    answer = response.json()
    assert set(answer) == {"status", "time"}
    return answer["status"]["error"]


def test_a_result_comes_in_an_envelope_with_its_time(pets: httpx.Client) -> None:
    answer = pets.get("/collections").json()
    assert answer["result"] == {"collections": [{"name": "pets"}]}
    assert answer["status"] == "ok"
    assert 0 < answer["time"] < 5


def test_numbers_print_as_the_shortest_text_that_reads_back(pets: httpx.Client) -> None:
    text = pets.post("/collections/pets/points", json={"ids": [1], "with_vector": True}).text
    assert '"vector":[0.1,0.9]' in text


def test_ids_are_numbers_or_hyphenated_texts(pets: httpx.Client) -> None:
    points = pets.post("/collections/pets/points/scroll", json={}).json()["result"]["points"]
    assert [point["id"] for point in points] == [1, 2, "936da01f-9abd-4d9d-80c7-02af85c822a8"]


def test_a_scroll_ends_with_null(pets: httpx.Client) -> None:
    first = pets.post("/collections/pets/points/scroll", json={"limit": 2}).json()["result"]
    assert first["next_page_offset"] == "936da01f-9abd-4d9d-80c7-02af85c822a8"
    last = pets.post("/collections/pets/points/scroll", json={"offset": first["next_page_offset"]}).json()
    assert last["result"]["next_page_offset"] is None


def test_what_is_not_asked_for_is_not_there(pets: httpx.Client) -> None:
    body = {"ids": [1], "with_payload": False}
    assert pets.post("/collections/pets/points", json=body).json()["result"] == [{"id": 1}]


def test_counting_works_by_get_as_well(pets: httpx.Client) -> None:
    assert pets.get("/collections/pets/points/count").json()["result"] == {"count": 3}


def test_an_unknown_path_is_an_empty_404(http: httpx.Client) -> None:
    response = http.get("/nowhere")
    assert (response.status_code, response.content) == (404, b"")


def test_a_known_path_with_another_method_names_its_own(http: httpx.Client) -> None:
    response = http.patch("/collections")
    assert (response.status_code, response.headers["allow"]) == (405, "GET")


def test_a_missing_collection_is_a_404_in_qdrants_words(http: httpx.Client) -> None:
    response = http.get("/collections/nope")
    assert response.status_code == 404
    assert error(response) == "Not found: Collection `nope` doesn't exist!"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("{", "Format error in JSON body: "),
        ("", "Format error in JSON body: EOF while parsing a value at line 1 column 0"),
        ('{"limit": NaN}', "Format error in JSON body: "),
        ("[" * 5000 + "]" * 5000, "Format error in JSON body: "),
        ("[]", "Format error in JSON body: invalid type: sequence"),
    ],
)
def test_a_body_that_is_no_json_object_is_a_400(pets: httpx.Client, body: str, words: str) -> None:
    headers = {"content-type": "application/json"}
    response = pets.post("/collections/pets/points/scroll", content=body, headers=headers)
    assert response.status_code == 400
    assert error(response).startswith(words)


def test_a_body_of_another_type_is_refused(pets: httpx.Client) -> None:
    response = pets.post("/collections/pets/points/scroll", data={"limit": "1"})
    assert response.status_code == 400
    assert error(response) == "Payload error: Content type error"


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("wait=yes", 400, "Deserialize error in query parameters: provided string was not `true` or `false`"),
        ("timeout=x", 400, "Deserialize error in query parameters: invalid digit found in string"),
        ("timeout=-1", 400, "Deserialize error in query parameters: invalid digit found in string"),
        (
            "timeout=0",
            422,
            "Validation error in query parameters: [timeout: value 0 invalid, must be 1 or larger]",
        ),
        (
            "ordering=some",
            400,
            "Deserialize error in query parameters: unknown variant `some`, "
            "expected one of `weak`, `medium`, `strong`",
        ),
        (
            "checksum=abc",
            422,
            "Validation error in query parameters: "
            "[checksum: invalid SHA-256 hash, expected 64 characters, got 3]",
        ),
        ("wait=true&wait=true", 400, "Deserialize error in query parameters: duplicate field `wait`"),
    ],
)
def test_a_wrong_query_parameter_is_named(pets: httpx.Client, query: str, status: int, words: str) -> None:
    response = pets.post(f"/collections/pets/points/delete?{query}", json={"points": [1]})
    assert (response.status_code, error(response)) == (status, words)
    assert pets.get("/collections/pets/points/count").json()["result"] == {"count": 3}


def test_an_unknown_query_parameter_is_passed_over(http: httpx.Client) -> None:
    assert http.get("/collections?pretty=1").status_code == 200


def test_a_body_over_the_limit_is_refused_by_its_announced_length(serve: Serve) -> None:
    server = serve(max_request_size_mb=1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"PUT /collections/a/points HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"content-length: 99999999999\r\n\r\n"
        )
        answer = connection.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert (
        "Payload error: JSON payload (99999999999 bytes) is larger than allowed (limit: 1048576 bytes)."
        in answer
    )


def test_a_body_over_the_limit_is_refused_while_it_streams(serve: Serve) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1 << 18
            yield b" " * (1 << 18)

    server = serve(max_request_size_mb=1)
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(
            b"POST /collections/a/points HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        for part in endless():
            connection.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            if sent > 3 << 20:
                break
        answer = connection.recv(4096).decode()
    assert answer.startswith("HTTP/1.1 400 ")
    assert "Payload error: JSON payload has exceeded limit (1048576 bytes)." in answer


def test_a_compressed_body_is_unpacked_within_the_limit(serve: Serve) -> None:
    url = serve(max_request_size_mb=1).url
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    created = gzip.compress(b'{"vectors": {"size": 2, "distance": "Dot"}}')
    assert httpx.put(f"{url}/collections/a", content=created, headers=headers).json()["result"] is True
    for content, words in [
        (gzip.compress(b" " * (1 << 21)), "JSON payload has exceeded limit (1048576 bytes)."),
        (created[:-9], "the compressed body ends too early"),
        (b"plain", "Error -3 while decompressing data"),
    ]:
        refused = httpx.put(f"{url}/collections/b", content=content, headers=headers)
        assert refused.status_code == 400
        assert words in error(refused)


def test_a_name_that_is_not_utf8_is_refused(http: httpx.Client) -> None:
    response = http.get("/collections/%FF")
    assert response.status_code == 400
    assert error(response) == "Deserialize error in path parameters: invalid UTF-8"


def test_pages_of_any_origin_may_call_unless_told_otherwise(serve: Serve) -> None:
    asked = {"origin": "http://a.example", "access-control-request-method": "PUT"}
    answer = httpx.options(f"{serve().url}/collections/a", headers=asked)
    assert answer.headers["access-control-allow-origin"] == "*"
    closed = httpx.options(f"{serve(enable_cors=False).url}/collections/a", headers=asked)
    assert "access-control-allow-origin" not in closed.headers


def test_many_connections_are_answered_at_once(pets: httpx.Client) -> None:
    import threading

    answers: list[int] = []

    def ask() -> None:
        with httpx.Client(base_url=pets.base_url) as client:
            for _ in range(10):
                body = {"query": [1.0, 0.0], "limit": 1}
                found = client.post("/collections/pets/points/query", json=body).json()
                answers.append(found["result"]["points"][0]["id"])

    threads = [threading.Thread(target=ask) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [2] * 160


def test_a_large_upsert_reads_back_number_by_number(http: httpx.Client) -> None:
    vectors = np.random.default_rng(0).normal(size=(200, 64)).astype(np.float32)
    http.put("/collections/big", json={"vectors": {"size": 64, "distance": "Dot"}}).raise_for_status()
    points = [{"id": i, "vector": v.tolist(), "payload": {"n": [i]}} for i, v in enumerate(vectors)]
    body = json.dumps({"points": points}).encode()
    assert len(body) > 1 << 16
    headers = {"content-type": "application/json"}
    written = http.put("/collections/big/points?wait=true", content=body, headers=headers).json()
    assert written["result"]["status"] == "completed"
    read = http.post("/collections/big/points", json={"ids": [0, 199], "with_vector": True}).json()["result"]
    assert [point["payload"] for point in read] == [{"n": [0]}, {"n": [199]}]
    assert [point["vector"] for point in read] == [
        [float(str(x)) for x in vectors[0]],
        [float(str(x)) for x in vectors[199]],
    ]
