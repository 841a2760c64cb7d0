"""``workbench serve`` as a person would run it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from workbench.cli import main, serve


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Run the command, and give the address of REST that it prints."""
    command = [sys.executable, "-m", "workbench", "serve", *arguments]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        printed = ""
        while "Stop it with" not in printed:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            printed += line
        found = re.search(r"REST: (\S+)", printed)
        assert found is not None
        yield found[1], process
    finally:
        process.kill()
        process.communicate()


def test_what_was_written_survives_a_restart(tmp_path: Path) -> None:
    environment = {"QDRANT__SERVICE__HTTP_PORT": "0", "QDRANT__SERVICE__GRPC_PORT": "0"}
    environment["QDRANT__STORAGE__STORAGE_PATH"] = str(tmp_path / "storage")
    with serving(**environment) as (url, process):
        body = {"vectors": {"size": 2, "distance": "Dot"}}
        httpx.put(f"{url}/collections/pets", json=body).raise_for_status()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert (tmp_path / "storage").is_dir()
    with serving(**environment) as (url, process):
        assert httpx.get(f"{url}/collections").json()["result"]["collections"] == [{"name": "pets"}]
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0


def test_a_folder_that_is_open_elsewhere_is_one_sentence(tmp_path: Path) -> None:
    with serving(str(tmp_path), "--http-port", "0", "--grpc-port", "0"):
        command = [sys.executable, "-m", "workbench", "serve", str(tmp_path), "--http-port", "0"]
        second = subprocess.run(command, capture_output=True, text=True)
        assert second.returncode == 2
        assert "is open in process" in second.stderr
        assert "Traceback" not in second.stderr


def test_a_key_of_the_configuration_file_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("service: {http_port: 0, grpc_port: 0, api_key: secret}\n")
    with serving(str(tmp_path / "db"), "--config-path", str(file)) as (url, _):
        assert httpx.get(f"{url}/collections").status_code == 401
        assert httpx.get(f"{url}/collections", headers={"api-key": "secret"}).status_code == 200


def test_help_names_the_variables_of_the_environment(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--help"])
    shown = capsys.readouterr().out
    assert "QDRANT__SERVICE__HTTP_PORT" in shown
    assert "127.0.0.1" in shown


def test_a_wrong_port_is_one_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["serve", str(tmp_path / "db"), "--http-port", "70000"]) == 2
    assert "http_port: expected 0 to 65535, got 70000" in capsys.readouterr().err
    assert not (tmp_path / "db").exists()


@pytest.mark.parametrize(
    ("installed", "environment", "used"),
    [
        ("1.85.1", {}, "-event_engine_listener"),
        ("1.86.0", {}, None),
        ("1.85.1", {"GRPC_EXPERIMENTS": "-tcp_frame_size_tuning"}, "-tcp_frame_size_tuning"),
    ],
)
def test_grpc_receives_in_one_thread_where_that_was_measured_and_nothing_else_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, installed: str, environment: dict[str, str], used: str | None
) -> None:
    monkeypatch.setattr(serve, "version", lambda package: installed)
    monkeypatch.setattr(os, "environ", environment)

    serve.receive_in_one_thread()

    assert environment.get("GRPC_EXPERIMENTS") == used
