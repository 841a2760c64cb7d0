"""Recall curves as a figure for a paper: ``tuner.figure()``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from workbench.surfaces.notebook.measurement import Measurement

# Okabe and Ito's colors, told apart by color-blind readers too; each with a symbol and a dash of its own.
_STYLES = (
    ("#0072B2", "circle", "solid"),
    ("#D55E00", "square", "dash"),
    ("#009E73", "diamond", "dot"),
    ("#CC79A7", "triangle-up", "dashdot"),
    ("#E69F00", "cross", "longdash"),
    ("#56B4E9", "x", "longdashdot"),
)


def curve_figure(curves: Mapping[str, Sequence[Measurement]], axis: str = "ef") -> go.Figure:
    """Return recall with its 95 % interval, along ``ef`` or along the median time of a search.

    Parameters
    ----------
    curves : mapping of name to list of Measurement
    axis : {"ef", "ms"}
    """
    import plotly.graph_objects as go

    figure = go.Figure(layout=_layout(axis))
    for number, (name, points) in enumerate(curves.items()):
        color, symbol, dash = _STYLES[number % len(_STYLES)]
        ordered = sorted(points, key=lambda p: _x(p, axis))
        figure.add_scatter(
            name=name,
            x=[_x(p, axis) for p in ordered],
            y=[p.recall for p in ordered],
            error_y={
                "array": [p.high - p.recall for p in ordered],
                "arrayminus": [p.recall - p.low for p in ordered],
                "thickness": 1,
                "width": 2,
            },
            customdata=[[p.ef, p.p50_ms, p.p95_ms] for p in ordered],
            hovertemplate="ef %{customdata[0]}: recall %{y:.3f}, %{customdata[1]:.3f} ms median, "
            "%{customdata[2]:.3f} ms p95<extra>%{fullData.name}</extra>",
            mode="lines+markers",
            line={"color": color, "dash": dash, "width": 2},
            marker={"symbol": symbol, "size": 7},
        )
    if curves:
        k = next(p.k for points in curves.values() for p in points)
        figure.update_yaxes(title_text=f"recall@{k}")
    return figure


def _x(point: Measurement, axis: str) -> float:
    return point.ef if axis == "ef" else point.p50_ms


def _layout(axis: str) -> dict[str, Any]:
    lines = {"gridcolor": "#ddd", "zeroline": False, "linecolor": "#767676"}
    name = "ef: candidates kept while searching" if axis == "ef" else "milliseconds a search (median)"
    return {
        "template": "none",
        "width": 720,
        "height": 420,
        "margin": {"l": 64, "r": 16, "t": 16, "b": 52},
        # Without it plotly's spike lines of one axis reach for points far away and redraw at every move.
        "spikedistance": 20,
        "legend": {"x": 1, "xanchor": "right", "y": 0.02, "yanchor": "bottom"},
        "xaxis": {**lines, "type": "log", "title": {"text": name}},
        "yaxis": {**lines, "tickformat": ".3f"},
    }
