"""The package is what it says: its public names, its metadata, and what lies in the repository."""

from __future__ import annotations

import importlib.metadata
import inspect
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import workbench

ROOT = Path(__file__).parents[1]
MEGABYTE = 1 << 20

# Written in pieces, so that this file does not contain what it looks for.
REGISTRIES = ("pyp" + "i.org", "python" + "hosted.", "npm" + "js.", "deb." + "debian", "yarn" + "pkg.")
MACHINE_PATHS = (
    r"(?<![\w.~-])/(?:" + "|".join(["roo" + "t", "wor" + "k", "hom" + "e", "User" + "s"]) + r")/\.?\w"
)


def tracked_files() -> list[Path]:
    """Files under version control; a source archive, which has none, is not checked."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def public_objects() -> list[tuple[str, object]]:
    return [(name, getattr(workbench, name)) for name in workbench.__all__]


def test_all_names_exactly_what_dir_shows() -> None:
    assert sorted(workbench.__all__) == sorted(n for n in dir(workbench) if not n.startswith("_"))


@pytest.mark.parametrize("name", workbench.__all__)
def test_every_public_name_is_documented(name: str) -> None:
    value = getattr(workbench, name)
    if inspect.isclass(value) or inspect.isroutine(value) or inspect.ismodule(value):
        assert (value.__doc__ or "").strip(), f"workbench.{name} has no docstring"


def test_every_public_method_of_a_public_class_is_documented() -> None:
    missing = [
        f"{name}.{member}"
        for name, value in public_objects()
        if inspect.isclass(value) and value.__module__.startswith("workbench.")
        for member, thing in vars(value).items()
        if not member.startswith("_")
        and (inspect.isroutine(thing) or isinstance(thing, property))
        and not (inspect.getdoc(getattr(value, member)) or "").strip()
    ]
    assert missing == []


def test_the_distribution_names_itself_its_command_and_its_python() -> None:
    distribution = importlib.metadata.distribution("vector-workbench")
    assert distribution.metadata["License-Expression"] == "Apache-2.0"
    assert distribution.metadata["Requires-Python"] == ">=3.11"
    assert {(e.name, e.value) for e in distribution.entry_points} == {("workbench", "workbench.cli:main")}


def test_the_needs_of_a_compiler_or_a_gpu_are_extras_only() -> None:
    needs = importlib.metadata.requires("vector-workbench") or []
    core = {re.split(r"[^\w-]", need)[0] for need in needs if "extra ==" not in need}
    assert core.isdisjoint({"hnswlib", "cupy-cuda12x", "sentence-transformers", "openai"})
    assert {"numpy", "numba", "qdrant-client", "jupyterlab"} <= core


def test_no_file_is_larger_than_five_megabytes() -> None:
    assert [str(p.relative_to(ROOT)) for p in tracked_files() if p.stat().st_size > 5 * MEGABYTE] == []


def test_the_data_folder_stays_within_ten_megabytes() -> None:
    assert sum(p.stat().st_size for p in tracked_files() if p.is_relative_to(ROOT / "data")) <= 10 * MEGABYTE


def test_no_file_names_a_package_registry_or_a_path_of_one_machine() -> None:
    pattern = re.compile("|".join([MACHINE_PATHS, *map(re.escape, REGISTRIES)]))
    found = []
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" in content:
            continue
        lines = content.decode("utf-8", errors="replace").splitlines()
        found += [
            f"{path.relative_to(ROOT)}:{i}: {line.strip()[:80]}"
            for i, line in enumerate(lines, 1)
            if pattern.search(line)
        ]
    assert found == []


def test_only_the_five_folders_lie_at_the_top() -> None:
    folders = {p.relative_to(ROOT).parts[0] for p in tracked_files() if p.parent != ROOT}
    assert folders - {".ci"} <= {"workbench", "notebooks", "extensions", "tests", "data"}
