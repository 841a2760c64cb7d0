"""The notebooks run from top to bottom, and what is saved of them can be read without a kernel."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from tests.notebooks import LIVE, outputs, paths, run

BOOKS = pytest.mark.parametrize("path", paths(), ids=lambda path: path.stem)


def test_there_is_a_quickstart() -> None:
    assert "01_quickstart" in [path.stem for path in paths()]


@BOOKS
@pytest.mark.notebook
@pytest.mark.timeout(400)
# Sockets of the kernel are closed by the garbage collector; nbclient leaves that to it.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_notebook_runs_without_complaint_and_leaves_nothing_behind(path: Path, tmp_path: Path) -> None:
    book = run(path, tmp_path)
    complaints = [o.text for cell in book.cells for o in outputs(cell) if o.get("name") == "stderr"]
    assert complaints == []
    assert list(tmp_path.iterdir()) == []


@BOOKS
def test_a_saved_notebook_shows_every_screen_without_a_kernel(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    assert "widgets" not in book.metadata
    for cell in book.cells:
        for output in outputs(cell):
            assert output.output_type != "error"
            assert LIVE not in output.get("data", {})
    screens = [
        o.data["text/html"] for c in book.cells for o in outputs(c) if "text/html" in o.get("data", {})
    ]
    assert any('class="wb"' in screen for screen in screens)


@BOOKS
def test_a_saved_notebook_is_small_complete_and_names_no_folder_of_its_machine(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text) < 300_000
    assert [
        folder for folder in ("/home/", "/root/", "/tmp/", "/Users/", str(Path.cwd())) if folder in text
    ] == []
    cells = [cell for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
