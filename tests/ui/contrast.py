"""Contrast of what a page shows, by WCAG 2.2: 4.5 to 1 for texts, 3 to 1 for large ones."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Page

# Each visible text with the color it is written in and the grounds under it, laid over one another.
# Pictures are not looked at. Disabled controls need no contrast (WCAG 1.4.3).
_SCRIPT = """
() => {
  const parse = (text) => {
    const canvas = parse.canvas ??= Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
    const context = parse.context ??= canvas.getContext("2d", { willReadFrequently: true });
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = text;
    context.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], under) => [...[r, g, b].map((v, i) => v * a + under[i] * (1 - a)), 1];
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const above = (node) => node.parentElement ?? node.getRootNode().host ?? null;
  const ground = (node) => {
    const layers = [];
    for (let at = node; at; at = above(at)) layers.unshift(parse(getComputedStyle(at).backgroundColor));
    return layers.reduce((under, layer) => over(layer, under), [255, 255, 255, 1]);
  };
  const found = [];
  const roots = [document];
  for (const root of roots) {
    for (const node of root.querySelectorAll("*")) {
      if (node.shadowRoot) roots.push(node.shadowRoot);
      if (!node.closest(".wb-screen") || node.closest("[hidden], :disabled")) continue;
      const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
      const typed = node.matches("input, select, textarea") && (node.value || node.placeholder);
      const box = node.getBoundingClientRect();
      const seen = node.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      if (!(own || typed) || !box.width || !box.height || !seen) continue;
      const style = getComputedStyle(node);
      const drawn = node instanceof SVGElement;
      const under = ground(node);
      const [a, b] = [light(over(parse(drawn ? style.fill : style.color), under)), light(under)];
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      const size = parseFloat(style.fontSize);
      const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (ratio < (large ? 3 : 4.5) - 0.01)
        found.push(`${node.localName} ${ratio.toFixed(2)}: ${(node.textContent || node.value).slice(0, 40)}`);
    }
  }
  return [...new Set(found)];
}
"""


def too_faint(page: Page) -> Any:
    """Return the texts of the page's screens that are too faint on their ground, with their contrast."""
    page.wait_for_timeout(250)  # colors fade over when the theme changes
    return page.evaluate(_SCRIPT)
