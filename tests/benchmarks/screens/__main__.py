"""``python -m tests.benchmarks.screens``: what the screens cost a person, in Chromium through JupyterLab.

It prints a table of what was measured beside what is wanted; ``--save`` also writes ``results/screens.md``
and ``results/screens.json``. The collections are made in the user's cache, which takes minutes once.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from tests.benchmarks.__main__ import RESULTS, machine
from tests.benchmarks.alone import environment
from tests.benchmarks.screens import beside, mapping, moving, painting
from tests.benchmarks.screens.stock import prepared
from tests.benchmarks.screens.words import markdown
from tests.ui.conftest import CHROMIUM, FLAGS
from tests.ui.lab import Lab

Part = Callable[[Browser, Lab, Path], dict[str, Any]]

PARTS: dict[str, Part] = {
    "painting": painting.run,
    "slider": moving.slider,
    "mapping": mapping.run,
    "million": moving.million,
    "beside": beside.run,
}


def main(arguments: list[str] | None = None) -> None:
    """Run what was asked for."""
    options = _options(arguments)
    started = time.perf_counter()
    folder = prepared(options.folder)
    results: dict[str, Any] = {
        "machine": machine(),
        "command": shlex.join(arguments if arguments is not None else sys.argv[1:]),
    }
    with tempfile.TemporaryDirectory(prefix="workbench-lab-") as home, sync_playwright() as playwright:
        os.environ.update(environment(Path(home)))
        lab = Lab(Path(home))
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        try:
            for name in options.only or PARTS:
                print(f"{name} …", flush=True)
                began = time.perf_counter()
                results[name] = PARTS[name](chromium, lab, folder)
                results[name]["minutes"] = round((time.perf_counter() - began) / 60, 1)
        finally:
            chromium.close()
            lab.close()
    results["minutes"] = round((time.perf_counter() - started) / 60, 1)
    text = markdown(results)
    if options.save:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "screens.json").write_text(json.dumps(results, indent=1) + "\n")
        (RESULTS / "screens.md").write_text(text)
    print(text)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.screens", description=__doc__)
    parser.add_argument(
        "--only", choices=PARTS, nargs="+", metavar="PART", help=f"some of: {', '.join(PARTS)}"
    )
    parser.add_argument("--folder", type=Path, help="where the collections are kept")
    parser.add_argument("--save", action="store_true", help="write results/screens.md and .json")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main()
