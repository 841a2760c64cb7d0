"""The packages of the Debian release this machine follows: about 63,000 descriptions with rich metadata.

Records are long descriptions; queries are the one-line summaries of 2,000 packages, so each query has a known
answer.
File format: ``deb822(5)``; ``Packages`` and ``Translation-en`` are joined by ``Description-md5``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from workbench.datasets import packages
from workbench.datasets.tables import Record

N_QUERIES, QUERY_SEED = 2000, 7

FIELDS = {
    "id": "row number",
    "name": "package name",
    "summary": "one-line description",
    "section": "archive section, such as games",
    "maintainer": "name of the maintainer, without the address",
    "arch": "architecture, or all",
    "homepage": "address of the project, where given",
    "size": "bytes to download",
    "installed_kb": "kibibytes when installed, where given",
    "n_depends": "number of packages it depends on",
    "tags": "debtags, such as role::program",
    "text": "the long description: the embedded text",
}


def read(folder: Path) -> tuple[list[Record], list[Record]]:
    """Update private package lists in ``folder`` and return the records and the queries made of them."""
    packages.package_lists(folder)
    return join(
        "\n\n".join(packages.read_package_list(path) for path in sorted(folder.glob("*_Packages*"))),
        "\n\n".join(packages.read_package_list(path) for path in sorted(folder.glob("*_Translation-en*"))),
    )


def join(
    package_list: str, translations: str, n_queries: int = N_QUERIES
) -> tuple[list[Record], list[Record]]:
    """Join a ``Packages`` list with its descriptions, without repeats and those that lack a long one."""
    texts = {p["Description-md5"]: p.get("Description-en", "") for p in paragraphs(translations)}
    records: dict[str, Record] = {}
    for package in paragraphs(package_list):
        summary, _, long = texts.get(package.get("Description-md5", ""), "").partition("\n")
        if long.strip():
            records.setdefault(package["Package"], record(package, summary, readable(long)))
    rows = [{"id": number, **row} for number, row in enumerate(records.values())]
    drawn = np.random.default_rng(QUERY_SEED).choice(len(rows), size=min(n_queries, len(rows)), replace=False)
    return rows, [
        {"text": rows[i]["summary"], **{k: rows[i][k] for k in ("id", "name", "section")}} for i in drawn
    ]


def record(package: dict[str, str], summary: str, text: str) -> Record:
    """Turn the fields of one package into a record."""
    depends = package.get("Depends", "")
    tags = package.get("Tag", "").replace("\n", " ")
    return {
        "name": package["Package"],
        "summary": summary,
        "section": package.get("Section", "unknown"),
        "maintainer": re.sub(r"\s*<[^>]*>", "", package.get("Maintainer", "")),
        "arch": package.get("Architecture", ""),
        "homepage": package.get("Homepage"),
        "size": int(package["Size"]),
        "installed_kb": int(package["Installed-Size"]) if "Installed-Size" in package else None,
        "n_depends": len(depends.split(",")) if depends else 0,
        "tags": [tag for tag in re.split(r",\s*", tags.strip()) if tag],
        "text": text,
    }


def paragraphs(text: str) -> Iterator[dict[str, str]]:
    """Yield the paragraphs of a deb822 text as dictionaries; continuation lines keep their line breaks."""
    for block in re.split(r"\n{2,}", text.strip()):
        fields: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if line[:1] in " \t":
                fields[name] += "\n" + line[1:]
            else:
                name, _, value = line.partition(":")
                fields[name] = value.strip()
        if fields:
            yield fields


def readable(long: str) -> str:
    """Join wrapped lines; a line with a single dot starts a new paragraph."""
    parts = re.split(r"^\s*\.\s*$", long, flags=re.MULTILINE)
    return "\n".join(" ".join(part.split()) for part in parts).strip()
