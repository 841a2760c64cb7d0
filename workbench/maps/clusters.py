"""Regions of a map: the hills of its density, and the words that set each apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.text.stop_words import stop_words
from workbench.text.words import tokens

Array = npt.NDArray[Any]

# The density is counted in this many cells each way, and smoothed over a third of what Silverman's rule takes
# for one round hill (n^(-1/6) of its width): maps have many.
_CELLS, _SMOOTH = 128, 10.0
# Smaller regions than this, and than this share of the points, are left without a number.
_LEAST, _LEAST_SHARE = 5, 0.002
# A hill that rises less than this over the pass to a higher one is part of it, as a share of its height.
_RISE = 0.15
# Of a region's texts, so many are read for its words.
_TEXTS = 400
_WORDS = 3


def regions(layout: Array, most: int = 40) -> Array:
    """Divide a map into its dense regions.

    The density on a grid is climbed from every cell to a peak; hills that hardly rise over the pass to a
    higher one join it. This is the watershed of the density, linear in the points.

    Parameters
    ----------
    layout : float32 [n, 2]
    most : int
        Keep so many regions, the largest.

    Returns
    -------
    int16 [n]
        The region of each point, 0 the largest; −1 where the map is thin.
    """
    from scipy.ndimage import gaussian_filter

    if len(layout) < 20:
        return np.full(len(layout), -1, np.int16)
    low, high = layout.min(axis=0), layout.max(axis=0)
    cells = np.minimum(((layout - low) / np.maximum(high - low, 1e-9) * _CELLS).astype(np.intp), _CELLS - 1)
    counts = np.zeros((_CELLS, _CELLS))
    np.add.at(counts, (cells[:, 0], cells[:, 1]), 1.0)
    density = gaussian_filter(counts, _SMOOTH * len(layout) ** (-1 / 6), mode="constant")
    hills = _climb(density)
    thin = density < 0.25 * np.median(density[cells[:, 0], cells[:, 1]])
    hills[thin] = -1
    return _by_size(hills[cells[:, 0], cells[:, 1]], most)


def _climb(density: Array) -> Array:
    """Return the hill of each cell: cells from high to low join the highest neighbor that has one."""
    size = density.shape[0]
    hill = np.full(density.size, -1, np.intp)
    parent: dict[int, int] = {}
    flat = density.ravel()

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    order = np.argsort(-flat, kind="stable")
    for cell in order[flat[order] > 0]:
        row, column = divmod(int(cell), size)
        near = {
            root(int(hill[r * size + c]))
            for r in range(max(0, row - 1), min(size, row + 2))
            for c in range(max(0, column - 1), min(size, column + 2))
            if hill[r * size + c] >= 0
        }
        if not near:
            hill[cell] = parent[int(cell)] = int(cell)
            continue
        highest = max(near, key=lambda peak: flat[peak])
        hill[cell] = highest
        for peak in near - {highest}:  # this cell is the pass between them
            if flat[peak] - flat[cell] < _RISE * flat[peak]:
                parent[peak] = highest
    found = np.array([root(int(h)) if h >= 0 else -1 for h in hill])
    return found.reshape(density.shape)


def _by_size(hills: Array, most: int) -> Array:
    names, counts = np.unique(hills[hills >= 0], return_counts=True)
    names, counts = (found[counts >= max(_LEAST, _LEAST_SHARE * len(hills))] for found in (names, counts))
    largest = names[np.argsort(-counts, kind="stable")][:most]
    numbers = {int(name): i for i, name in enumerate(largest)}
    return np.array([numbers.get(int(h), -1) for h in hills], np.int16)


def centers(layout: Array, region: Array) -> Array:
    """Return the middle of each region, float32 [regions, 2]: its median, which lies in a dense part."""
    count = int(region.max(initial=-1)) + 1
    return np.array([np.median(layout[region == i], axis=0) for i in range(count)], np.float32).reshape(-1, 2)


def labels(texts: Sequence[str | None], region: Array, seed: int = 0) -> list[str]:
    """Return for each region the words that set it apart from the others.

    Words are weighed by how often the region has them times ``log(1 + mean / total)``: class-based TF-IDF
    (Grootendorst 2022, arXiv:2203.05794).

    Parameters
    ----------
    texts : sequence of str or None
        One a point.
    region : int16 [n]
    seed : int
        Of the draw of texts that are read.

    Returns
    -------
    list of str
        One a region; empty where its texts have no words.
    """
    draw = np.random.default_rng(seed)
    passed = stop_words("english")
    found: list[Counter[str]] = []
    for number in range(int(region.max(initial=-1)) + 1):
        rows = np.flatnonzero(region == number)
        rows = draw.choice(rows, min(_TEXTS, len(rows)), replace=False)
        words = Counter[str]()
        for row in rows.tolist():
            # Once a text: a word that one long text repeats says little about its neighbors.
            words.update(
                {w for w in tokens(texts[row] or "") if len(w) > 2 and w not in passed and not w.isdigit()}
            )
        found.append(words)
    return _apart(found)


def _apart(found: list[Counter[str]]) -> list[str]:
    total = Counter[str]()
    for words in found:
        total.update(words)
    mean = sum(total.values()) / max(1, len(found))
    said = []
    for words in found:
        most = max(1, sum(words.values()))
        weight = {w: count / most * np.log1p(mean / total[w]) for w, count in words.items() if count > 1}
        said.append(", ".join(sorted(weight, key=lambda w: (-weight[w], w))[:_WORDS]))
    return said
