"""What building a graph takes; a module of its own, since most processes only search."""

from __future__ import annotations

from workbench.kernels.cpu.construction import link, plan
from workbench.kernels.cpu.repair import repair

__all__ = ["link", "plan", "repair"]
