"""``workbench.devices()``: the GPUs that graphs can be built on."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.errors import DeviceUnavailable
from workbench.kernels.gpu import devices as gpu
from workbench.kernels.gpu.devices import Device
from workbench.surfaces import html


class Devices(list[Device]):
    """The CUDA devices of this machine; shows itself.

    Attributes
    ----------
    reason : str
        Why there is none; empty where there is one.
    """

    def __init__(self, found: Iterable[Device], reason: str = "") -> None:
        super().__init__(found)
        self.reason = reason

    @classmethod
    def here(cls) -> Devices:
        """Ask the machine."""
        return cls(gpu.found(), gpu.why_none())

    @staticmethod
    def lacking(device: str) -> str:
        """Return why `device` ("auto", "cpu" or "gpu") cannot be had here; empty where it can."""
        try:
            gpu.check(device)
        except DeviceUnavailable as error:
            return str(error)
        return ""

    def __repr__(self) -> str:
        if not self:
            return self.reason
        return "\n".join(
            f"{d.number}: {d.name}, {html.size(d.memory_bytes)} ({html.size(d.free_bytes)} free), compute "
            f"{d.compute_capability}, driver {d.driver}, CUDA {d.runtime}, cupy {d.cupy}"
            for d in self
        )

    def _repr_html_(self) -> str:
        columns = ["", "device", "memory", "free", "compute", "driver", "CUDA", "cupy"]
        rows = [
            [
                d.number, d.name, html.size(d.memory_bytes), html.size(d.free_bytes), d.compute_capability,
                d.driver, d.runtime, d.cupy,
            ]
            for d in self
        ]  # fmt: skip
        return html.listing("GPUs", f"{len(self)} found" if self else "none", columns, rows, self.reason)
