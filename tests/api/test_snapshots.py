"""Snapshots by the API: taken, listed, restored from a file, an address and an upload."""

from __future__ import annotations

import http.server
import re
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from workbench.api.failures import failure_of
from workbench.api.operations import ACCEPTED, Call
from workbench.api.service import Service, service_of
from workbench.engine import open_engine
from workbench.errors import BadRequest, ChecksumMismatch, FormatError, NotFound, OutOfRange


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with open_engine(tmp_path / "db") as engine:
        own = service_of(engine)
        run(own, "create_collection", "pets", {"vectors": {"size": 2, "distance": "Dot"}})
        run(own, "upsert_points", "pets", {"points": [{"id": 1, "vector": [1.0, 2.0], "payload": {"a": 1}}]})
        yield own


def run(service: Service, name: str, collection: str = "", body: Any = None, **rest: Any) -> Any:
    params = rest.pop("params", {})
    return service.run(name, Call(collection, body, params, rest))


def ids(service: Service, collection: str = "pets") -> list[Any]:
    return [p.id for p in run(service, "scroll_points", collection, {})[0]]


@pytest.mark.parametrize("shard", [False, True], ids=["collection", "shard"])
def test_a_snapshot_is_taken_listed_restored_and_removed(service: Service, shard: bool) -> None:
    kind, path = ("shard_snapshot", {"shard_id": "0"}) if shard else ("snapshot", {})
    taken = run(service, f"create_{kind}", "pets", **path)
    pattern = r"pets-shard-0-\d+-[\d-]+\.snapshot" if shard else r"pets-\d+-[\d-]+\.snapshot"
    assert re.fullmatch(pattern, taken["name"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", taken["creation_time"])
    assert run(service, f"list_{kind}s", "pets", **path) == [taken]
    file = run(service, f"get_{kind}", "pets", snapshot_name=taken["name"], **path)
    assert file.stat().st_size == taken["size"]

    run(service, "delete_points", "pets", {"points": [1]})
    recover = "recover_shard_from_snapshot" if shard else "recover_from_snapshot"
    body = {"location": file.as_uri(), "checksum": taken["checksum"], "priority": "snapshot"}
    assert run(service, recover, "pets", body, **path) is True
    assert ids(service) == [1]

    assert run(service, f"delete_{kind}", "pets", snapshot_name=taken["name"], **path) is True
    assert run(service, f"list_{kind}s", "pets", **path) == []


@pytest.mark.parametrize("name", ["y" * 255, "ü" * 127])
@pytest.mark.parametrize("kind", ["snapshot", "shard_snapshot"])
def test_the_longest_names_have_snapshots(service: Service, name: str, kind: str) -> None:
    run(service, "create_collection", name, {"vectors": {"size": 2, "distance": "Dot"}})
    path = {"shard_id": "0"} if kind == "shard_snapshot" else {}
    taken = run(service, f"create_{kind}", name, **path)
    file = run(service, f"get_{kind}", name, snapshot_name=taken["name"], **path)
    assert run(service, "recover_from_snapshot", "copy", {"location": file.as_uri()}) is True


def test_an_upload_makes_a_new_collection(service: Service, tmp_path: Path) -> None:
    taken = run(service, "create_snapshot", "pets")
    file = run(service, "get_snapshot", "pets", snapshot_name=taken["name"])
    shutil.copy(file, tmp_path / "upload")
    upload = {"snapshot": tmp_path / "upload"}
    params = {"checksum": taken["checksum"], "priority": "snapshot"}
    assert run(service, "recover_from_uploaded_snapshot", "copy", upload, params=params) is True
    assert ids(service, "copy") == [1]


def test_a_snapshot_is_fetched_from_an_address(service: Service) -> None:
    taken = run(service, "create_snapshot", "pets")
    content = run(service, "get_snapshot", "pets", snapshot_name=taken["name"]).read_bytes()
    keys = []

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.append(self.headers.get("api-key"))
            self.send_response(200 if self.path == "/there" else 404)
            self.end_headers()
            self.wfile.write(content if self.path == "/there" else b"")

        def log_message(self, *parts: Any) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Files) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            base = f"http://127.0.0.1:{server.server_port}"
            body = {"location": f"{base}/there", "api_key": "secret"}
            assert run(service, "recover_from_snapshot", "copy", body) is True
            with pytest.raises(BadRequest, match=r"Failed to download snapshot from .*404"):
                run(service, "recover_from_snapshot", "other", {"location": f"{base}/gone"})
        finally:
            server.shutdown()
            thread.join()
    assert ids(service, "copy") == [1]
    assert keys == ["secret", None]


def test_who_does_not_wait_is_told_that_it_is_accepted(service: Service) -> None:
    assert run(service, "create_snapshot", "pets", params={"wait": "false"}) is ACCEPTED
    deadline = time.monotonic() + 10
    while not run(service, "list_snapshots", "pets") and time.monotonic() < deadline:
        time.sleep(0.01)
    assert len(run(service, "list_snapshots", "pets")) == 1


def test_an_alias_means_its_collection(service: Service) -> None:
    change = {"create_alias": {"collection_name": "pets", "alias_name": "animals"}}
    run(service, "update_aliases", body={"actions": [change]})
    taken = run(service, "create_snapshot", "animals")
    assert run(service, "list_snapshots", "pets") == [taken]


@pytest.mark.parametrize(
    ("name", "collection", "body", "path", "error", "status"),
    [
        ("list_snapshots", "none", None, {}, NotFound, 404),
        ("create_snapshot", "none", None, {}, NotFound, 404),
        ("delete_snapshot", "pets", None, {"snapshot_name": "none"}, NotFound, 404),
        ("get_full_snapshot", "", None, {"snapshot_name": "none"}, NotFound, 404),
        ("delete_snapshot", "pets", None, {"snapshot_name": "a" * 300}, NotFound, 404),
        ("get_full_snapshot", "", None, {"snapshot_name": "a" * 300}, NotFound, 404),
        ("list_shard_snapshots", "pets", None, {"shard_id": "1"}, NotFound, 404),
        ("list_shard_snapshots", "pets", None, {"shard_id": "x"}, FormatError, 400),
        ("recover_from_snapshot", "pets", {}, {}, FormatError, 400),
        ("recover_from_snapshot", "pets", {"location": 7}, {}, FormatError, 400),
        ("recover_from_snapshot", "pets", {"location": "file:///none"}, {}, BadRequest, 400),
        ("recover_from_snapshot", "pets", {"location": "ftp://a/b"}, {}, BadRequest, 400),
        ("recover_from_snapshot", "pets", {"location": "file:///a", "priority": "x"}, {}, FormatError, 400),
        ("recover_from_snapshot", "pets", {"location": "none.snapshot"}, {}, FormatError, 400),
        ("recover_from_snapshot", "pets", {"location": "http://["}, {}, FormatError, 400),
        ("recover_from_snapshot", "pets", {"location": "http://a b/c"}, {}, BadRequest, 400),
        ("recover_from_snapshot", "pets", {"location": "http://localhost:1/ä"}, {}, BadRequest, 400),
        ("recover_from_snapshot", "pets", {"location": "http://localhost:x/a"}, {}, BadRequest, 400),
        ("recover_from_snapshot", "pets", {"location": f"file:///{'a' * 300}"}, {}, BadRequest, 400),
        (
            "recover_shard_from_snapshot",
            "pets",
            {"location": "none.snapshot"},
            {"shard_id": "0"},
            NotFound,
            404,
        ),
        ("recover_from_snapshot", "pets", {"location": "file:///a", "checksum": "abc"}, {}, OutOfRange, 422),
        (
            "recover_from_snapshot",
            "pets",
            {"location": "file:///a", "checksum": "x" * 64},
            {},
            OutOfRange,
            422,
        ),
    ],
)
def test_what_is_not_there_or_not_understood_is_refused(
    service: Service, name: str, collection: str, body: Any, path: Any, error: type, status: int
) -> None:
    with pytest.raises(error) as caught:
        run(service, name, collection, body, **path)
    assert failure_of(caught.value).status == status
    assert ids(service) == [1]


def test_another_checksum_is_named(service: Service) -> None:
    taken = run(service, "create_snapshot", "pets")
    file = run(service, "get_snapshot", "pets", snapshot_name=taken["name"])
    with pytest.raises(ChecksumMismatch) as caught:
        run(service, "recover_from_snapshot", "pets", {"location": file.as_uri(), "checksum": "0" * 64})
    assert failure_of(caught.value).text == (
        f"Checksum mismatch: expected {'0' * 64}, actual {taken['checksum']}"
    )


def test_everything_at_once(service: Service) -> None:
    taken = run(service, "create_full_snapshot")
    assert taken["name"].startswith("full-snapshot-")
    assert run(service, "list_full_snapshots") == [taken]
    assert run(service, "get_full_snapshot", snapshot_name=taken["name"]).is_file()
    assert run(service, "delete_full_snapshot", snapshot_name=taken["name"]) is True
    assert run(service, "list_full_snapshots") == []
