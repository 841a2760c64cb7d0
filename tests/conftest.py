"""What every test shares: the profiles of hypothesis, and which tests need what the machine may not have."""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import os

import pytest
from hypothesis import HealthCheck, settings

# In CI the same examples every time, and no deadline: two shared cores say nothing about speed.
settings.register_profile("ci", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_sessionstart() -> None:
    """Import what makes loggers in threads of its own: pytest walks through all loggers before each test."""
    for name in ("numba", "uvicorn.server", "grpc"):
        with contextlib.suppress(ImportError):  # a machine that is there for its GPU has no web server
            importlib.import_module(name)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs a GPU where there is none."""
    for item in items:
        if item.get_closest_marker("gpu") and (reason := no_gpu()):
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how much of what needs a GPU did not run."""
    if reason := no_gpu():
        skipped = terminalreporter.stats.get("skipped", [])
        count = sum(reason in str(report.longrepr) for report in skipped)
        if count:
            terminalreporter.write_line(
                f"*** NO GPU: what did not run for want of one: {count} of the tests; {reason} ***"
            )


@functools.cache
def no_gpu() -> str:
    """Why no test can run on a GPU here; empty where one can."""
    if importlib.util.find_spec("cupy") is None:
        return "cupy is not installed: pip install 'vector-workbench[gpu]'"
    import cupy

    try:
        return "" if cupy.cuda.runtime.getDeviceCount() else "cupy finds no CUDA device"
    except cupy.cuda.runtime.CUDARuntimeError as error:
        return f"no CUDA device: {error}"
