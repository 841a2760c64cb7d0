"""`import workbench` is light: what costs seconds is loaded when it is first used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import workbench as wb

# Each costs 0.1 s (grpc) to 1 s (panel) or compiles something at import.
HEAVY = (
    "IPython",
    "anywidget",
    "bokeh",
    "cupy",
    "grpc",
    "hnswlib",
    "ipywidgets",
    "jupyterlab",
    "numba",
    "onnxruntime",
    "pandas",
    "panel",
    "plotly",
    "pyarrow",
    "qdrant_client",
    "scipy",
    "starlette",
    "tokenizers",
    "uvicorn",
    "yaml",
)


def modules_after(code: str) -> set[str]:
    """Top-level modules loaded in a new interpreter that has run ``code``."""
    script = f"import sys\n{code}\nprint(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_workbench_loads_nothing_heavy() -> None:
    loaded = modules_after("import workbench")
    assert "workbench" in loaded
    assert sorted(loaded.intersection(HEAVY)) == []


def test_listing_the_public_names_loads_nothing_heavy() -> None:
    assert sorted(modules_after("import workbench; dir(workbench)").intersection(HEAVY)) == []


# What the first answer of a collection that was just opened does not need: most of the 0.2 s that the whole
# engine takes to import.
LATER = (
    "workbench.api",
    "workbench.collection.health",
    "workbench.collection.rebuild",
    "workbench.filters",
    "workbench.indexes.hnsw",
    "workbench.indexes.hnsw_build",
    "workbench.indexes.multivector",
    "workbench.indexes.payload",
    "workbench.indexes.quantization",
    "workbench.indexes.sparse",
    "workbench.models.answers",
    "workbench.models.json_path",
    "workbench.models.payload_schema",
    "workbench.models.predicates",
    "workbench.models.quantization",
    "workbench.models.requests",
    "workbench.models.vectors",
    "workbench.query.multivectors",
    "workbench.query.tree",
    "workbench.segments.builder",
    "workbench.segments.candidate_columns",
    "workbench.segments.graph_columns",
    "workbench.segments.payload_links",
    "workbench.storage.ragged",
    "workbench.surfaces.html",
    "workbench.surfaces.notebook.hit",
    "workbench.text.analyzer",
    "workbench.text.words",
    "subprocess",
    "tempfile",
)


def test_a_search_without_a_filter_loads_no_code_of_filters_screens_and_builders(tmp_path: Path) -> None:
    with wb.open(tmp_path) as db:
        db.create("points", vectors=[[1.0, 0.0], [0.0, 1.0]], progress=False)
    search = f"import workbench; workbench.open({str(tmp_path)!r})['points'].search([1.0, 0.1])"
    script = f"import sys\n{search}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert sorted(set(done.stdout.split()).intersection(LATER)) == []


@pytest.mark.parametrize("name", ["numpy", "pandas"])
def test_the_probe_sees_what_is_loaded(name: str) -> None:
    assert name in modules_after(f"import {name}")
