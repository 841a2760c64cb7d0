"""Lets plots beside it follow the width of what they stand in."""

from __future__ import annotations

import anywidget


class Fit(anywidget.AnyWidget):
    """Draws nothing. plotly measures a plot before it is attached, and later hears only the window resize."""

    _esm = """
    function render({ el }) {
      el.style.display = "none";
      let width = 0;
      const look = () => {
        const now = el.parentElement?.clientWidth ?? 0;
        if (now && now !== width) {
          width = now;
          window.dispatchEvent(new Event("resize"));
        }
      };
      const observer = new ResizeObserver(look);
      // The parent is there, and plotly listens, some frames after this is called.
      const start = (tries) => {
        if (el.parentElement?.querySelector(".main-svg")) {
          observer.observe(el.parentElement);
          look();
        } else if (tries) setTimeout(start, 50, tries - 1);
      };
      start(200);
      return () => observer.disconnect();
    }
    export default { render };
    """
