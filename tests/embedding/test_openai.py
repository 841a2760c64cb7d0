"""The adapter against the real ``openai`` package and a service on the loopback that answers like OpenAI."""

from __future__ import annotations

import base64
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest

from workbench import embedding
from workbench.embedding.openai import OpenAIEmbedder
from workbench.errors import InvalidRequest, InvalidVector, MissingDependency


class Service(HTTPServer):
    """Answers POST /v1/embeddings with a vector that tells the length of each text, rows in reverse order."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.requests, self.failures, self.lose = [], [], 0
        self.url = f"http://127.0.0.1:{self.server_port}/v1"


class Answer(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.requests.append(asked | {"key": self.headers["Authorization"], "path": self.path})
        if self.server.failures:
            return self.reply(self.server.failures.pop(), {"error": {"message": "try again"}})
        rows = [
            {"object": "embedding", "index": n, "embedding": self.vector(text, asked)}
            for n, text in enumerate(asked["input"])
        ]
        rows = rows[self.server.lose :][::-1]
        usage = {"prompt_tokens": 1, "total_tokens": 1}
        return self.reply(200, {"object": "list", "data": rows, "model": asked["model"], "usage": usage})

    def vector(self, text, asked):
        values = np.array([len(text), 1.0, *[0.0] * (asked.get("dimensions", 3) - 2)], dtype=np.float32)
        as_bytes = asked.get("encoding_format") == "base64"
        return base64.b64encode(values.tobytes()).decode() if as_bytes else values.tolist()

    def reply(self, status, body):
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        """Stay silent."""


@pytest.fixture
def service(monkeypatch):
    pytest.importorskip("openai", reason="pip install 'vector-workbench[openai]'")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    server = Service()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_texts_go_out_by_the_hundred_and_vectors_come_back_in_order(service):
    embedder = OpenAIEmbedder("tiny", base_url=service.url)
    texts = ["x" * n for n in range(1, 251)]

    vectors = embedder.embed(texts)

    assert vectors.shape == (250, 3)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], range(1, 251), rtol=1e-5)
    assert [len(request["input"]) for request in service.requests] == [1, 100, 100, 50]
    assert {request["path"] for request in service.requests} == {"/v1/embeddings"}
    assert embedder.fingerprint == "openai/tiny@dim:3"


def test_the_key_and_the_address_come_from_the_environment(service, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "not-a-real-key")
    monkeypatch.setenv("OPENAI_BASE_URL", service.url)

    embedder = embedding.resolve("openai/tiny")
    embedder.embed(["a"])

    assert service.requests[-1]["key"] == "Bearer not-a-real-key"
    assert service.requests[-1]["model"] == "tiny"
    assert "not-a-real-key" not in repr(embedder)


def test_shorter_vectors_can_be_asked_for(service):
    assert OpenAIEmbedder("tiny", base_url=service.url, dimensions=5).embed(["a"]).shape == (1, 5)
    assert [request["dimensions"] for request in service.requests] == [5]


def test_an_empty_text_is_sent_as_a_space(service):
    OpenAIEmbedder("tiny", base_url=service.url, dimensions=3).embed(["", "a"])

    assert service.requests[0]["input"] == [" ", "a"]


def test_a_busy_service_is_asked_again(service):
    service.failures = [429, 503]

    vectors = OpenAIEmbedder("tiny", base_url=service.url, dimensions=3).embed(["a"])

    assert vectors.shape == (1, 3)
    assert len(service.requests) == 3


def test_a_service_that_loses_a_vector_is_caught(service):
    service.lose = 1

    with pytest.raises(InvalidVector, match="asked for 2 vectors, got 1"):
        OpenAIEmbedder("tiny", base_url=service.url, dimensions=3).embed(["a", "b"])


def test_openai_itself_needs_a_key(monkeypatch):
    pytest.importorskip("openai", reason="pip install 'vector-workbench[openai]'")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)

    with pytest.raises(InvalidRequest, match="set OPENAI_API_KEY"):
        OpenAIEmbedder()


def test_a_missing_package_names_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "openai", None)

    with pytest.raises(MissingDependency, match=r'pip install "vector-workbench\[openai\]"'):
        embedding.resolve("openai/text-embedding-3-small")
