"""NumPy in the place of a device, so that everything above it can be tested where there is none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from workbench.indexes import exact
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays


def put_in_place(
    monkeypatch: pytest.MonkeyPatch,
    make: Callable[[], Arrays] = Arrays,
    *,
    least: int = 100,
    worth: int = 10_000,
) -> None:
    """Let "gpu" mean `make`, from `least` points and `worth` products of two numbers on."""
    devices.tell_once.cache_clear()
    monkeypatch.setattr(devices, "why_none", lambda: "")
    monkeypatch.setattr(devices, "Cuda", make)
    monkeypatch.setattr(devices, "LEAST", least)
    monkeypatch.setattr(exact, "WORTH", worth)
