"""One cell for every screen that there is, over a small collection made from texts."""

from __future__ import annotations

from workbench.surfaces.notebook.screens import SCREENS

SETUP = """\
import workbench as wb
from workbench import datasets
db = wb.open()
rows = datasets.load("emoji").head(300)
zoo = db.create("zoo", rows, text="text", embedder="hashing", indexing_threshold=1, progress=False)
"""

CELLS = {
    "overview": "db.dashboard()",
    "browse": "zoo.browse()",
    "create": "db.create_wizard('emoji')",
    "map": "zoo.map(method='pca')",
    "trace": "zoo.trace_view('a ship')",
    "search_box": "zoo.search_box('a ship')",
    "tune": "zoo.tune(queries=20)",
    "diagnose": "zoo.diagnose('a ship')",
}


def cells() -> list[str]:
    """Return the cell that makes the collection, and one that shows each screen and names it ``s_NAME``."""
    return [SETUP, *(f"s_{name} = {CELLS[name]}\ns_{name}" for name in SCREENS)]
