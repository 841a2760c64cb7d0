"""Changing a collection's settings: ``collection.configure``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from workbench import collection as core
from workbench.collection import settings
from workbench.errors import InvalidRequest
from workbench.kernels.gpu import devices
from workbench.models.config import HnswConfig, OptimizersConfig


def configure(inner: core.Collection, device: str | None, given: Mapping[str, Any]) -> None:
    """Check and change settings; `device` counts until the database is closed, the others are kept."""
    _check("hnsw", given["hnsw"], HnswConfig)
    _check("optimizers", given["optimizers"], OptimizersConfig)
    if device is not None:
        inner.upkeep.device = devices.check(device)
    if any(value is not None for value in given.values()):
        settings.update_settings(inner, **given)


def _check(kind: str, given: Mapping[str, Any] | None, of: type) -> None:
    known = [field.name for field in dataclasses.fields(of)]
    if isinstance(given, Mapping) and (unknown := [key for key in given if key not in known]):
        raise InvalidRequest(f"{kind}: unknown setting {unknown[0]!r}; expected {', '.join(known)}")
