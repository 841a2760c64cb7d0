"""Run the notebooks, and save them so that they show something without a kernel.

``python -m tests.notebooks`` runs all of them and saves their outputs: do it when one, or what it shows,
changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
TIMEOUT_S = 300

# A view of a widget shows only while its model lives in a kernel. Saved models would be megabytes (plotly's
# alone are five), so the table that each screen brings along is what stays.
LIVE = "application/vnd.jupyter.widget-view+json"


def paths() -> list[Path]:
    """The notebooks of the project."""
    return sorted(FOLDER.glob("*.ipynb"))


def run(path: Path, folder: Path) -> nbformat.NotebookNode:
    """Run a notebook in `folder`; a cell that raises is raised here."""
    book = nbformat.read(path, as_version=4)
    client = NotebookClient(
        book, timeout=TIMEOUT_S, resources={"metadata": {"path": str(folder)}}, store_widget_state=False
    )
    return client.execute()


def still(book: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without what needs a kernel, and without what differs from run to run for no reason."""
    book.metadata.pop("widgets", None)
    for cell in book.cells:
        cell.metadata.pop("execution", None)
        for output in outputs(cell):
            output.get("data", {}).pop(LIVE, None)
    return book


def outputs(cell: nbformat.NotebookNode) -> list[Any]:
    """The outputs of a cell; those of text are none."""
    return list(cell.get("outputs", []))


if __name__ == "__main__":
    for notebook in paths():
        nbformat.write(still(run(notebook, FOLDER)), notebook)
