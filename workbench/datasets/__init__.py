"""Real data to begin with: four sets that come with Workbench, and three large ones made on demand.

>>> from workbench import datasets
>>> datasets.names()
['wikipedia', 'recipes', 'emoji', 'cities']
>>> articles = datasets.load("wikipedia")
>>> articles["vector"][0].shape
(384,)

A large set is built once by ``python -m workbench.datasets.build NAME`` and read by :func:`load_large`.
Importing this module loads NumPy; pandas is loaded with the first set.
"""

from __future__ import annotations

from workbench.datasets.large import LARGE, LargeSet, load_large
from workbench.datasets.shipped import describe, emoji_picture, load, names, path

__all__ = ["LARGE", "LargeSet", "describe", "emoji_picture", "load", "load_large", "names", "path"]
