"""Which CUDA devices there are, and which arrays ``device=`` means."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import logging
from dataclasses import dataclass

from workbench import errors
from workbench.kernels.gpu.arrays import Arrays, Cuda

log = logging.getLogger("workbench")

CHOICES = ("auto", "cpu", "gpu")
# Fewer points are left to the CPU unless "gpu" is asked for. Not measured on a device yet: the CPU links as
# many in about a second on two cores (87 µs a point of 384 numbers); a device must load its kernels first.
LEAST = 20_000


@dataclass(frozen=True, slots=True)
class Device:
    """One CUDA device.

    Attributes
    ----------
    number : int
    name : str
    memory_bytes, free_bytes : int
        Of its memory; free at the moment of asking.
    compute_capability : str
        Such as ``"9.0"``.
    driver, runtime : str
        Versions of CUDA that the driver supports and that cupy was built for, such as ``"13.0"``.
    cupy : str
        Its version.
    """

    number: int
    name: str
    memory_bytes: int
    free_bytes: int
    compute_capability: str
    driver: str
    runtime: str
    cupy: str


def why_none() -> str:
    """Return why no device can be used, as a sentence; empty where one can."""
    if importlib.util.find_spec("cupy") is None:
        return (
            "No GPU is used: cupy is not installed. For an NVIDIA GPU, pip install 'vector-workbench[gpu12]' "
            "(CUDA 12) or 'vector-workbench[gpu13]' (CUDA 13)."
        )
    return _failure()


@functools.cache
def _failure() -> str:
    """Ask CUDA once: a driver that fails does not come back to life within a process."""
    try:
        count = importlib.import_module("cupy").cuda.runtime.getDeviceCount()
    except Exception as error:  # a missing library, a driver that is too old: whatever it is, work goes on
        log.warning("no GPU is used, though cupy is installed: %s", error)
        return f"No GPU is used: cupy is installed, but CUDA failed ({error})."
    return "" if count else "No GPU is used: cupy finds no CUDA device."


def found() -> list[Device]:
    """Return the devices that can be used; none where :func:`why_none` says why."""
    if why_none():
        return []
    cupy = importlib.import_module("cupy")
    runtime, made = cupy.cuda.runtime, []
    for number in range(runtime.getDeviceCount()):
        with cupy.cuda.Device(number):
            free, total = runtime.memGetInfo()
        facts = runtime.getDeviceProperties(number)
        name = facts["name"]
        made.append(
            Device(
                number,
                name.decode() if isinstance(name, bytes) else str(name),
                int(total),
                int(free),
                f"{facts['major']}.{facts['minor']}",
                _version(runtime.driverGetVersion()),
                _version(runtime.runtimeGetVersion()),
                str(cupy.__version__),
            )
        )
    return made


def check(device: str) -> str:
    """Return `device` if it can be had.

    Raises
    ------
    InvalidRequest
        If it is none of ``"auto"``, ``"cpu"`` and ``"gpu"``.
    DeviceUnavailable
        If it is ``"gpu"`` and there is none.
    """
    if device not in CHOICES:
        raise errors.InvalidRequest(f"device: expected one of {', '.join(CHOICES)}, got {device!r}")
    if device == "gpu" and (reason := why_none()):
        raise errors.DeviceUnavailable(f"{reason} device='auto' takes a GPU only where there is one.")
    return device


def choose(device: str, points: int) -> Arrays | None:
    """Return the arrays to work with on so many points: None for the CPU's own kernels.

    ``"auto"`` takes a device where there is one and the points are worth it; one that fails is logged once.
    """
    if check(device) == "cpu" or (device == "auto" and (points < LEAST or why_none())):
        return None
    try:
        return Cuda()
    except Exception as error:  # such as a device that other programs have filled
        if device != "auto":
            raise
        log.warning("no GPU is used: %s", error)
        return None


@functools.cache
def tell_once(text: str) -> None:
    """Log a warning once in a process: batches come in blocks, each of which would say the same."""
    log.warning("%s", text)


def _version(number: int) -> str:
    return f"{number // 1000}.{number % 1000 // 10}"
