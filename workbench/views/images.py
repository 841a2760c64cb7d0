"""Pictures that payloads hold: as addresses of data, as base64, or as small arrays of gray or color."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

_DATA = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")
# How base64 of these begins.
_MAGIC = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
_BASE64 = re.compile(r"[A-Za-z0-9+/]+={0,2}")
# Sides of an array that is taken as a picture; shorter lists are just numbers.
_LEAST, _MOST = 8, 96
# A page of 100 cards shall stay below 5 MB.
_BYTES = 400_000


def picture_in(payload: Mapping[str, Any]) -> tuple[str, str] | None:
    """Return the first key that holds a picture, and the picture as ``data:image/…``; None without one."""
    for key, value in payload.items():
        found = as_picture(value)
        if found:
            return key, found
    return None


def as_picture(value: Any) -> str:
    """Return a value as ``data:image/…;base64,…``, empty if it is no picture.

    Pictures are such addresses themselves, base64 of PNG, JPEG, GIF or WebP, and arrays of numbers from 0 to
    255 (or 0 to 1): rows of gray, rows of red, green and blue, or one list of a square's pixels.
    """
    if isinstance(value, str):
        if len(value) > _BYTES:
            return ""
        if value.startswith("data:image/"):
            return value if _DATA.fullmatch(value) else ""
        for magic, kind in _MAGIC.items():
            if value.startswith(magic) and len(value) > 60 and _BASE64.fullmatch(value):
                return f"data:image/{kind};base64,{value}"
        return ""
    if not isinstance(value, list) or len(value) < _LEAST:
        return ""
    pixels = _pixels(value)
    return "" if pixels is None else _png(pixels)


def _pixels(value: list[Any]) -> Any:
    first = value[0]
    if not isinstance(first, list) and not isinstance(first, int | float):
        return None
    try:
        array = np.asarray(value, np.float32)
    except (TypeError, ValueError):
        return None
    if array.ndim == 1:
        side = int(len(array) ** 0.5)
        if side * side != len(array):
            return None
        array = array.reshape(side, side)
    flat = array.ndim == 2 or (array.ndim == 3 and array.shape[2] == 3)
    if not flat or min(array.shape[:2]) < _LEAST or max(array.shape[:2]) > _MOST:
        return None
    if not np.isfinite(array).all() or array.min() < 0 or array.max() > 255:
        return None
    return (array * 255 if array.max() <= 1 else array).astype(np.uint8)


def _png(pixels: Any) -> str:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
