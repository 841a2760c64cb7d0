"""How large a collection will be, how long it takes to make, and which machines hold it: all beforehand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.collection.memory_prediction import predict, predict_ids
from workbench.models.config import Datatype, Distance, VectorParams
from workbench.models.quantization import Quantization
from workbench.surfaces import html

# Time to link a point grows with the logarithm of how many there are. WordNet, 384 numbers, m 16,
# ef_construct 100: 80 µs of processor time a point at 2,000 points, 86 at 8,000, 100 at 32,000, 128 at
# 117,000, which is a tenth of the first more with each doubling.
_PER_DOUBLING = 0.1
PROBED = 2_000
# Beside what searches read, the process holds Python, NumPy and the compiled kernels (0.3 GB), and the
# system wants a part for itself.
_PROCESS, _SYSTEM = 0.5e9, 1.15


@dataclass(frozen=True, slots=True)
class Rates:
    """What was measured on a few rows here, and everything else is worked out from.

    Attributes
    ----------
    build : float
        Points linked a second while there are 2,000 of them; 0 while unknown.
    embed : float
        Texts embedded a second; 0 while unknown.
    write : float
        Rows written a second; 0 while unknown.
    payload_bytes, index_bytes : float
        Of one row, in the payload file and in payload indexes.
    """

    build: float = 0.0
    embed: float = 0.0
    write: float = 0.0
    payload_bytes: float = 0.0
    index_bytes: float = 0.0


@dataclass(frozen=True, slots=True)
class Component:
    """Bytes of one component: those that searches want in RAM, and those of files."""

    name: str
    ram: int
    disk: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a collection of `count` points will take.

    Attributes
    ----------
    count : int
    parts : tuple of Component
    build, embed, write : float or None
        Seconds; None where no rate is known, 0 where there is nothing to do.
    sentence : str
        The vectors alone, as in "1,000,000 × 1,536 float32 ≈ 6.1 GB".
    """

    count: int
    parts: tuple[Component, ...]
    build: float | None
    embed: float | None
    write: float | None
    sentence: str

    @property
    def ram(self) -> int:
        """Bytes that searches want in RAM."""
        return sum(part.ram for part in self.parts)

    @property
    def disk(self) -> int:
        """Bytes of all files."""
        return sum(part.disk for part in self.parts)

    @property
    def wanted(self) -> float:
        """RAM of a machine that holds it: with the process, and a part for the system."""
        return self.ram * _SYSTEM + _PROCESS


def estimate(
    count: int,
    size: int,
    *,
    distance: str = "Cosine",
    datatype: str = "float32",
    m: int = 16,
    payload_m: int = 0,
    on_disk: bool = False,
    quantization: Mapping[str, Any] | None = None,
    uuids: bool = False,
    embedded: bool = False,
    rates: Rates | None = None,
) -> Estimate:
    """Work out what `count` points of `size` numbers will take.

    Parameters
    ----------
    count, size : int
        Points, and dimensions of their vectors.
    distance, datatype, m, payload_m, on_disk, quantization
        As in ``db.create``.
    uuids : bool
        Whether ids are UUIDs.
    embedded : bool
        Whether the vectors are made from texts first.
    rates : Rates, optional
        What was measured; without it there are no times, and no payloads.
    """
    known = rates or Rates()
    params = VectorParams(size=size, distance=Distance.parse(distance), datatype=Datatype(datatype))
    codes = Quantization.parse(quantization)
    sizes = predict(count, params, m, codes)
    parts = [_component(name, number, on_disk, codes) for name, number in sizes.items() if number]
    if payload_m and known.index_bytes:
        links = count * 2 * payload_m * 4
        parts.append(Component("payload links", links, links, "at most: only frequent values get them"))
    ids = predict_ids(count, uuids=uuids)
    parts.append(Component("ids", ids, ids))
    if known.payload_bytes:
        parts.append(Component("payloads", 0, round(count * known.payload_bytes), "read for the hits shown"))
    if known.index_bytes:
        parts.append(Component("payload indexes", round(count * known.index_bytes), 0, "from a sample"))
    return Estimate(
        count,
        tuple(parts),
        0.0 if m == 0 else seconds_to_build(count, known.build),
        (count / known.embed if known.embed else None) if embedded else 0.0,
        count / known.write if known.write else None,
        f"{count:,} × {size:,} {datatype} ≈ {html.size(sizes['vectors'])}",
    )


def seconds_to_build(count: int, rate: float) -> float | None:
    """Return seconds until the graph of `count` points is built, from the rate while there are 2,000."""
    if not rate:
        return None
    return count / rate * (1 + _PER_DOUBLING * max(0.0, math.log2(max(count, 1) / PROBED)))


def _component(name: str, number: int, on_disk: bool, codes: Quantization | None) -> Component:
    if name == "vectors" and on_disk:
        return Component(name, 0, number, "on disk: read as searches ask for them")
    if name == "vectors" and codes is not None:
        return Component(name, number, number, "searches go by the codes: on disk they would cost no RAM")
    return Component(name, number, number)


# Round numbers to begin with, for the user to overwrite with those of whoever rents machines out.
EXAMPLE_MACHINES: tuple[dict[str, Any], ...] = (
    {"name": "CPU, 2 cores", "ram": 4, "gpu": 0, "price": 20},
    {"name": "CPU, 4 cores", "ram": 16, "gpu": 0, "price": 70},
    {"name": "CPU, 8 cores", "ram": 64, "gpu": 0, "price": 250},
    {"name": "CPU, 32 cores", "ram": 256, "gpu": 0, "price": 1000},
    {"name": "GPU, 24 GB", "ram": 32, "gpu": 24, "price": 500},
    {"name": "GPU, 80 GB", "ram": 128, "gpu": 80, "price": 1800},
)


def fitting(machines: Sequence[Mapping[str, Any]], wanted: float) -> list[dict[str, Any]]:
    """Return machines, those that hold `wanted` bytes first, and of these the cheapest first.

    Each has ``fits``, ``used`` (share of its RAM), ``best`` (the cheapest that fits) and ``at``, its place in
    `machines`.
    """
    rows = [
        {**m, "at": at, "used": wanted / (m["ram"] * 1e9) if m["ram"] else math.inf}
        for at, m in enumerate(machines)
    ]
    for row in rows:
        row["fits"] = row["used"] <= 1
    rows.sort(key=lambda row: (not row["fits"], row["price"]))
    return [{**row, "best": i == 0 and row["fits"]} for i, row in enumerate(rows)]
