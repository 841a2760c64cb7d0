"""Who may call."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from workbench.errors import InvalidRequest
from workbench.surfaces.rest import RestServer

Serve = Callable[..., RestServer]
CERTIFICATE, KEY = (str(Path(__file__).with_name(f"localhost-{part}.pem")) for part in ("cert", "key"))
CREATE = {"vectors": {"size": 2, "distance": "Dot"}}


@pytest.fixture
def url(serve: Serve) -> str:
    return serve(api_key="full", read_only_api_key="look").url


def test_without_a_key_nothing_is_answered(url: str) -> None:
    response = httpx.get(f"{url}/collections")
    assert response.status_code == 401
    assert response.text == "Must provide an API key or an Authorization bearer token"


def test_a_wrong_key_is_refused(url: str) -> None:
    response = httpx.get(f"{url}/collections", headers={"api-key": "wrong"})
    assert (response.status_code, response.text) == (401, "Invalid API key or JWT")


@pytest.mark.parametrize("headers", [{"api-key": "full"}, {"authorization": "Bearer full"}])
def test_the_key_comes_in_either_header(url: str, headers: dict[str, str]) -> None:
    assert httpx.put(f"{url}/collections/a", headers=headers, json=CREATE).status_code == 200


def test_the_read_only_key_reads_and_changes_nothing(url: str) -> None:
    httpx.put(f"{url}/collections/a", headers={"api-key": "full"}, json=CREATE).raise_for_status()
    look = {"api-key": "look"}
    assert httpx.post(f"{url}/collections/a/points/scroll", headers=look, json={}).status_code == 200
    for method, path, body in [
        ("PUT", "/collections/b", CREATE),
        ("DELETE", "/collections/a", None),
        ("PUT", "/collections/a/points", {"points": [{"id": 1, "vector": [1, 2]}]}),
        ("POST", "/collections/a/snapshots", None),
    ]:
        refused = httpx.request(method, url + path, headers=look, json=body)
        assert refused.status_code == 403
        assert refused.json()["status"]["error"] == "Forbidden: Global manage access is required"
    names = httpx.get(f"{url}/collections", headers=look).json()["result"]["collections"]
    assert names == [{"name": "a"}]


@pytest.mark.parametrize("path", ["/", "/healthz", "/livez", "/readyz"])
def test_probes_need_no_key(url: str, path: str) -> None:
    assert httpx.get(url + path).status_code == 200


def test_a_server_without_keys_asks_nobody(serve: Serve) -> None:
    assert httpx.get(f"{serve().url}/collections").status_code == 200


def test_tls_is_spoken_with_the_given_certificate(serve: Serve) -> None:
    server = serve(enable_tls=True, tls_cert=CERTIFICATE, tls_key=KEY)
    assert server.url.startswith("https://127.0.0.1:")
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    assert httpx.get(f"{server.url}/collections", verify=trusted).json()["status"] == "ok"


def test_a_certificate_that_is_none_is_named(serve: Serve, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("")
    with pytest.raises(InvalidRequest, match=r"tls\.cert and tls\.key"):
        serve(enable_tls=True, tls_cert=str(empty), tls_key=str(empty))
