"""Settings: defaults, a file, the environment, arguments."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.errors import InvalidRequest
from workbench.surfaces.settings import Settings, load_settings, settings_from


def test_the_defaults_are_qdrants_but_stay_on_this_machine() -> None:
    settings = load_settings(environment={})
    assert (settings.host, settings.http_port, settings.grpc_port) == ("127.0.0.1", 6333, 6334)
    assert settings.max_body == 33_554_432
    assert settings.storage_path == "./storage"


def test_a_later_source_wins(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(
        "log_level: DEBUG\n"
        "storage:\n  storage_path: ./elsewhere\n  performance: {max_search_threads: 2}\n"
        "service:\n  http_port: 1000\n  grpc_port: 2000\n  api_key: from-file\n"
    )
    environment = {
        "QDRANT__SERVICE__HTTP_PORT": "1001",
        "QDRANT__SERVICE__GRPC_PORT": "2001",
        "QDRANT__SERVICE__ENABLE_CORS": "false",
    }
    settings = load_settings(file, environment, http_port=1002, host=None)
    assert (settings.http_port, settings.grpc_port, settings.api_key) == (1002, 2001, "from-file")
    assert (settings.log_level, settings.storage_path) == ("DEBUG", "./elsewhere")
    assert not settings.enable_cors


def test_the_variables_of_a_container_are_read() -> None:
    environment = {
        "QDRANT__SERVICE__HOST": "0.0.0.0",
        "QDRANT__SERVICE__API_KEY": "k",
        "QDRANT__SERVICE__READ_ONLY_API_KEY": "r",
        "QDRANT__STORAGE__STORAGE_PATH": "/data",
        "QDRANT__STORAGE__SNAPSHOTS_PATH": "/snapshots",
        "QDRANT__LOG_LEVEL": "WARN",
        "QDRANT__TLS__CERT": "c.pem",
        "QDRANT__TLS__KEY": "k.pem",
        "QDRANT__SERVICE__ENABLE_TLS": "true",
        "QDRANT__SERVICE__MAX_REQUEST_SIZE_MB": "64",
    }
    assert load_settings(environment=environment) == Settings(
        host="0.0.0.0",
        api_key="k",
        read_only_api_key="r",
        storage_path="/data",
        snapshots_path="/snapshots",
        log_level="WARN",
        tls_cert="c.pem",
        tls_key="k.pem",
        enable_tls=True,
        max_request_size_mb=64,
    )


def test_a_file_may_leave_grpc_out(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text("service:\n  grpc_port: null\n")
    assert load_settings(file, {}).grpc_port is None


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"QDRANT__SERVICE__HTTP_PORT": "x"}, "service.http_port: expected a whole number, got 'x'"),
        ({"QDRANT__SERVICE__HTTP_PORT": "70000"}, "http_port: expected 0 to 65535, got 70000"),
        ({"QDRANT__SERVICE__ENABLE_TLS": "maybe"}, "service.enable_tls: expected true or false, got 'maybe'"),
        ({"QDRANT__SERVICE__ENABLE_TLS": "1"}, "enable_tls: expected tls.cert and tls.key, two files in PEM"),
        (
            {"QDRANT__LOG_LEVEL": "LOUD"},
            "log_level: expected one of TRACE, DEBUG, INFO, WARN, ERROR, OFF, got 'LOUD'",
        ),
    ],
)
def test_a_wrong_value_is_named(environment: dict[str, str], words: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        load_settings(environment=environment)
    assert str(raised.value) == words


@pytest.mark.parametrize("text", ["service: [1", "- 1\n- 2\n", "service: 5\n"])
def test_a_file_that_is_no_configuration_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    with pytest.raises(InvalidRequest, match=r"config\.yaml"):
        load_settings(file, {})


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match=r"nope\.yaml"):
        load_settings(tmp_path / "nope.yaml", {})


def test_a_setting_that_is_none_is_named() -> None:
    with pytest.raises(InvalidRequest, match="ports: no such setting"):
        settings_from(ports=1)


def test_keys_do_not_show_themselves() -> None:
    assert "secret" not in repr(Settings(api_key="secret", read_only_api_key="secret"))


def test_a_server_is_open_where_others_reach_it_without_a_key() -> None:
    assert Settings(host="0.0.0.0").open_to_others
    assert not Settings(host="0.0.0.0", api_key="k").open_to_others
    assert not Settings().open_to_others
