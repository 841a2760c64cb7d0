"""A still picture of a map, for whoever reads a notebook without its kernel."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]


def picture(layout: Array, hue: Array, palette: Sequence[str], size: int = 480) -> str:
    """Draw points as a small PNG on a transparent ground.

    Parameters
    ----------
    layout : float32 [n, 2]
    hue : uint8 [n]
        Index into `palette`.
    palette : sequence of str
        ``#rrggbb``.
    size : int
        Pixels of each side.

    Returns
    -------
    str
        ``data:image/png;base64,…``, about 20 to 60 kB.
    """
    from PIL import Image

    low, high = layout.min(axis=0), layout.max(axis=0)
    side = max(float((high - low).max()), 1e-9) * 1.04
    at = ((layout - ((low + high) / 2 - side / 2)) / side * (size - 1)).astype(np.intp)
    colors = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette], np.float64)
    total, count = np.zeros((size * size, 3)), np.zeros(size * size)
    cell = (size - 1 - at[:, 1]) * size + at[:, 0]
    np.add.at(total, cell, colors[hue])
    np.add.at(count, cell, 1.0)
    pixels = np.zeros((size, size, 4), np.uint8)
    mean = total / np.maximum(count, 1)[:, None]
    pixels[..., :3] = mean.reshape(size, size, 3)
    # Few points are drawn two pixels wide, or they would be dust.
    shown = np.where(count > 0, np.clip(130 + 40 * count, 0, 255), 0).reshape(size, size)
    pixels[..., 3] = shown
    if len(layout) < 20_000:
        for axis in (0, 1):
            moved = np.roll(pixels, 1, axis)
            pixels = np.where(pixels[..., 3:] > 0, pixels, moved)
    file = io.BytesIO()
    Image.fromarray(pixels, "RGBA").quantize(96, method=Image.Quantize.FASTOCTREE).save(
        file, "PNG", optimize=True
    )
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
