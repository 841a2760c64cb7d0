"""What this process holds of the machine: memory and disk."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def resident_bytes() -> int | None:
    """Return the memory of this process that is not swapped out; None where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return None


@cache
def total_memory() -> int | None:
    """Return the memory of the machine, or the limit of the control group if that is less."""
    try:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):
        return None
    for path in _CGROUPS:
        try:
            total = min(total, int(Path(path).read_text()))
        except (OSError, ValueError):  # no such file, or "max"
            continue
    return total


def resident_percent() -> int | None:
    """Return the share of the memory that this process holds, rounded down."""
    used, total = resident_bytes(), total_memory()
    return None if used is None or not total else min(100, used * 100 // total)


def disk_percent(folder: Path | None) -> int | None:
    """Return how full the file system of `folder` is, rounded down; None in memory."""
    if folder is None:
        return None
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    return min(100, usage.used * 100 // usage.total) if usage.total else None
