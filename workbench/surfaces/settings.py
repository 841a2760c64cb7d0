"""How a server is set up: defaults, a configuration file, the environment and arguments, in rising order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from workbench.errors import InvalidRequest

_LEVELS: Final = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "OFF")

# Where each setting stands in Qdrant's config.yaml; the same path in capitals, after QDRANT__ and joined by
# two underscores, is its environment variable.
_PLACES: Final = {
    "host": ("service", "host"),
    "http_port": ("service", "http_port"),
    "grpc_port": ("service", "grpc_port"),
    "api_key": ("service", "api_key"),
    "read_only_api_key": ("service", "read_only_api_key"),
    "enable_tls": ("service", "enable_tls"),
    "enable_cors": ("service", "enable_cors"),
    "max_request_size_mb": ("service", "max_request_size_mb"),
    "storage_path": ("storage", "storage_path"),
    "snapshots_path": ("storage", "snapshots_path"),
    "tls_cert": ("tls", "cert"),
    "tls_key": ("tls", "key"),
    "log_level": ("log_level",),
}

LOCAL: Final = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of a server; the names and defaults are Qdrant's, except that it stays on this machine.

    Parameters
    ----------
    host : str
        The address to listen on; ``0.0.0.0`` lets other machines in.
    http_port, grpc_port : int or None
        0 takes a free port; None leaves that surface out.
    api_key, read_only_api_key : str or None
        What callers must send; nobody is asked where both are None.
    enable_tls : bool
        Speak TLS with `tls_cert` and `tls_key`, files in PEM.
    enable_cors : bool
        Let pages of any origin call, as Qdrant does.
    max_request_size_mb : int
        The largest body.
    storage_path, snapshots_path : str
        Folders; used by ``workbench serve``, not where a database is open already. Snapshots are kept in the
        storage folder unless they have one of their own.
    log_level : str
        ``TRACE``, ``DEBUG``, ``INFO``, ``WARN``, ``ERROR`` or ``OFF``.

    Raises
    ------
    InvalidRequest
        When a value is of another type or outside its range.
    """

    host: str = "127.0.0.1"
    http_port: int | None = 6333
    grpc_port: int | None = 6334
    api_key: str | None = field(default=None, repr=False)
    read_only_api_key: str | None = field(default=None, repr=False)
    enable_tls: bool = False
    enable_cors: bool = True
    max_request_size_mb: int = 32
    storage_path: str = "./storage"
    snapshots_path: str | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    log_level: str = "INFO"

    def __post_init__(self) -> None:
        for name in ("http_port", "grpc_port"):
            port = getattr(self, name)
            if port is not None and not 0 <= port <= 65535:
                raise InvalidRequest(f"{name}: expected 0 to 65535, got {port}")
        if self.max_request_size_mb < 1:
            raise InvalidRequest(f"max_request_size_mb: expected 1 or more, got {self.max_request_size_mb}")
        if self.log_level.upper() not in _LEVELS:
            raise InvalidRequest(f"log_level: expected one of {', '.join(_LEVELS)}, got {self.log_level!r}")
        if self.enable_tls and not (self.tls_cert and self.tls_key):
            raise InvalidRequest("enable_tls: expected tls.cert and tls.key, two files in PEM")

    @property
    def open_to_others(self) -> bool:
        """Whether other machines can call without a key."""
        return self.host not in LOCAL and not (self.api_key or self.read_only_api_key)

    @property
    def local_host(self) -> str:
        """The address by which a program on this machine reaches the server."""
        return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)

    @property
    def max_body(self) -> int:
        """The largest body in bytes."""
        return self.max_request_size_mb << 20


def settings_from(**values: Any) -> Settings:
    """Return the settings of a caller in Python.

    Raises
    ------
    InvalidRequest
        When a name is none, or a value is wrong.
    """
    unknown = [name for name in values if name not in _PLACES]
    if unknown:
        raise InvalidRequest(f"{unknown[0]}: no such setting; there are {', '.join(_PLACES)}")
    return Settings(**values)


def address(host: str, port: int) -> str:
    """Return ``host:port``, with brackets around a host that has colons itself."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def load_settings(
    config_path: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] | None = None,
    **arguments: Any,
) -> Settings:
    """Return the settings out of a file, the environment and arguments; the later of these wins.

    Parameters
    ----------
    config_path : path, optional
        A YAML file of the shape of Qdrant's ``config.yaml``. What it says beyond these settings is not used.
    environment : mapping, optional
        Variables such as ``QDRANT__SERVICE__HTTP_PORT``; those of this process when left out.
    **arguments
        Fields of :class:`Settings`; None counts as not given.

    Raises
    ------
    InvalidRequest
        When the file cannot be read, or a value is wrong; the text names the setting.
    """
    settings = Settings()
    given = os.environ if environment is None else environment
    layers = [_from_file(Path(config_path)) if config_path is not None else {}, _from_environment(given)]
    merged: dict[str, Any] = {}
    for layer in layers:
        merged.update({name: _typed(name, value) for name, value in layer.items()})
    merged.update({name: value for name, value in arguments.items() if value is not None})
    return replace(settings, **merged)


def _from_file(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.safe_load(path.read_text()) or {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidRequest(f"configuration file {path}: {error}") from error
    sections = {"": content, **{place[0]: {} for place in _PLACES.values() if len(place) > 1}}
    for section in list(sections):
        own = sections[""].get(section) if section else content
        if own is not None and not isinstance(own, Mapping):
            raise InvalidRequest(f"configuration file {path}: {section or 'it'} is no mapping: {own!r:.80}")
        sections[section] = own or {}
    found: dict[str, Any] = {}
    for name, place in _PLACES.items():
        own, key = sections["" if len(place) == 1 else place[0]], place[-1]
        # A null means the default, but Qdrant's files switch gRPC off with it.
        if own.get(key) is not None or (name == "grpc_port" and key in own):
            found[name] = own[key]
    return found


def _from_environment(environment: Mapping[str, str]) -> dict[str, str]:
    names = {name: "__".join(("QDRANT", *place)).upper() for name, place in _PLACES.items()}
    return {name: environment[variable] for name, variable in names.items() if environment.get(variable)}


_TYPES: Final = {field.name: str(field.type) for field in fields(Settings)}


def _typed(name: str, value: Any) -> Any:
    """Return a value of a file or the environment as its setting's type."""
    kind = _TYPES[name]
    if value is None:
        return None
    if kind == "bool":
        text = str(value).lower()
        if text not in ("true", "false", "1", "0"):
            raise InvalidRequest(f"{'.'.join(_PLACES[name])}: expected true or false, got {value!r}")
        return text in ("true", "1")
    if kind.startswith("int"):
        text = str(value)
        if isinstance(value, bool) or not (text.isascii() and text.isdigit()):
            raise InvalidRequest(f"{'.'.join(_PLACES[name])}: expected a whole number, got {value!r}")
        return int(text)
    return str(value)
