"""Quotas of the whole database: what share of memory and disk it may fill before it takes no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from workbench.api.fields import Fields, flag, read_fields, whole
from workbench.api.operations import Access, Call, operation
from workbench.api.resources import disk_percent, resident_percent
from workbench.errors import Corrupted, QuotaReached
from workbench.storage.files import explained, replace_file

if TYPE_CHECKING:
    from workbench.api.service import Service

# Percentage points that a resource has to fall below its limit before more is taken; Qdrant's default.
RELEASE_MARGIN = 5

FILE = "quotas.json"

_REACHED: Final = {
    "resident_memory": "Resident memory usage is at {used}% of total memory, exceeding the configured limit "
    "of {most}%. Help: Reduce memory usage (e.g. delete points or drop collections), or raise "
    "`max_resident_memory_percent` in the global quota config.",
    "disk_usage": "Disk usage is at {used}% of total capacity, exceeding the configured limit of {most}%. "
    "Help: Reduce disk usage (e.g. delete points or drop collections), or raise "
    "`max_disk_usage_percent` in the global quota config.",
}

_FIELDS: Final[Fields] = {
    "enabled": flag,
    "max_resident_memory_percent": whole(1, 100),
    "max_disk_usage_percent": whole(1, 100),
    "release_margin_percent": whole(0, 100),
}


@operation(Access.MANAGE)
def get_quotas(service: Service, call: Call) -> dict[str, Any]:
    """Return the quotas, and what is used."""
    return {"config": service.quotas.config.to_json(), "usage": service.quotas.usage()}


@operation(Access.MANAGE)
def update_quotas(service: Service, call: Call) -> bool:
    """Replace the quotas: what the body does not name has no limit."""
    service.quotas.set(QuotaConfig(**read_fields(call.reader(), _FIELDS)))
    return True


@dataclass(frozen=True, slots=True)
class QuotaConfig:
    """Limits in percent; None leaves a resource without one."""

    enabled: bool = False
    max_resident_memory_percent: int | None = None
    max_disk_usage_percent: int | None = None
    release_margin_percent: int | None = None

    def to_json(self) -> dict[str, Any]:
        """Return what is set."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Quotas:
    """The quotas in force, kept in a file of the database.

    Parameters
    ----------
    root : Path or None
        The database folder; None in memory.

    Raises
    ------
    Corrupted
        When the file cannot be read.
    """

    def __init__(self, root: Path | None) -> None:
        self._root, self._guard = root, threading.Lock()
        self.config = self._load()
        self._over = dict.fromkeys(_REACHED, False)

    def set(self, config: QuotaConfig) -> None:
        """Put other quotas in force; they are on disk when this returns."""
        with self._guard:
            if self._root is not None:
                path = self._root / FILE
                with explained(path, "writing"):
                    replace_file(path, orjson.dumps(config.to_json()))
            self.config = config
            self._over = dict.fromkeys(_REACHED, False)

    def usage(self) -> dict[str, int]:
        """Return the percentages used, as far as the system tells them."""
        used = {"resident_memory_percent": resident_percent(), "disk_usage_percent": disk_percent(self._root)}
        return {name: value for name, value in used.items() if value is not None}

    def exceeded(self) -> dict[str, bool]:
        """Return which limits are reached now."""
        return {name: over for name, _, _, over in self._measured() if over is not None}

    def check(self) -> None:
        """Refuse to take more where a limit is reached.

        Raises
        ------
        QuotaReached
            What is full, and what to do.
        """
        for name, used, most, over in self._measured():
            if over:
                raise QuotaReached(_REACHED[name].format(used=used, most=most))

    def _measured(self) -> Iterator[tuple[str, int | None, int | None, bool | None]]:
        """Yield each resource, its use, its limit and whether that is reached; nothing when switched off."""
        config = self.config
        if config.enabled:
            for name, used, most in (
                ("resident_memory", resident_percent(), config.max_resident_memory_percent),
                ("disk_usage", disk_percent(self._root), config.max_disk_usage_percent),
            ):
                yield name, used, most, self._is_over(name, used, most)

    def _is_over(self, name: str, used: int | None, most: int | None) -> bool | None:
        """Whether a limit is reached; once it was, until the use has fallen below it by the margin."""
        if used is None or most is None:
            return None
        margin = self.config.release_margin_percent
        with self._guard:
            release = most - (RELEASE_MARGIN if margin is None else margin) if self._over[name] else most
            self._over[name] = used >= max(release, 0)
            return self._over[name]

    def _load(self) -> QuotaConfig:
        path = None if self._root is None else self._root / FILE
        if path is None or not path.exists():
            return QuotaConfig()
        with explained(path, "reading"):
            raw = path.read_bytes()
        try:
            known = {field.name for field in fields(QuotaConfig)}
            return replace(QuotaConfig(), **{k: v for k, v in orjson.loads(raw).items() if k in known})
        except (ValueError, AttributeError) as error:
            raise Corrupted(str(path), f"the quotas cannot be read ({error})", "Remove the file") from error
