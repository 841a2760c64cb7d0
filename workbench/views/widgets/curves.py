"""The plot of the tuner: recall along ``ef`` or latency, one figure that is updated and never made anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from workbench.surfaces.notebook.tuning import Measurement

# Okabe and Ito's colors, told apart by color-blind readers too; each with a symbol and a dash of its own.
_STYLES = (
    ("#0072B2", "circle", "solid"),
    ("#D55E00", "square", "dash"),
    ("#009E73", "diamond", "dot"),
    ("#CC79A7", "triangle-up", "dashdot"),
    ("#E69F00", "cross", "longdash"),
    ("#56B4E9", "x", "longdashdot"),
)
_GRAY = "#767676"
_TICKS = [8, 16, 32, 64, 128, 256, 512]


class Curves:
    """A figure of recall curves with a marker that says "you are here".

    Parameters
    ----------
    chosen : callable
        Called with the ``ef`` of a point that was clicked.
    """

    def __init__(self, chosen: Callable[[int], None]) -> None:
        self.figure = go.FigureWidget(layout=_layout())
        self.figure._config = {**self.figure._config, "responsive": True, "displayModeBar": False}
        self._chosen = chosen
        self._lock = threading.Lock()
        self._index: dict[Any, int] = {}
        self._axis = "ef"
        with self.figure.batch_update():
            self.figure.add_scatter(
                x=[],
                y=[],
                fill="toself",
                mode="lines",
                line={"width": 0},
                hoverinfo="skip",
                fillcolor="rgba(0,114,178,.16)",
                showlegend=False,
            )
            self.figure.add_scatter(
                x=[],
                y=[],
                mode="markers+text",
                text=["you are here"],
                showlegend=False,
                zorder=10,
                textposition="bottom right",
                hoverinfo="skip",
                cliponaxis=False,
                marker={"size": 17, "symbol": "circle-open", "color": _GRAY, "line": {"width": 3}},
            )

    def draw(
        self,
        curves: Mapping[Any, Sequence[Measurement]],
        names: Mapping[Any, str],
        selected: Any,
        here: Measurement | None,
        axis: str,
    ) -> None:
        """Show `curves`; the one of the key `selected` with its confidence band, and `here` marked."""
        with self._lock, self.figure.batch_update():
            self._turn(axis)
            for key, points in curves.items():
                trace = self._trace(key)
                trace.name = names[key]
                trace.x, trace.y = [self._x(p) for p in points], [p.recall for p in points]
                trace.customdata = [[p.ef, p.p50_ms, p.p95_ms, p.low, p.high, p.strategy] for p in points]
            for key, at in self._index.items():
                self.figure.data[at].visible = key in curves
            self._band(curves.get(selected, ()), self._index.get(selected, 2))
            marker = self.figure.data[1]
            marker.x = [] if here is None else [self._x(here)]
            marker.y = [] if here is None else [here.recall]
            points = [p for each in curves.values() for p in each]
            if points:
                low = min(p.low for p in points)
                self.figure.layout.yaxis.range = [low - (1.02 - low) * 0.06, 1 + (1.02 - low) * 0.05]
                self.figure.layout.yaxis.title.text = f"recall@{points[0].k}"

    def _x(self, point: Measurement) -> float:
        return point.ef if self._axis == "ef" else point.p50_ms

    def _turn(self, axis: str) -> None:
        self._axis = axis
        x = self.figure.layout.xaxis
        x.title.text = (
            "ef: candidates kept while searching" if axis == "ef" else "milliseconds a search (median)"
        )
        x.tickvals = _TICKS if axis == "ef" else None

    def _band(self, points: Sequence[Measurement], at: int) -> None:
        band = self.figure.data[0]
        ordered = sorted(points, key=self._x)
        xs = [self._x(p) for p in ordered]
        band.x = xs + xs[::-1]
        band.y = [p.high for p in ordered] + [p.low for p in reversed(ordered)]
        color = _STYLES[(at - 2) % len(_STYLES)][0]
        band.fillcolor = f"rgba({int(color[1:3], 16)},{int(color[3:5], 16)},{int(color[5:], 16)},.16)"

    def _trace(self, key: Any) -> Any:
        if key not in self._index:
            at = self._index[key] = len(self.figure.data)
            color, symbol, dash = _STYLES[(at - 2) % len(_STYLES)]
            self.figure.add_scatter(
                x=[],
                y=[],
                mode="lines+markers",
                line={"color": color, "dash": dash, "width": 2},
                marker={"symbol": symbol, "size": 7},
                hovertemplate=_HOVER,
            )
            self.figure.data[at].on_click(self._clicked)
        return self.figure.data[self._index[key]]

    def _clicked(self, trace: Any, points: Any, _state: Any) -> None:
        if points.point_inds:
            self._chosen(int(trace.customdata[points.point_inds[0]][0]))


_HOVER = (
    "ef %{customdata[0]}: recall %{y:.3f} (%{customdata[3]:.3f} to %{customdata[4]:.3f})<br>"
    "%{customdata[1]:.3f} ms median, %{customdata[2]:.3f} ms p95, by %{customdata[5]}"
    "<extra>%{fullData.name}</extra>"
)


def _layout() -> dict[str, Any]:
    axis = {
        "gridcolor": "rgba(128,128,128,.25)",
        "zeroline": False,
        "linecolor": _GRAY,
        "title": {"font": {"size": 12}},
    }
    return {
        "template": "none",
        "height": 330,
        "autosize": True,
        "margin": {"l": 58, "r": 16, "t": 10, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "var(--jp-ui-font-family), system-ui, sans-serif", "size": 12, "color": _GRAY},
        "hovermode": "closest",
        # Without it plotly's spike lines of one axis reach for points far away and redraw at every move.
        "spikedistance": 20,
        "dragmode": False,
        "showlegend": True,
        "legend": {"x": 1, "xanchor": "right", "y": 0.02, "yanchor": "bottom", "bgcolor": "rgba(0,0,0,0)"},
        "xaxis": {**axis, "type": "log"},
        "yaxis": {**axis, "tickformat": ".3f"},
        "shapes": [
            {
                "type": "line",
                "xref": "paper",
                "x0": 0,
                "x1": 1,
                "y0": 1,
                "y1": 1,
                "line": {"color": _GRAY, "width": 1, "dash": "dot"},
            }
        ],
    }
