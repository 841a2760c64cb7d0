"""Everything a GPU is for, built, checked and timed in one run: ``make bench-gpu``.

Needs a CUDA device, NumPy, cupy and numba, and no network: data are generated. hnswlib is compared with where
it is installed, our own builder of the CPU where not. Each row has its time: one that no longer fits is left
out, one that fails says why, and the others go on. After every row the JSON is written anew, so that a run
that is cut short leaves what it had. ``--numpy --small`` runs the same program on NumPy in seconds, to show
that it works; what it times then says nothing about a GPU.
"""

from __future__ import annotations

import argparse
import functools
import importlib.metadata
import json
import os
import platform
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks import gpu_work as work
from workbench import errors, kernels
from workbench.kernels.gpu import devices
from workbench.kernels.gpu.arrays import Arrays, Cuda

# Under eight minutes, and what all rows are reckoned to take.
LIMIT_S = 465.0
Numbers = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what is done, how long that may take, and what it must reach."""

    name: str
    about_s: float
    do: Callable[[], Numbers]
    must: str = ""
    reached: Callable[[Numbers], bool] | None = None


@dataclass
class Run:
    """One run of the whole program.

    Parameters
    ----------
    arrays : callable
        Gives the device anew, as each build of the engine takes it.
    small : bool
        A few thousand points instead of millions.
    limit_s : float
    out : Path
        Of the JSON; the table stands beside it, with the suffix .md.
    """

    make: Callable[[], Arrays]
    small: bool
    limit_s: float
    out: Path
    result: Numbers = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.begun = time.monotonic()
        self._until = self.begun + self.limit_s
        # The last data are kept: two rows ask for the same million.
        self.vectors = functools.lru_cache(maxsize=1)(work.generated)

    # -- what is measured --------------------------------------------------------------------------------

    def rows(self) -> list[Row]:
        """Return the rows in the order of what a short run must have first."""
        on_device = self.make().compiles
        always = [
            Row("loading our kernels of the CPU", 60, lambda: {"s": work.seconds(_warm)[0]}),
            Row(
                "ceilings of the device", 15, lambda: work.ceilings(self.make(), 256 if self.small else 8192)
            ),
        ]
        if on_device:
            start = Row("start-up, kernels on disk", 30, work.start, "≤ 2 s", lambda n: n["s"] <= 2)
            always.insert(1, start)
        stages = (64, 700, 24, 16) if self.small else (8192, 65_536, 768)
        always.append(Row("steps of one tile", 15, lambda: work.stages(self.make(), *stages)))
        return [
            *always,
            *(self.small_rows() if self.small else self.large_rows()),
            *self.last_rows(on_device),
        ]

    def small_rows(self) -> list[Row]:
        """Return the rows of the table at sizes that NumPy does in a second."""
        return [
            self.build("build 1,200 × 24", 1200, 24, 5, against=True),
            self.exact("exact 10-NN, 50 queries × 1,200 × 24", 1200, 24, 50, 5),
            self.build("build 2,000 × 12", 2000, 12, 5, against=False),
        ]

    def large_rows(self) -> list[Row]:
        """Return the rows of the table that must be reached."""
        return [
            self.build("build 100 k × 1536", 100_000, 1536, 40, "≤ 1 s", lambda n: n["s"] <= 1),
            self.exact("exact 10-NN, 10,000 queries × 1 M × 768", 1_000_000, 768, 10_000, 40),
            self.build(
                "build 1 M × 768",
                1_000_000,
                768,
                120,
                "≤ 8 s, ≥ 20 times faster than hnswlib on 16 cores",
                lambda n: (
                    n["s"] <= 8
                    and n["times faster"] >= 20
                    and n["their cores"] >= 16
                    and n["against"] == "hnswlib"
                ),
            ),
            self.build(
                "build 10 M × 96", 10_000_000, 96, 110, "≤ 60 s", lambda n: n["s"] <= 60, against=False
            ),
        ]

    def last_rows(self, on_device: bool) -> list[Row]:
        """Return what is asked of a device beside its speed."""
        size = (1500, 16) if self.small else (200_000, 256)
        pauses = Row("other threads during a build", 15, lambda: work.pauses(self.make(), *size))
        leak = Row(
            "memory after 100 builds",
            20,
            lambda: work.leak(self.make, 100),
            "nothing kept",
            lambda n: n["bytes kept"] <= 1 << 20,
        )
        return [pauses, leak] if on_device else [pauses]

    def build(
        self,
        name: str,
        n: int,
        dim: int,
        about_s: float,
        must: str = "",
        reached: Callable[[Numbers], bool] | None = None,
        *,
        against: bool = True,
    ) -> Row:
        """Return the row of one build; its graph must be as good as the other, and lead everywhere."""

        def do() -> Numbers:
            queries = work.generated(1000 if n > 5000 else 50, dim, seed=1)
            return work.build(self.make(), self.vectors(n, dim), queries, against, self.progress)

        def good(found: Numbers) -> bool:
            theirs = found.get("their recall at ef 64", 0.0)
            whole = found["unreachable"] == 0 and found["recall at ef 64"] >= theirs - 0.002
            return whole and (reached is None or reached(found))

        quality = "recall ≥ theirs − 0.002 at ef 64, every point reached"
        return Row(name, about_s, do, f"{must}; {quality}" if must else quality, good)

    def exact(self, name: str, n: int, dim: int, queries: int, about_s: float) -> Row:
        """Return the row of the exact search."""

        def do() -> Numbers:
            asked, ceiling = work.generated(queries, dim, seed=1), self.found("ceilings of the device")
            return work.exact(self.make(), self.vectors(n, dim), asked, ceiling, self.progress)

        return Row(
            name,
            about_s,
            do,
            "≥ 60 % of the rate of products of the same precision",
            lambda n: n["best share"] >= 0.6,
        )

    # -- how it is run -----------------------------------------------------------------------------------

    def progress(self, done: int, total: int, text: str = "") -> None:
        """Stop a build that has no more time."""
        if time.monotonic() > self._until:
            raise errors.Cancelled(f"the time was up at {done:,} of {total:,} ({text})")

    def found(self, name: str) -> Numbers:
        """Return the numbers of a row that was done, none if it failed."""
        return next((row["numbers"] for row in self.result["rows"] if row["row"] == name), {})

    def everything(self) -> Numbers:
        """Do what fits into the time, write it down, and return it."""
        self.result |= {
            "device": self.make().name,
            "devices": [str(device) for device in devices.found()],
            "cpu": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "versions": versions(),
            "rows": [],
        }
        for row in self.rows():
            self.result["rows"].append(self.one(row))
            self.result["s in all"] = time.monotonic() - self.begun
            self.out.write_text(json.dumps(self.result, indent=2, ensure_ascii=False) + "\n")
            self.out.with_suffix(".md").write_text(table(self.result))
            print(line(self.result["rows"][-1]), flush=True)
        return self.result

    def one(self, row: Row) -> Numbers:
        """Do one row, whatever becomes of it."""
        told: Numbers = {"row": row.name, "must": row.must, "reached": None, "numbers": {}}
        left = self.begun + self.limit_s - time.monotonic()
        if left < (0 if self.small else row.about_s) or left <= 0:
            return told | {
                "left out": f"it takes about {row.about_s:.0f} s, and {max(0.0, left):.0f} s were left"
            }
        begun = time.monotonic()
        try:
            told["numbers"] = row.do()
            told["reached"] = None if row.reached is None else row.reached(told["numbers"])
        except Exception as error:  # the other rows are wanted all the same
            told["error"] = f"{type(error).__name__}: {error}"
            told["trace"] = traceback.format_exc()[-3000:]
        return told | {"took s": time.monotonic() - begun}


def _warm() -> None:
    kernels.warm(block=True)
    kernels.wait(kernels.BUILDING)


def versions() -> dict[str, str]:
    """Return the versions of what was used, of packages that are installed."""
    found = {"python": platform.python_version()}
    for name in ("numpy", "numba", "cupy-cuda12x", "cupy-cuda13x", "hnswlib"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def line(row: Numbers) -> str:
    """Return a row for people, on one line."""
    if why := row.get("left out") or row.get("error"):
        return f"{row['row']}: {'left out: ' if 'left out' in row else ''}{why}"
    said = {None: "", True: " · reached", False: " · NOT reached"}[row["reached"]]
    return f"{row['row']}: " + ", ".join(f"{k} {_short(v)}" for k, v in row["numbers"].items()) + said


def table(result: Numbers) -> str:
    """Return everything as a table in Markdown."""
    lines = [
        f"# {result['device']}, {result['cores']} cores",
        "",
        ", ".join(f"{name} {version}" for name, version in result["versions"].items()),
        "",
        "| work | must reach | reached | measured |",
        "|---|---|---|---|",
    ]
    for row in result["rows"]:
        said = {None: "", True: "yes", False: "no"}[row["reached"]]
        measured = row.get("left out") or row.get("error") or ""
        measured = measured or "; ".join(f"{k} {_short(v)}" for k, v in row["numbers"].items())
        lines.append(f"| {row['row']} | {row['must']} | {said} | {' '.join(measured.split())} |")
    return "\n".join([*lines, "", f"{result['s in all']:.0f} s in all.", ""])


def _short(value: Any) -> str:
    return (
        f"{value:,.4g}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, measure, and write it down; 1 where there is no device, 2 if a row failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.gpu", description=__doc__)
    parser.add_argument("--numpy", action="store_true", help="on NumPy, to see that the program works")
    parser.add_argument("--small", action="store_true", help="a few thousand points instead of millions")
    parser.add_argument("--limit", type=float, default=LIMIT_S, help="seconds in all")
    parser.add_argument("--out", type=Path, default=Path("bench-gpu.json"))
    given = parser.parse_args(arguments)
    if not given.numpy and (reason := devices.why_none()):
        print(f"{reason} --numpy --small shows on NumPy that the program works.", file=sys.stderr)
        return 1
    run = Run(Arrays if given.numpy else Cuda, given.small, given.limit, given.out)
    result = run.everything()
    print("\n" + table(result))
    return 2 if any("error" in row for row in result["rows"]) else 0


if __name__ == "__main__":
    sys.exit(main())
