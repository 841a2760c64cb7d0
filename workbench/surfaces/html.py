"""Rich reprs: small, without scripts, readable in light and dark, and safe whatever the data holds.

Everything that comes from data passes :func:`html.escape`. Colors come from Jupyter's own variables with a
fallback for pages that have none, such as a notebook shown by a code host.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from typing import Any

# The class stands twice in a rule where Jupyter's own rules for tables and headings must be outranked.
_STYLE = (
    "<style>"
    ".wb{font:13px/1.45 var(--jp-ui-font-family,system-ui,sans-serif);"
    "color:var(--jp-content-font-color1,inherit);max-width:100%;overflow-x:auto}.wb+style+.wb{margin-top:12px}"
    ".wb.wb p{margin:0 0 6px;font-size:14px}.wb .dim{color:var(--jp-content-font-color2,#666)}"
    ".wb.wb table{border-collapse:collapse;margin:0;font-size:12.5px}"
    ".wb.wb th,.wb.wb td{text-align:left;vertical-align:top;padding:4px 14px 4px 0;max-width:420px;"
    "border-bottom:1px solid var(--jp-border-color2,#ddd);overflow-wrap:break-word}"
    ".wb.wb th{font-weight:600;color:var(--jp-content-font-color2,#555);white-space:nowrap}"
    ".wb.wb td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".wb .bar{display:inline-block;height:8px;border-radius:2px;background:#0072B2;margin-left:8px}"
    "</style>"
)

# Longer values are cut: a repr is a look, not the data, and a saved notebook should stay small.
_MAX_TEXT, _MAX_COLUMNS, _MAX_ROWS = 160, 8, 50


def short(value: Any, length: int = _MAX_TEXT) -> str:
    """Return `value` as one line of at most `length` characters; not escaped."""
    if value is None:
        return ""
    if isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, str):
        text = value
    else:
        text = json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 1] + "…"


def cell(value: Any, length: int = _MAX_TEXT) -> str:
    """Return `value` as one escaped line."""
    return html.escape(short(value, length))


def hits_table(title: str, rows: Sequence[Sequence[Any]], keys: Sequence[str], note: str) -> str:
    """Return hits as a table: rank, score with a bar, id, and the payload keys."""
    shown = list(keys[:_MAX_COLUMNS])
    head = "".join(f"<th>{cell(k, 40)}</th>" for k in ["", "score", "id", *shown])
    top = max((abs(float(r[1])) for r in rows), default=1.0) or 1.0
    body = []
    for rank, (point_id, score, payload) in enumerate(rows[:_MAX_ROWS], 1):
        width = round(48 * abs(float(score)) / top)
        values = "".join(f"<td>{cell((payload or {}).get(k))}</td>" for k in shown)
        body.append(
            f'<tr><td class="n dim">{rank}</td><td style="white-space:nowrap">{cell(score)}'
            f'<span class="bar" style="width:{width}px"></span></td><td>{cell(point_id)}</td>{values}</tr>'
        )
    more = _left_out(len(rows) - _MAX_ROWS, "hits") + _left_out(len(keys) - _MAX_COLUMNS, "payload keys")
    table = (
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table>" if rows else _nothing()
    )
    return framed(title, short(note), table + more)


def card(title: str, subtitle: str, facts: Mapping[str, Any]) -> str:
    """Return a heading with a table of facts."""
    rows = "".join(f"<tr><th>{cell(k)}</th><td>{cell(v)}</td></tr>" for k, v in facts.items())
    return framed(title, subtitle, f"<table><tbody>{rows}</tbody></table>")


def listing(
    title: str, subtitle: str, columns: Sequence[str], rows: Sequence[Sequence[Any]], empty: str
) -> str:
    """Return a table with a heading, or the sentence `empty` when there are no rows."""
    head = "".join(f"<th>{cell(c)}</th>" for c in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell(v)}</td>" for v in row) + "</tr>" for row in rows[:_MAX_ROWS])
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    shown = table if rows else f'<p class="dim">{html.escape(empty)}</p>'
    return framed(title, subtitle, shown + _left_out(len(rows) - _MAX_ROWS, "rows"))


def size(count: float) -> str:
    """Return bytes as a person says them: ``1.2 MB``."""
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def framed(title: str, aside: str, body: str) -> str:
    """Return `body`, which is HTML already, under a heading and with the style that all reprs share."""
    heading = f'<p><strong>{html.escape(title)}</strong> <span class="dim">{html.escape(aside)}</span></p>'
    return f'{_STYLE}<div class="wb">{heading}{body}</div>'


def _nothing() -> str:
    return '<p class="dim">Nothing matches. Loosen the filter, or search without it.</p>'


def _left_out(count: int, what: str) -> str:
    return f'<p class="dim">… {count} more {what}; .to_frame() has all</p>' if count > 0 else ""
