"""The surface of a notebook: databases and collections that take and give DataFrames and show themselves."""

from workbench.surfaces.notebook.collection import Collection
from workbench.surfaces.notebook.database import Database
from workbench.surfaces.notebook.hits import Hits

__all__ = ["Collection", "Database", "Hits"]
