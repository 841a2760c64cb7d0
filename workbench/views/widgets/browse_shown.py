"""Points and counts as the browser's page takes them: short texts and plain numbers."""

from __future__ import annotations

import json
from typing import Any

from workbench.surfaces import html
from workbench.surfaces.notebook.facets import NUMERIC, Facet
from workbench.views.images import picture_in
from workbench.views.state.narrowing import ends_of
from workbench.views.state.picking import Row

_CELL = 180
# A payload may hold a book: what is shown of one value is cut here.
_VALUE = 20_000
# A card shows so much of the longest text, and so many other fields.
_CARD, _FACTS = 280, 4


def is_numeric(values: list[Any]) -> bool:
    """Return whether a column holds numbers only, which are set to the right."""
    present = [v for v in values if v is not None]
    return bool(present) and all(isinstance(v, int | float) and not isinstance(v, bool) for v in present)


def cell(value: Any) -> str:
    """Return a value as one short line."""
    return html.short(
        str(value) if not isinstance(value, str | int | float | list | dict | None) else value, _CELL
    )


def whole(value: Any) -> str:
    """Return a value as text with its lines, of the longest only the beginning."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1, default=str)
    return text if len(text) <= _VALUE else f"{text[:_VALUE]} … ({len(text):,} characters)"


def facet_shown(facet: Facet, condition: Any) -> dict[str, Any]:
    """Return the counts of a field and what is picked of it, as JSON."""
    field = facet.field
    shown: dict[str, Any] = {"key": field.key, "kind": field.kind, "distinct": facet.distinct}
    shown["counts"], shown["parts"] = facet.counts.tolist(), facet.parts.tolist()
    if field.kind in NUMERIC:
        low, high = ends_of(condition, field.kind)
        return {**shown, "edges": facet.edges.tolist(), "ends": list(facet.ends), "from": low, "to": high}
    chosen = condition if isinstance(condition, list) else []
    # JSON spells True as true; so does the page.
    texts = [json.dumps(v) if isinstance(v, bool) else str(v) for v in facet.values]
    return {**shown, "texts": texts, "chosen": [v in chosen for v in facet.values]}


def card(row: Row) -> dict[str, Any]:
    """Return a point as a card: its picture, its longest text and some facts."""
    pictured = picture_in(row.payload)
    rest = {k: v for k, v in row.payload.items() if pictured is None or k != pictured[0]}
    texts = [k for k, v in rest.items() if isinstance(v, str)]
    first = texts[0] if texts else None
    longest = max(texts, key=lambda k: len(rest[k])) if texts else None
    facts = [(k, v) for k, v in rest.items() if k not in (first, longest) and v not in (None, "", [])]
    return {
        "id": str(row.id),
        "score": "" if row.score is None else f"{row.score:.4g}",
        "picture": pictured[1] if pictured else "",
        "title": html.short(rest[first], 90) if first else "",
        "text": html.short(rest[longest], _CARD) if longest and longest != first else "",
        "facts": [[k, html.short(v if not isinstance(v, bool) else str(v), 60)] for k, v in facts[:_FACTS]],
    }
