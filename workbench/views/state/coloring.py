"""The colors of a map's points, with a legend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from workbench.errors import InvalidRequest
from workbench.surfaces.notebook.cloud import PointCloud

Array = npt.NDArray[Any]

# Okabe and Ito's eight, which all kinds of color vision tell apart, then eight more that keep their distance
# from those (after Glasbey et al. 2007); further groups are "other".
GROUP_COLORS = (
    "#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#b8a800", "#7a5195",
    "#6b8e23", "#8c564b", "#00a6a6", "#ef5675", "#4b5fd6", "#a05d00", "#2f7d4f", "#9a7fd1",
)  # fmt: skip
OTHER, MISSING = "#9aa0a6", "#9aa0a6"
# Viridis at nine places (Smith and van der Walt 2015): as bright in gray as in color.
_VIRIDIS = ("#440154", "#472d7b", "#3b528b", "#2c728e", "#21918c", "#28ae80", "#5ec962", "#addc30", "#fde725")
_STEPS = 250
# A text with more than this share of different values, or longer than this, is no group but a text.
_DIFFERENT, _LONG, _SAMPLE = 0.5, 60, 300
# A text of at most so many characters can be what a point is called.
_NAME = 90


@dataclass(frozen=True, eq=False)
class Coloring:
    """One color a point.

    Attributes
    ----------
    hue : uint8 [n]
        Index into `palette`.
    palette : list of str
        ``#rrggbb``, at most 256.
    legend : list of dict
        ``text``, ``color`` and ``count``; of a scale its ``low`` and ``high``.
    title : str
    """

    hue: Array
    palette: Sequence[str]
    legend: Sequence[Mapping[str, Any]]
    title: str = ""

    @classmethod
    def plain(cls, n: int) -> Coloring:
        """Give all points one color."""
        return cls(np.zeros(n, np.uint8), [GROUP_COLORS[0]], [])

    @classmethod
    def groups(cls, group: Array, names: Sequence[str], title: str = "") -> Coloring:
        """Give each group a color of its own: group 0 the first; −1 and what has no color are "other".

        Parameters
        ----------
        group : int [n]
        names : sequence of str
            One a group, the largest first.
        title : str, optional
        """
        most = min(len(names), len(GROUP_COLORS))
        hue = np.where((group >= 0) & (group < most), group, most).astype(np.uint8)
        counts = np.bincount(hue, minlength=most + 1)
        legend = [
            {"text": names[i], "color": GROUP_COLORS[i], "count": int(counts[i]), "hue": i}
            for i in range(most)
        ]
        if counts[most]:
            legend.append({"text": "other", "color": OTHER, "count": int(counts[most]), "hue": most})
        return cls(hue, [*GROUP_COLORS[:most], OTHER], legend, title)

    @classmethod
    def scale(cls, values: Array, title: str, bounds: tuple[float, float] | None = None) -> Coloring:
        """Color by size, dark for small and bright for large; NaN is gray.

        Parameters
        ----------
        values : float [n]
        title : str
        bounds : (float, float), optional
            What the ends of the scale stand for; the 1st and 99th percentile if not given, so that a few
            outliers do not flatten the rest.
        """
        known = np.isfinite(values)
        if bounds is None:
            bounds = tuple(np.percentile(values[known], [1, 99])) if known.any() else (0.0, 1.0)
        low, high = float(bounds[0]), float(bounds[1])
        share = (np.where(known, values, low) - low) / ((high - low) or 1.0)
        hue = np.where(known, np.clip(np.rint(share * (_STEPS - 1)), 0, _STEPS - 1), _STEPS).astype(np.uint8)
        stops = [ramp(i / 8) for i in range(9)]
        legend: list[Mapping[str, Any]] = [{"low": low, "high": high, "stops": stops, "text": title}]
        if not known.all():
            legend.append({"text": "no value", "color": MISSING, "count": int((~known).sum()), "hue": _STEPS})
        return cls(hue, [*(ramp(i / (_STEPS - 1)) for i in range(_STEPS)), MISSING], legend, title)


def ramp(share: float) -> str:
    """Return viridis at a place from 0 to 1."""
    at = share * (len(_VIRIDIS) - 1)
    first = min(int(at), len(_VIRIDIS) - 2)
    ends = [[int(_VIRIDIS[first + i][j : j + 2], 16) for j in (1, 3, 5)] for i in (0, 1)]
    mixed = [round(a + (b - a) * (at - first)) for a, b in zip(*ends, strict=True)]
    return "#" + "".join(f"{value:02x}" for value in mixed)


def fields_of(cloud: PointCloud, also: Array | None = None) -> list[tuple[str, str]]:
    """Return the payload keys that can color a map, and their kinds, learned from some points.

    The points with the numbers `also` are among them: what few points have would be missed otherwise.

    Kinds are ``"keyword"``, ``"integer"``, ``"float"``, ``"bool"``, and ``"text"`` for texts that differ
    from point to point: those name regions, and color nothing.
    """
    seen: dict[str, list[Any]] = {}
    for payload in _sampled(cloud, also):
        for key, value in payload.items():
            first = value[0] if isinstance(value, list) and value else value
            if first is not None and not isinstance(first, dict | list):
                seen.setdefault(key, []).append(first)
    return [(key, kind) for key, values in seen.items() if (kind := _kind(values))]


def text_field(cloud: PointCloud, fields: Sequence[tuple[str, str]]) -> str | None:
    """Return the field with the longest texts, which says most about its points; None without texts."""
    payloads = _sampled(cloud)
    words = {
        key: sum(len(str(payload.get(key, "")).split()) for payload in payloads)
        for key, kind in fields
        if kind in ("text", "keyword")
    }
    return max(words, key=lambda key: words[key]) if words else None


def name_field(cloud: PointCloud, fields: Sequence[tuple[str, str]]) -> str | None:
    """Return the first field of short texts that differ between points, else that of the longest texts."""
    payloads = _sampled(cloud)
    for key in (key for key, kind in fields if kind == "text"):
        texts = [str(payload.get(key, "")) for payload in payloads]
        if max(map(len, texts)) <= _NAME and any(letter.isalpha() for text in texts for letter in text):
            return key
    return text_field(cloud, fields)


def _sampled(cloud: PointCloud, also: Array | None = None) -> list[dict[str, Any]]:
    """Return the payloads of some points, evenly drawn, and of those with the numbers `also`."""
    rows = np.linspace(0, len(cloud) - 1, min(_SAMPLE, len(cloud))).astype(int)
    rows = np.unique(rows if also is None else np.concatenate([rows, also]))
    return [payload or {} for payload in cloud.payloads(rows.tolist())]


def _kind(values: list[Any]) -> str:
    kinds = {type(v) for v in values}
    if kinds == {bool}:
        return "bool"
    if kinds <= {int, float}:
        return "integer" if kinds == {int} else "float"
    if kinds != {str}:
        return ""
    varied = len(values) > 20 and len(set(values)) > _DIFFERENT * len(values)
    return "text" if varied or max(map(len, values)) > _LONG else "keyword"


def color_by(cloud: PointCloud, key: str, fields: Mapping[str, str]) -> Coloring:
    """Color by a payload field: numbers by size, everything else by value.

    Raises
    ------
    InvalidRequest
        When no point has the field.
    """
    kind = fields.get(key)
    if kind is None:
        known = ", ".join([*fields, "cluster", "kmeans", "trust", "score"])
        raise InvalidRequest(f"color: expected one of {known}, got {key!r}")
    numbers, values = cloud.values(key, "keyword" if kind == "text" else kind)
    if kind in ("integer", "float") and len(np.unique(values[:5000])) > len(GROUP_COLORS):
        sizes = np.full(len(cloud), np.nan)
        sizes[numbers] = values
        return Coloring.scale(sizes, key)
    names, group = np.unique(values.astype(str), return_inverse=True)
    order = np.argsort(-np.bincount(group, minlength=len(names)), kind="stable")
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    every = np.full(len(cloud), -1, np.int64)
    every[numbers] = place[group]
    return Coloring.groups(every, [str(n) for n in names[order]], key)
