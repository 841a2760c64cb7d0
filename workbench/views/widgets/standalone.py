"""A widget's picture of this moment as one HTML file: its module, its traits, and nobody behind them."""

from __future__ import annotations

import base64
import html
import json
from typing import Any

import anywidget

# What anywidget gives to ``render``, without a kernel: traits are kept here, and messages go nowhere.
_MODEL = """
const model = (() => {
  const state = JSON.parse(document.getElementById("state").textContent, (key, value) => {
    if (!value || typeof value !== "object" || !("__bytes__" in value)) return value;
    return new DataView(Uint8Array.from(atob(value.__bytes__), (c) => c.charCodeAt(0)).buffer);
  });
  const heard = {};
  let changed = new Set();
  return {
    get: (name) => state[name],
    set: (name, value) => { if (state[name] !== value) { state[name] = value; changed.add(name); } },
    save_changes: () => {
      const names = changed;
      changed = new Set();
      for (const name of names) for (const hear of heard[`change:${name}`] ?? []) hear();
    },
    on: (event, hear) => (heard[event] ??= []).push(hear),
    off: () => {},
    send: () => {},
  };
})();
"""

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 16px; font: 13px/1.45 system-ui, sans-serif; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --jp-content-font-color1: #e8e8e8; --jp-content-font-color2: #b5b5b5; --jp-layout-color1: #151515;
    --jp-layout-color2: #242424; --jp-border-color1: #6a6a6a; --jp-border-color2: #3c3c3c; }}
  body {{ background: #151515; color: #e8e8e8; }}
}}
{style}
</style></head>
<body><div id="screen"></div><noscript>{still}</noscript>
<script type="application/json" id="state">{state}</script>
<script type="module">
{module}
{model}
const screen = document.getElementById("screen");
if (matchMedia("(prefers-color-scheme: dark)").matches) document.body.dataset.jpThemeLight = "false";
page.render({{ model, el: screen }});
</script></body></html>
"""


def page_of(title: str, view: anywidget.AnyWidget, still: str = "") -> str:
    """Return `view` as one HTML page that asks for nothing.

    Parameters
    ----------
    title : str
    view : anywidget.AnyWidget
        Its module must be flat: it imports nothing, and its last statement is ``export default``.
    still : str
        HTML for a reader without scripts.
    """
    module = str(view._esm)
    if "export default" not in module:
        raise ValueError("page_of: expected a flat module that ends with `export default { render }`")
    return _PAGE.format(
        title=html.escape(title),
        style=str(view._css).replace("</", "<\\/"),
        still=still,
        # Inside a script nothing may look like its end.
        state=json.dumps(_traits(view), default=_plain).replace("</", "<\\/"),
        module=module.replace("export default", "const page =").replace("</script", "<\\/script"),
        model=_MODEL,
    )


def _traits(view: anywidget.AnyWidget) -> dict[str, Any]:
    own = view.traits(sync=True)
    return {name: getattr(view, name) for name in own if name not in ("_esm", "_css", "layout", "tabbable")}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes | memoryview | bytearray):
        return {"__bytes__": base64.b64encode(bytes(value)).decode()}
    return str(value)
